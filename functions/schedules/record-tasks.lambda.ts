/** What became of the tasks that runs asked for → the runs: entry and wiring. How is in `runs/record-tasks.ts`. */
import { busHandler } from '#core/bus.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { recordTasksEnvironment } from './environment.ts'
import { recordTask } from './runs/record-tasks.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { taskTold, toldOfRun } from './runs/task-told.ts'
import { createSchedulesStore } from './schedules.store.ts'

const { SCHEDULES_TABLE } = recordTasksEnvironment.read()
const services = {
  runs: createRunsStore(documentClient(), SCHEDULES_TABLE),
  schedules: createSchedulesStore(documentClient(), SCHEDULES_TABLE),
  now: () => systemClock.now(),
  tzdata: process.versions['tz'] ?? 'unknown',
}

export const handler = busHandler({
  name: 'schedules/record-tasks',
  clock: systemClock,
  random: systemRandom,
  schema: taskTold,
  async handle(event, { log }) {
    const told = toldOfRun(event)
    if (told === undefined) log.note('warn', 'not about a run', { commandId: event.data.commandId })
    else await recordTask(told, services, log)
  },
})
