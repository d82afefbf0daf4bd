/** The table's stream → commands to the tasks service: entry and wiring. How is in `runs/start-tasks.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { streamHandler } from '#core/stream.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { startTasksEnvironment } from './environment.ts'
import { runItem } from './events.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { startTasks } from './runs/start-tasks.ts'
import { isRunKey } from './schedule-keys.ts'

const { SCHEDULES_TABLE, TASK_COMMANDS_URL } = startTasksEnvironment.read()
const services = {
  enqueueTask: createEnqueueTask(queueClient(), TASK_COMMANDS_URL),
  runs: createRunsStore(documentClient(), SCHEDULES_TABLE),
  now: () => systemClock.now(),
}

export const handler = streamHandler({
  name: 'schedules/start-tasks',
  clock: systemClock,
  random: systemRandom,
  schema: runItem,
  wants: isRunKey,
  handle: (changes, { log }) => startTasks(changes, services, log),
})
