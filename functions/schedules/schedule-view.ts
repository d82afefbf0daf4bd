/** Schedules and runs as the API shows them. Pure. */
import type * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import { timingOf } from './firing.ts'
import { jitterMs } from './jitter.ts'
import type { Run, RunTask, Schedule } from './schedule.ts'
import type { runBody, scheduleBody } from './schedule-schemas.ts'

export function scheduleView(schedule: Schedule): z.input<typeof scheduleBody> {
  const { id, name, expression, timeZone, anchor, catchUp, target, status, note, revision } = schedule
  const { missed, createdAt, updatedAt, nextAt = null, lastAt = null } = schedule
  const { overlapPolicy = 'allow', startAt = null, endAt = null, jitterSeconds = 0 } = schedule
  const { dst } = timingOf(schedule)
  const offsetSeconds = jitterMs(schedule) / SECOND
  const times = { expression, timeZone, anchor, dst, startAt, endAt, jitterSeconds, offsetSeconds }
  const definition = { id, name, ...times, catchUp, overlapPolicy, target, status }
  return { ...definition, ...(note !== undefined && { note }), revision, nextAt, lastAt, missed, createdAt, updatedAt }
}

export function runView(run: Run): z.input<typeof runBody> {
  const { id, kind, nominalAt, dispatchedAt, startedAt, missed, revision, tzdata } = run
  const { deliveredAt = null, previousAt = null, nextAt = null } = run
  const times = { nominalAt, dispatchedAt, startedAt, deliveredAt, previousAt, nextAt }
  return { id, kind, ...times, task: taskView(run.task), missed, revision, tzdata }
}

function taskView(task: RunTask | undefined): z.input<typeof runBody>['task'] {
  if (task === undefined) return null
  const { id, status, startedAt = null, finishedAt = null } = task
  return { id, status, startedAt, finishedAt }
}
