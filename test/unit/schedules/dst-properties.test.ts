import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseCron } from '../../../functions/schedules/timing/cron.ts'
import {
  type DstPolicy,
  GAP_POLICIES,
  OVERLAP_POLICIES,
  occurrencesOf,
} from '../../../functions/schedules/timing/dst.ts'
import { type Zone, zoneOf } from '../../../functions/schedules/timing/zone.ts'

const MINUTE = 60_000
/** The model looks at each minute of five days for each case; a busy machine takes its time. */
const PATIENCE = { timeout: 30_000 }
const DAY = 24 * 60 * MINUTE

const known = (name: string): Zone => {
  const zone = zoneOf(name)
  if (zone === undefined) throw new Error(`expected the zone ${name}`)
  return zone
}

/** Formatting is what takes the model's time, and the cases look at the same days. */
const walls = new Map<string, Map<number, number>>()

/** The model: looks at each minute's clock, by the runtime's own formatter, and at nothing else. */
function modelOf(zone: string) {
  const format = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'short' })
  const known = walls.get(zone) ?? new Map<number, number>()
  walls.set(zone, known)
  return (instant: number): number => {
    const wall = known.get(instant) ?? Date.parse(`${format.format(instant).replace(' ', 'T')}:00Z`)
    known.set(instant, wall)
    return wall
  }
}

interface Case {
  readonly zone: string
  readonly start: number
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly policy: DstPolicy
}

/** All instants by definition: of each wall time that matches, the instants whose clock shows it, chosen by the policy. */
function expectedOf({ zone, start, minutes, hours, policy }: Case, end: number): number[] {
  const wallAt = modelOf(zone)
  const shown = new Map<number, number[]>()
  for (let at = start - DAY; at <= end + DAY; at += MINUTE) {
    const wall = wallAt(at)
    shown.set(wall, [...(shown.get(wall) ?? []), at])
  }
  const found = new Set<number>()
  const [first, last] = [Math.min(...shown.keys()), Math.max(...shown.keys())]
  let [lastShown, lastWall] = [Number.NaN, Number.NaN]
  for (let wall = first; wall <= last; wall += MINUTE) {
    const instants = shown.get(wall)
    const date = new Date(wall)
    const matches = minutes.includes(date.getUTCMinutes()) && hours.includes(date.getUTCHours())
    if (instants !== undefined) {
      lastShown = Math.max(...instants)
      lastWall = wall
      if (matches) for (const at of chosen(instants, policy)) found.add(at)
    } else if (matches && policy.gap === 'next-valid') found.add(lastShown + MINUTE)
    // As if the clock had gone on: as many minutes behind the last minute that was shown.
    else if (matches && policy.gap === 'shift') found.add(lastShown + (wall - lastWall))
  }
  return [...found].filter((at) => at > start && at <= end).toSorted((a, b) => a - b)
}

const chosen = (instants: readonly number[], { overlap }: DstPolicy): readonly number[] =>
  overlap === 'both' ? instants : overlap === 'first' ? instants.slice(0, 1) : instants.slice(-1)

/** Around jumps of many kinds, and one zone without any. */
const PLACES: readonly (readonly [string, string])[] = [
  ['Europe/Berlin', '2027-03-28'],
  ['Europe/Berlin', '2027-10-31'],
  ['America/New_York', '2027-03-14'],
  ['America/New_York', '2027-11-07'],
  ['Australia/Lord_Howe', '2026-10-04'],
  ['Australia/Lord_Howe', '2026-04-05'],
  ['America/Sao_Paulo', '2018-11-04'],
  ['Pacific/Apia', '2011-12-30'],
  ['Africa/Casablanca', '2027-02-07'],
  ['Asia/Kathmandu', '2027-05-05'],
]

const some = (max: number) => fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 3 })
const cases = fc
  .record({
    place: fc.constantFrom(...PLACES),
    minutesBefore: fc.integer({ min: 0, max: 30 * 60 }),
    minutes: some(59),
    hours: fc.uniqueArray(fc.integer({ min: 0, max: 4 }), { minLength: 1, maxLength: 4 }),
    gap: fc.constantFrom(...GAP_POLICIES),
    overlap: fc.constantFrom(...OVERLAP_POLICIES),
  })
  .map(
    ({ place: [zone, day], minutesBefore, minutes, hours, gap, overlap }): Case => ({
      zone,
      start: Date.parse(`${day}T06:00Z`) - minutesBefore * MINUTE,
      minutes,
      hours,
      policy: { gap, overlap },
    }),
  )

describe('occurrences', () => {
  it('are those that a look at every minute of the clock finds', PATIENCE, () => {
    fc.assert(
      fc.property(cases, (one) => {
        const cron = parseCron(`${one.minutes.join(',')} ${one.hours.join(',')} * * *`)
        if (!cron.ok) throw new Error(cron.detail)
        const end = one.start + 3 * DAY
        const found = [...occurrencesOf(cron.times, known(one.zone), one.policy, one.start, end)].map(({ at }) => at)
        expect(found).toEqual(expectedOf(one, end))
      }),
      { numRuns: 60 },
    )
  })

  it('are the same whether asked for at once or one after the other', PATIENCE, () => {
    fc.assert(
      fc.property(cases, (one) => {
        const cron = parseCron(`${one.minutes.join(',')} ${one.hours.join(',')} * * *`)
        if (!cron.ok) throw new Error(cron.detail)
        const end = one.start + 3 * DAY
        const zone = known(one.zone)
        const together = [...occurrencesOf(cron.times, zone, one.policy, one.start, end)].map(({ at }) => at)
        const single: number[] = []
        for (let at = one.start; ; ) {
          const [next] = occurrencesOf(cron.times, zone, one.policy, at, end)
          if (next === undefined) break
          single.push(next.at)
          at = next.at
        }
        expect(single).toEqual(together)
      }),
      { numRuns: 60 },
    )
  })
})

describe('a zone', () => {
  it('has spans that touch each other and hold what they say', PATIENCE, () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...PLACES.map(([zone]) => zone)),
        fc.integer({ min: 0, max: 4_000_000_000 }),
        (name, second) => {
          const zone = known(name)
          const at = second * 1_000
          const span = zone.spanAt(at)
          expect(span.from <= at && at < span.to).toBe(true)
          expect(zone.spanAt(span.to)).toMatchObject({ offset: span.offsetAfter })
          const minute = Math.floor(at / MINUTE) * MINUTE
          // The model's clock shows minutes; old offsets have seconds.
          expect(Math.floor((minute + span.offset) / MINUTE) * MINUTE).toBe(modelOf(name)(minute))
        },
      ),
      { numRuns: 200 },
    )
  })
})
