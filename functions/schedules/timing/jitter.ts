/**
 * Spreads schedules that are due at the same second: each of a schedule's times is later by the same whole seconds, drawn
 * from its id, so that its times stay as far apart as they are. Pure.
 */
import { createHash } from 'node:crypto'
import { HOUR, SECOND } from '#core/clock.ts'

export const MAX_JITTER_SECONDS = HOUR / SECOND

/** What of a schedule decides how much later its times are. */
interface Jittered {
  readonly id: string
  /** @default 0 */
  readonly jitterSeconds?: number | undefined
}

/** From 0 to the schedule's `jitterSeconds`. */
export function jitterMs({ id, jitterSeconds = 0 }: Jittered): number {
  if (jitterSeconds === 0) return 0
  const share = createHash('sha256').update(id).digest().readUInt32BE() / 2 ** 32
  return Math.floor(share * (jitterSeconds + 1)) * SECOND
}

/** When the next occurrence is handed on; undefined for a schedule that waits for nothing. */
export const dueAtOf = (schedule: Jittered & { readonly nextAt?: string | undefined }): string | undefined =>
  schedule.nextAt && new Date(Date.parse(schedule.nextAt) + jitterMs(schedule)).toISOString()
