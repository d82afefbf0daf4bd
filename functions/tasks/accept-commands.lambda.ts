/** The command queue → tasks: entry and wiring. How is in `requests/accept-commands.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { createIds } from '#core/ids.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { taskCommand } from '#core/task-command.ts'
import { acceptCommandsEnvironment } from './environment.ts'
import { createSendHints } from './hints/hints.store.ts'
import { findDefinition } from './kinds/definitions.ts'
import { createQueuesStore } from './queues/queues.store.ts'
import { acceptCommands } from './requests/accept-commands.ts'
import { createTasksStore } from './states/tasks.store.ts'

const { TASKS_TABLE, HINTS_QUEUE_URL } = acceptCommandsEnvironment.read()
const dynamo = documentClient()
const services = {
  tasks: createTasksStore(dynamo, TASKS_TABLE),
  queues: createQueuesStore(dynamo, TASKS_TABLE),
  sendHints: createSendHints(queueClient(), HINTS_QUEUE_URL),
  findDefinition,
  ids: createIds(systemClock, systemRandom),
}

export const handler = sqsHandler({
  name: 'tasks/accept-commands',
  clock: systemClock,
  random: systemRandom,
  schema: taskCommand,
  handle: (messages, { log, now }) => acceptCommands(messages, services, now, log),
})
