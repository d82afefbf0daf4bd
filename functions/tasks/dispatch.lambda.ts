/** Hints → queued tasks, rescued tasks, started runners: entry and wiring. What a hint leads to is in `running/dispatch.ts`. */
import { LambdaClient } from '@aws-sdk/client-lambda'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { createIds } from '#core/ids.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { dispatchEnvironment } from './environment.ts'
import { hintSchema } from './hints/hint.ts'
import { createSendHints } from './hints/hints.store.ts'
import { findDefinition } from './kinds/definitions.ts'
import { createQueuesStore } from './queues/queues.store.ts'
import { dispatch } from './running/dispatch.ts'
import { createStartRunner } from './running/runners.store.ts'
import { createTasksStore } from './states/tasks.store.ts'

const { TASKS_TABLE, HINTS_QUEUE_URL, RUNNER_FUNCTION } = dispatchEnvironment.read()
const dynamo = documentClient()
const ids = createIds(systemClock, systemRandom)
const options = {
  tasks: createTasksStore(dynamo, TASKS_TABLE),
  queues: createQueuesStore(dynamo, TASKS_TABLE),
  sendHints: createSendHints(queueClient(), HINTS_QUEUE_URL),
  startRunner: createStartRunner(new LambdaClient(CLIENT_LIMITS), RUNNER_FUNCTION),
  findDefinition,
  newRunnerId: () => ids('run'),
  clock: systemClock,
}

export const handler = sqsHandler({
  name: 'tasks/dispatch',
  clock: systemClock,
  random: systemRandom,
  schema: hintSchema,
  handle: (messages, { log }) =>
    dispatch(
      messages.map(({ id, body }) => ({ id, hint: body })),
      options,
      log,
    ),
})
