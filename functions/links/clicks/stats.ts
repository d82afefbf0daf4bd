/** The period that statistics are asked for, and their wire form. Pure. */
import { DAY } from '#core/clock.ts'
import type { FieldError } from '#core/problem.ts'
import type { Counters, Stats } from './clicks.store.ts'

/** A leap year, both ends included. At most eight counters a day, so that one answer reads at most some 350 kB. */
export const MAX_STATS_DAYS = 366
const DEFAULT_STATS_DAYS = 30

/** Days as `YYYY-MM-DD`, UTC, both included. */
export interface Period {
  readonly from: string
  readonly to: string
}

export type PeriodDecision =
  | { readonly ok: true; readonly period: Period }
  | { readonly ok: false; readonly error: FieldError }

const dateOf = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 10)

/** Fills in the defaults; refuses a period that is turned round or too long. */
export function periodOf(asked: { from?: string | undefined; to?: string | undefined }, now: Date): PeriodDecision {
  const to = asked.to ?? dateOf(now.getTime())
  const from = asked.from ?? dateOf(Date.parse(to) - (DEFAULT_STATS_DAYS - 1) * DAY)
  const days = (Date.parse(to) - Date.parse(from)) / DAY + 1
  if (days < 1)
    return {
      ok: false,
      error: { pointer: '/query/from', code: 'after_to', detail: `expected a day up to ${to}, got ${from}` },
    }
  if (days > MAX_STATS_DAYS)
    return {
      ok: false,
      error: {
        pointer: '/query/from',
        code: 'period_too_long',
        detail: `expected at most ${MAX_STATS_DAYS} days up to ${to}, got ${days}`,
      },
    }
  return { ok: true, period: { from, to } }
}

export interface DayCounters extends Counters {
  readonly date: string
}

/** One entry for each day of the period, zeros where nothing was counted. */
export function everyDay({ from, to }: Period, byDay: Stats['byDay']): DayCounters[] {
  const days: DayCounters[] = []
  for (let time = Date.parse(from); time <= Date.parse(to); time += DAY) {
    const date = dateOf(time)
    const { clicks, bots } = byDay.get(date) ?? { clicks: 0, bots: 0 }
    days.push({ date, clicks, bots })
  }
  return days
}
