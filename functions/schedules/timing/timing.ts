/**
 * When a schedule is due: its expression read, and its occurrences. Three kinds, told apart by their first word. Pure.
 *
 *   0 30 2 * * MON-FRI            cron, five or six fields, in the wall time of the zone
 *   every 90 minutes              an interval of elapsed time, counted from `anchor`; no zone changes it
 *   at 2027-03-28T02:30:00        once, in the wall time of the zone; with `Z` or an offset it is that instant
 */
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'
import { HORIZON_MS, parseCron } from './cron.ts'
import {
  type DstChoice,
  type DstPolicy,
  FIXED_TIME_POLICY,
  type Occurrence,
  occurrencesOf,
  policyOf,
  REPEATING_POLICY,
  type WallTimes,
} from './dst.ts'
import { type Zone, zoneOf } from './zone.ts'

/** A dispatch costs about ten writes; below this a loop in a process is the better tool. */
export const MIN_PERIOD_SECONDS = 10
export const MAX_PERIOD_SECONDS = (366 * DAY) / SECOND
/** Neighbours that are looked at: seconds fields that are too close meet within two minutes' worth of matches. */
const NEIGHBOURS = 13

export interface TimingInput {
  readonly expression: string
  readonly timeZone: string
  /** RFC 3339: an interval's multiples are counted from here. */
  readonly anchor: string
  readonly dst?: DstChoice | undefined
  /** RFC 3339, both included: nothing happens before and after. */
  readonly startAt?: string | undefined
  readonly endAt?: string | undefined
}

export interface Timing {
  readonly kind: 'cron' | 'every' | 'at'
  readonly zone: Zone
  readonly dst: DstPolicy
  /** What the clock's jumps are applied to; undefined for instants, which no jump touches. */
  readonly walls: WallTimes | undefined
  /** Behind `after`, up to `until`, at most the horizon away. */
  occurrences(after: number, until?: number): Generator<Occurrence>
}

export interface TimingFault {
  readonly field: 'expression' | 'timeZone' | 'anchor' | 'endAt'
  readonly code: 'cron' | 'interval' | 'time' | 'time_zone' | 'never_runs' | 'too_frequent'
  readonly detail: string
}

export type ParsedTiming =
  | { readonly ok: true; readonly timing: Timing }
  | { readonly ok: false; readonly fault: TimingFault }

const UNITS = { second: SECOND, minute: MINUTE, hour: HOUR, day: DAY } as const
const EVERY = /^every (\d{1,9}) (second|minute|hour|day)s?$/
const AT = /^at (\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)(Z|[+-]\d{2}:\d{2})?$/

export function parseTiming(input: TimingInput): ParsedTiming {
  const { startAt, endAt } = input
  if (startAt !== undefined && endAt !== undefined && Date.parse(startAt) > Date.parse(endAt))
    return refuse('endAt', 'time', `expected a time behind startAt, got ${endAt}`)
  const parsed = parseExpression(input)
  return parsed.ok ? { ok: true, timing: within(parsed.timing, input) } : parsed
}

/** Of what is stored, which was valid when it was stored. Throws when it no longer is. */
export const timingOf = (schedule: TimingInput): Timing => {
  const parsed = parseTiming(schedule)
  if (!parsed.ok) throw new Error(`expected a stored expression to be valid, got ${parsed.fault.detail}`)
  return parsed.timing
}

function within(timing: Timing, { startAt, endAt }: TimingInput): Timing {
  if (startAt === undefined && endAt === undefined) return timing
  const start = startAt === undefined ? Number.NEGATIVE_INFINITY : Date.parse(startAt)
  const end = endAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(endAt)
  const occurrences = (after: number, until?: number) => {
    const from = Math.max(after, start - 1)
    return timing.occurrences(from, Math.min(until ?? from + HORIZON_MS, end))
  }
  return { ...timing, occurrences }
}

function parseExpression(input: TimingInput): ParsedTiming {
  const expression = input.expression.trim()
  const zone = zoneOf(input.timeZone)
  if (zone === undefined)
    return refuse('timeZone', 'time_zone', `expected an IANA time zone such as Europe/Berlin, got ${input.timeZone}`)
  if (expression.startsWith('every ')) return every(expression, input, zone)
  if (expression.startsWith('at ')) return once(expression, input, zone)
  const cron = parseCron(expression)
  if (!cron.ok) return refuse('expression', 'cron', cron.detail)
  return ofWalls('cron', cron.times, policyOf(cron.repeating ? REPEATING_POLICY : FIXED_TIME_POLICY, input.dst), zone)
}

