import { describe, expect, it } from 'vitest'
import { MAX_CRON_LENGTH } from '../../../functions/schedules/timing/cron.ts'
import { nextOccurrence, parseTiming, timingFault } from '../../../functions/schedules/timing/timing.ts'
import { MAX_ZONE_LENGTH } from '../../../functions/schedules/timing/zone.ts'

const FROM = Date.parse('2026-11-21T10:15:00Z')
const ANCHOR = '2026-11-21T10:00:00Z'

function answer(expression: string, from = FROM, timeZone = 'UTC', anchor = ANCHOR): string {
  const parsed = parseTiming({ expression, timeZone, anchor })
  if (!parsed.ok) return `${parsed.fault.field} ${parsed.fault.code}`
  const fault = timingFault(parsed.timing, from)
  if (fault !== undefined) return `${fault.field} ${fault.code}`
  return new Date(nextOccurrence(parsed.timing, from)?.at ?? 0).toISOString()
}

describe.each([
  ['0 12 * * *', '2026-11-21T12:00:00.000Z'],
  ['30 0 12 * * *', '2026-11-21T12:00:30.000Z'],
  ['  0   12 * *  * ', '2026-11-21T12:00:00.000Z'],
  ['0 0 * * 0', '2026-11-22T00:00:00.000Z'],
  ['0 0 * * 7', '2026-11-22T00:00:00.000Z'],
  ['0 0 * * SUN', '2026-11-22T00:00:00.000Z'],
  ['0 0 L * *', '2026-11-30T00:00:00.000Z'],
  ['0 0 * * FRI#2', '2026-12-11T00:00:00.000Z'],
  // Day of month or day of week, whichever matches.
  ['0 0 13 * FRI', '2026-11-27T00:00:00.000Z'],
  ['every 10 seconds', '2026-11-21T10:15:10.000Z'],
  ['every 90 minutes', '2026-11-21T11:30:00.000Z'],
  ['every 366 days', '2027-11-22T10:00:00.000Z'],
  ['at 2026-11-21T10:15:01', '2026-11-21T10:15:01.000Z'],
  ['at 2026-11-21T10:15:30.000Z', '2026-11-21T10:15:30.000Z'],
  ['at 2026-11-21T12:00:00+01:00', '2026-11-21T11:00:00.000Z'],
  ['0 0 29 2 *', '2028-02-29T00:00:00.000Z'],
])('%s', (expression, next) => {
  it(`is next at ${next}`, () => {
    expect(answer(expression)).toBe(next)
  })
})

describe.each([
  ['', 'expression cron'],
  ['* * * *', 'expression cron'],
  ['* * * * * * *', 'expression cron'],
  ['@daily', 'expression cron'],
  ['? * * * *', 'expression cron'],
  ['60 * * * *', 'expression cron'],
  ['* 24 * * *', 'expression cron'],
  ['0/15 * * * *', 'expression cron'],
  ['0 0 * * FRI-MON', 'expression cron'],
  [`${'0,'.repeat(MAX_CRON_LENGTH)}0 * * * *`, 'expression cron'],
  ['0 0 30 2 *', 'expression never_runs'],
  ['0 0 31 4,6,9,11 *', 'expression never_runs'],
  ['at 2026-11-21T10:15:00', 'expression never_runs'],
  ['at 2027-02-30T10:00:00', 'expression time'],
  ['at 2027-02-10 10:00', 'expression time'],
  ['at tomorrow', 'expression time'],
  ['every 9 seconds', 'expression too_frequent'],
  ['every 0 minutes', 'expression too_frequent'],
  ['every 367 days', 'expression interval'],
  ['every fortnight', 'expression interval'],
  ['*/9 * * * * *', 'expression too_frequent'],
  ['0,59 * * * * *', 'expression too_frequent'],
])('%j', (expression, refusal) => {
  it(`is refused: ${refusal}`, () => {
    expect(answer(expression)).toBe(refusal)
  })
})

it.each(['Mars/Olympus', '+01:00', '', 'Europe/Berlin\n', 'x'.repeat(MAX_ZONE_LENGTH + 1)])('no zone %j', (zone) => {
  expect(answer('0 0 * * *', FROM, zone)).toBe('timeZone time_zone')
})

it('29 February is found across 2100, which has none', () => {
  expect(answer('0 0 29 2 *', Date.parse('2096-03-01T00:00Z'))).toBe('2104-02-29T00:00:00.000Z')
})

it('a day of an interval is 24 hours, whatever the clocks do', () => {
  const from = Date.parse('2027-03-27T12:00Z')
  expect(answer('every 1 day', from, 'Europe/Berlin', '2027-03-01T11:00:00Z')).toBe('2027-03-28T11:00:00.000Z')
})

it('an interval begins at its anchor', () => {
  expect(answer('every 1 hour', FROM, 'UTC', '2027-01-01T00:00:00Z')).toBe('2027-01-01T00:00:00.000Z')
})
