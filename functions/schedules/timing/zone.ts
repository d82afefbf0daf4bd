/**
 * What an IANA time zone does to its clocks, from the runtime's own tz database (`Intl`). Wall time is a number too: the
 * milliseconds since the epoch of a clock in UTC that shows the same. Pure, no clock; what was found is remembered.
 */
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'

/** A span of one offset: a clock shows `instant + offset` from `from` up to, not including, `to`. All in milliseconds. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly offset: number
  /** The offset just before `from`; the same as `offset` where looking back was given up. */
  readonly offsetBefore: number
  readonly offsetAfter: number
}

export interface Zone {
  /** As it was asked for. */
  readonly name: string
  /** The span that the instant lies in. */
  spanAt(instant: number): Span
}

/** Shorter than the shortest rule of the last decades, Egypt's and Morocco's four weeks of Ramadan, with room. */
const STEP_MS = 7 * DAY
/** Zones that change do it every year. Further away a span simply ends, and another of the same offset begins. */
const SEARCH_MS = 400 * DAY
/** Kiritimati's day of 1994, Samoa's of 2011: no clock was ever moved by more. */
export const MAX_SHIFT_MS = DAY

/** `+01:00` and such are no places: they know no rules, and nobody means them when they say "time zone". */
const ZONE_NAME = /^[A-Za-z][\w+-]*(?:\/[\w+-]+){0,2}$/
export const MAX_ZONE_LENGTH = 64

const zones = new Map<string, Zone | undefined>()
/** All zones there are, in any spelling that a caller thinks of: bounded, because names come from outside. */
const MAX_ZONES = 1_000

/** Undefined for a name that the tz database does not have. */
export function zoneOf(name: string): Zone | undefined {
  if (zones.has(name)) return zones.get(name)
  if (zones.size >= MAX_ZONES) zones.clear()
  const zone = makeZone(name)
  zones.set(name, zone)
  return zone
}

function makeZone(name: string): Zone | undefined {
  if (name.length > MAX_ZONE_LENGTH || !ZONE_NAME.test(name)) return undefined
  const format = formatOf(name)
  if (format === undefined) return undefined
  const offsetAt = (instant: number) => offsetOf(format, instant)
  const known: Span[] = []
  return {
    name,
    spanAt(instant) {
      const found = known.find(({ from, to }) => from <= instant && instant < to)
      if (found !== undefined) return found
      const span = spanAround(offsetAt, instant)
      known.push(span)
      return span
    },
  }
}

function formatOf(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', {
      timeZone,
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
  } catch {
    return undefined
  }
}

function offsetOf(format: Intl.DateTimeFormat, instant: number): number {
  const second = Math.floor(instant / SECOND) * SECOND
  const parts = Object.fromEntries(format.formatToParts(second).map(({ type, value }) => [type, Number(value)]))
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second: seconds = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, seconds) - second
}

type OffsetAt = (instant: number) => number

function spanAround(offsetAt: OffsetAt, instant: number): Span {
  const offset = offsetAt(instant)
  const from = changeTowards(offsetAt, instant, offset, -STEP_MS)
  const to = changeTowards(offsetAt, instant, offset, STEP_MS)
  return { from, to, offset, offsetBefore: offsetAt(from - SECOND), offsetAfter: offsetAt(to) }
}

/** Where the offset changes: its first instant (forward), or the first instant of our own offset (backward). */
function changeTowards(offsetAt: OffsetAt, instant: number, offset: number, step: number): number {
  const start = Math.floor(instant / SECOND) * SECOND
  for (let at = start; Math.abs(at - start) < SEARCH_MS; at += step) {
    if (offsetAt(at + step) === offset) continue
    return step > 0 ? firstOf(offsetAt, at, at + step, offset, true) : firstOf(offsetAt, at + step, at, offset, false)
  }
  return start + Math.sign(step) * SEARCH_MS
}

/** The first second in (low, high] where "has this offset" stops (`leaves`) or begins to hold. */
function firstOf(offsetAt: OffsetAt, low: number, high: number, offset: number, leaves: boolean): number {
  let before = low
  let after = high
  while (after - before > SECOND) {
    const middle = before + Math.floor((after - before) / (2 * SECOND)) * SECOND
    if ((offsetAt(middle) === offset) === leaves) before = middle
    else after = middle
  }
  return after
}

/** `+01:00`; seconds only for the offsets of old times that have them. */
export function formatOffset(offset: number): string {
  const absolute = Math.abs(offset)
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0')
  const seconds = (absolute % MINUTE) / SECOND
  return `${offset < 0 ? '-' : '+'}${two(absolute / HOUR)}:${two((absolute % HOUR) / MINUTE)}${seconds > 0 ? `:${two(seconds)}` : ''}`
}

/** `2027-03-28T02:30:00`: wall time as ISO 8601 writes it. */
export const formatWall = (wall: number): string => new Date(wall).toISOString().slice(0, 'YYYY-MM-DDTHH:mm:ss'.length)
