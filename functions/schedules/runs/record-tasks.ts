/** What is told of a run's task → the run; and when it is over, whoever waited for that runs. */
import type { InvocationLog } from '#core/log.ts'
import { release } from '../firing/firing.ts'
import type { SchedulesStore } from '../schedules.store.ts'
import type { RunsStore } from './runs.store.ts'
import type { ToldOfRun } from './task-told.ts'

export interface RecordServices {
  readonly runs: Pick<RunsStore, 'recordTask'>
  readonly schedules: Pick<SchedulesStore, 'change'>
  readonly now: () => Date
  /** The version of the runtime's tz database. */
  readonly tzdata: string
}

/** An event that comes again does all of it again: the first call may have died half-way. */
export async function recordTask(told: ToldOfRun, services: RecordServices, log: InvocationLog): Promise<void> {
  const { runs, schedules, now, tzdata } = services
  const run = await runs.recordTask(told)
  log.set({ runId: told.id, status: told.task.status, recorded: run !== undefined })
  if (run?.holds !== true || told.task.finishedAt === undefined) return
  const ref = { workspaceId: told.workspaceId, id: told.scheduleId }
  const changed = await schedules.change(
    ref,
    (before) => release(before, told.id, now(), tzdata) ?? { refusal: 'not held' },
  )
  if (changed.kind === 'contended') throw new Error(`expected to change the schedule ${ref.id}, others did each time`)
  if (changed.kind === 'done') log.metric('bufferedRuns', changed.runs.length)
}
