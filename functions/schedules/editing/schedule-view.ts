/** Schedules as the API shows them. Pure. */
import type * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { Schedule } from '../schedule.ts'
import { jitterMs } from '../timing/jitter.ts'
import { timingOf } from '../timing/timing.ts'
import type { scheduleBody } from './schedule-schemas.ts'

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
