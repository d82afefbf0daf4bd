/** What became of the tasks that runs asked for → the runs: entry and wiring. What is read of an event is in `task-told.ts`. */
import { busHandler } from '#core/bus.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { recordTasksEnvironment } from './environment.ts'
import { createRunsStore } from './runs.store.ts'
import { taskTold, toldOfRun } from './task-told.ts'

const { SCHEDULES_TABLE } = recordTasksEnvironment.read()
const runs = createRunsStore(documentClient(), SCHEDULES_TABLE)

export const handler = busHandler({
  name: 'schedules/record-tasks',
  clock: systemClock,
  random: systemRandom,
  schema: taskTold,
  async handle(event, { log }) {
    const told = toldOfRun(event)
    if (told === undefined) return log.note('warn', 'not about a run', { commandId: event.data.commandId })
    log.set({ runId: told.id, status: told.task.status, recorded: await runs.recordTask(told) })
  },
})