function every(expression: string, { anchor, dst }: TimingInput, zone: Zone): ParsedTiming {
  const [, count, unit] = EVERY.exec(expression) ?? []
  if (count === undefined || unit === undefined)
    return refuse('expression', 'interval', 'expected every <count> second(s), minute(s), hour(s) or day(s)')
  const period = Number(count) * UNITS[unit as keyof typeof UNITS]
  if (period < MIN_PERIOD_SECONDS * SECOND)
    return refuse('expression', 'too_frequent', `expected at least ${MIN_PERIOD_SECONDS} seconds, got ${expression}`)
  if (period > MAX_PERIOD_SECONDS * SECOND)
    return refuse('expression', 'interval', `expected at most 366 days, got ${expression}`)
  const start = Date.parse(anchor)
  if (Number.isNaN(start)) return refuse('anchor', 'time', `expected a time as RFC 3339 writes it, got ${anchor}`)
  return instants('every', zone, policyOf(REPEATING_POLICY, dst), (after) =>
    Math.max(start, start + (Math.floor((after - start) / period) + 1) * period),
  )
}

function once(expression: string, { dst }: TimingInput, zone: Zone): ParsedTiming {
  const [, local, offset] = AT.exec(expression) ?? []
  const wall = local === undefined ? Number.NaN : Date.parse(`${local}Z`)
  // `Date.parse` takes 30 February for 2 March.
  if (local === undefined || Number.isNaN(wall) || !new Date(wall).toISOString().startsWith(local))
    return refuse(
      'expression',
      'time',
      'expected at <date>T<time> of a day that exists, such as at 2027-12-24T18:00:00',
    )
  const policy = policyOf(FIXED_TIME_POLICY, dst)
  if (offset === undefined) return ofWalls('at', single(wall), policy, zone)
  const instant = Date.parse(`${local}${offset}`)
  if (Number.isNaN(instant)) return refuse('expression', 'time', `expected an offset such as +01:00, got ${offset}`)
  return instants('at', zone, policy, (after) => (after < instant ? instant : undefined))
}

const single = (wall: number): WallTimes => ({ after: (before) => (before < wall ? wall : undefined) })

function ofWalls(kind: 'cron' | 'at', walls: WallTimes, dst: DstPolicy, zone: Zone): ParsedTiming {
  const occurrences = (after: number, until = after + HORIZON_MS) =>
    occurrencesOf(walls, zone, dst, after, Math.min(until, after + HORIZON_MS))
  return { ok: true, timing: { kind, zone, dst, walls, occurrences } }
}

function instants(
  kind: 'every' | 'at',
  zone: Zone,
  dst: DstPolicy,
  next: (after: number) => number | undefined,
): ParsedTiming {
  function* occurrences(after: number, until = after + HORIZON_MS): Generator<Occurrence> {
    for (let at = next(after); at !== undefined && at <= Math.min(until, after + HORIZON_MS); at = next(at)) {
      const { offset } = zone.spanAt(at)
      yield { at, wall: at + offset, offset }
    }
  }
  return { ok: true, timing: { kind, zone, dst, walls: undefined, occurrences } }
}

/** The first occurrence behind `after`. */
export const nextOccurrence = (timing: Timing, after: number): Occurrence | undefined => {
  const { value, done } = timing.occurrences(after).next()
  return done === true ? undefined : value
}

/** Between the next few occurrences, in milliseconds; infinite when there is at most one. */
export function shortestPeriod(timing: Timing, after: number): number {
  const next = neighbours(timing, after)
  return Math.min(...next.slice(1).map((at, index) => at - (next[index] ?? 0)))
}

function neighbours(timing: Timing, after: number): readonly number[] {
  const next: number[] = []
  for (const { at } of timing.occurrences(after)) if (next.push(at) >= NEIGHBOURS) break
  return next
}

/** What only shows at a moment: an expression that never comes, or comes too often. */
export function timingFault(timing: Timing, after: number): TimingFault | undefined {
  if (nextOccurrence(timing, after) === undefined)
    return faultOf('expression', 'never_runs', 'expected a time within the next 8 years, got one that never comes')
  if (shortestPeriod(timing, after) >= MIN_PERIOD_SECONDS * SECOND) return undefined
  return faultOf('expression', 'too_frequent', `expected at least ${MIN_PERIOD_SECONDS} seconds between two times`)
}

const faultOf = (field: TimingFault['field'], code: TimingFault['code'], detail: string): TimingFault => ({
  field,
  code,
  detail,
})
const refuse = (field: TimingFault['field'], code: TimingFault['code'], detail: string): ParsedTiming => ({
  ok: false,
  fault: faultOf(field, code, detail),
})
