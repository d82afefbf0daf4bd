/**
 * Cron expressions of five or six fields, as the wall times that they match. croner reads them, on a clock without a zone:
 * what a zone does to wall times is decided in `dst.ts`. Pure.
 *
 *   [second] minute hour day-of-month month day-of-week     day-of-week 0–7 or SUN–SAT, 0 and 7 are Sunday
 *
 * `L`, `W` and `#` are understood. Day of month and day of week together: either one matches, as cron has always done it.
 */
import { Cron } from 'croner'
import { DAY } from '#core/clock.ts'
import type { WallTimes } from './dst.ts'

export const MAX_CRON_LENGTH = 200
/** 29 February 2096 is followed by that of 2104: a date that exists is at most eight years away. */
export const HORIZON_MS = (8 * 365 + 2) * DAY

const FIELDS = { min: 5, max: 6 } as const

export type ParsedCron =
  | {
      readonly ok: true
      readonly times: WallTimes
      /** Its minutes or hours begin with `*`, Vixie cron's sign of work that is done every so often. */
      readonly repeating: boolean
    }
  | { readonly ok: false; readonly detail: string }

export function parseCron(expression: string): ParsedCron {
  const fields = expression.trim().split(/\s+/)
  if (expression.length > MAX_CRON_LENGTH)
    return { ok: false, detail: `expected at most ${MAX_CRON_LENGTH} characters, got ${expression.length}` }
  if (fields.length < FIELDS.min || fields.length > FIELDS.max)
    return { ok: false, detail: `expected 5 or 6 fields with spaces between them, got ${fields.length}` }
  // croner would fill in the time at which the process happens to read it.
  if (expression.includes('?')) return { ok: false, detail: 'expected * for any value, got ?' }
  const [minute, hour] = fields.slice(-FIELDS.min)
  const cron = cronOf(fields.join(' '))
  if (typeof cron === 'string') return { ok: false, detail: cron }
  const repeating = minute?.startsWith('*') === true || hour?.startsWith('*') === true
  return { ok: true, repeating, times: { after: (wall) => nextOf(cron, wall) } }
}

function cronOf(expression: string): Cron | string {
  try {
    return new Cron(expression, { timezone: 'UTC', mode: '5-or-6-parts', paused: true })
  } catch (error) {
    return `expected a cron expression: ${error instanceof Error ? error.message.slice(0, MAX_CRON_LENGTH) : 'got none'}`
  }
}

function nextOf(cron: Cron, wall: number): number | undefined {
  const next = cron.nextRun(new Date(wall))?.getTime()
  return next === undefined || next > wall + HORIZON_MS ? undefined : next
}
