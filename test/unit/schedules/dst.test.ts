import { describe, expect, it } from 'vitest'
import type { DstPolicy } from '../../../functions/schedules/timing/dst.ts'
import { parseTiming, type Timing } from '../../../functions/schedules/timing/timing.ts'

/**
 * Our own table: zone, expression, from (UTC), and what happens by each policy. Instants are worked out by hand from the
 * published rules of the zones, not by the code.
 */
const timing = (expression: string, timeZone: string, dst?: Partial<DstPolicy>): Timing => {
  const parsed = parseTiming({ expression, timeZone, anchor: '2026-01-01T00:00:00Z', dst })
  if (!parsed.ok) throw new Error(parsed.fault.detail)
  return parsed.timing
}
const times = (of: Timing, from: string, count: number): string[] => {
  const found: string[] = []
  for (const { at } of of.occurrences(Date.parse(from))) {
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'))
    if (found.length >= count) break
  }
  return found
}

describe.each([
  // Berlin: 2027-03-28 02:00 +01:00 → 03:00 +02:00, at 01:00Z.
  ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00Z', 'skip', ['2027-03-29T00:30Z', '2027-03-30T00:30Z']],
  ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00Z', 'next-valid', ['2027-03-28T01:00Z', '2027-03-29T00:30Z']],
  ['Europe/Berlin', '30 2 * * *', '2027-03-27T12:00Z', 'shift', ['2027-03-28T01:30Z', '2027-03-29T00:30Z']],
  // Several times in the gap are one at its end, or each as much later.
  ['Europe/Berlin', '0,30 2 * * *', '2027-03-27T12:00Z', 'skip', ['2027-03-29T00:00Z', '2027-03-29T00:30Z']],
  ['Europe/Berlin', '0,30 2 * * *', '2027-03-27T12:00Z', 'next-valid', ['2027-03-28T01:00Z', '2027-03-29T00:00Z']],
  [
    'Europe/Berlin',
    '0,30 2 * * *',
    '2027-03-27T12:00Z',
    'shift',
    ['2027-03-28T01:00Z', '2027-03-28T01:30Z', '2027-03-29T00:00Z'],
  ],
  // What falls on a time that is there anyway happens once: 02:00 and 03:00 are both 01:00Z.
  ['Europe/Berlin', '0 2,3 * * *', '2027-03-27T12:00Z', 'next-valid', ['2027-03-28T01:00Z', '2027-03-29T00:00Z']],
  ['Europe/Berlin', '30 2,3 * * *', '2027-03-27T12:00Z', 'shift', ['2027-03-28T01:30Z', '2027-03-29T00:30Z']],
  // New York: 2027-03-14 02:00 -05:00 → 03:00 -04:00, at 07:00Z.
  ['America/New_York', '30 2 * * *', '2027-03-13T12:00Z', 'skip', ['2027-03-15T06:30Z']],
  ['America/New_York', '30 2 * * *', '2027-03-13T12:00Z', 'next-valid', ['2027-03-14T07:00Z', '2027-03-15T06:30Z']],
  ['America/New_York', '30 2 * * *', '2027-03-13T12:00Z', 'shift', ['2027-03-14T07:30Z', '2027-03-15T06:30Z']],
  // Lord Howe goes forward by 30 minutes: 2026-10-04 02:00 +10:30 → 02:30 +11:00, at 2026-10-03T15:30Z.
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T00:00Z', 'skip', ['2026-10-04T15:15Z']],
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T00:00Z', 'next-valid', ['2026-10-03T15:30Z', '2026-10-04T15:15Z']],
  ['Australia/Lord_Howe', '15 2 * * *', '2026-10-03T00:00Z', 'shift', ['2026-10-03T15:45Z', '2026-10-04T15:15Z']],
  // São Paulo's gap was at midnight: 2018-11-04 00:00 -03:00 → 01:00 -02:00, at 03:00Z.
  ['America/Sao_Paulo', '0 0 * * *', '2018-11-03T12:00Z', 'skip', ['2018-11-05T02:00Z']],
  ['America/Sao_Paulo', '0 0 * * *', '2018-11-03T12:00Z', 'next-valid', ['2018-11-04T03:00Z', '2018-11-05T02:00Z']],
  // Samoa left out 30 December 2011: -10:00 → +14:00, at 2011-12-30T10:00Z.
  ['Pacific/Apia', '0 12 * * *', '2011-12-29T12:00Z', 'skip', ['2011-12-29T22:00Z', '2011-12-30T22:00Z']],
  [
    'Pacific/Apia',
    '0 12 * * *',
    '2011-12-29T12:00Z',
    'next-valid',
    ['2011-12-29T22:00Z', '2011-12-30T10:00Z', '2011-12-30T22:00Z'],
  ],
  [
    'Pacific/Apia',
    '0 12 * * *',
    '2011-12-29T12:00Z',
    'shift',
    ['2011-12-29T22:00Z', '2011-12-30T22:00Z', '2011-12-31T22:00Z'],
  ],
] as const)('a gap in %s, %s from %s, %s', (zone, expression, from, gap, expected) => {
  it(`is ${expected.join(', ')}`, () => {
    expect(times(timing(expression, zone, { gap, overlap: 'first' }), from, expected.length)).toEqual(expected)
  })
})

describe.each([
  // Berlin: 2027-10-31 03:00 +02:00 → 02:00 +01:00, at 01:00Z.
  ['Europe/Berlin', '30 2 * * *', '2027-10-30T12:00Z', 'first', ['2027-10-31T00:30Z', '2027-11-01T01:30Z']],
  ['Europe/Berlin', '30 2 * * *', '2027-10-30T12:00Z', 'last', ['2027-10-31T01:30Z', '2027-11-01T01:30Z']],
  [
    'Europe/Berlin',
    '30 2 * * *',
    '2027-10-30T12:00Z',
    'both',
    ['2027-10-31T00:30Z', '2027-10-31T01:30Z', '2027-11-01T01:30Z'],
  ],
  // The borders: 02:00 comes twice, 03:00 once.
  ['Europe/Berlin', '0 2,3 * * *', '2027-10-30T12:00Z', 'first', ['2027-10-31T00:00Z', '2027-10-31T02:00Z']],
  ['Europe/Berlin', '0 2,3 * * *', '2027-10-30T12:00Z', 'last', ['2027-10-31T01:00Z', '2027-10-31T02:00Z']],
  [
    'Europe/Berlin',
    '0 2,3 * * *',
    '2027-10-30T12:00Z',
    'both',
    ['2027-10-31T00:00Z', '2027-10-31T01:00Z', '2027-10-31T02:00Z'],
  ],
  // Asked in the midst of the overlap, between the two passes.
  ['Europe/Berlin', '30 2 * * *', '2027-10-31T00:45Z', 'first', ['2027-11-01T01:30Z']],
  ['Europe/Berlin', '30 2 * * *', '2027-10-31T00:45Z', 'last', ['2027-10-31T01:30Z']],
  // New York: 2027-11-07 02:00 -04:00 → 01:00 -05:00, at 06:00Z.
  ['America/New_York', '30 1 * * *', '2027-11-06T12:00Z', 'first', ['2027-11-07T05:30Z', '2027-11-08T06:30Z']],
  [
    'America/New_York',
    '0,30 1 * * *',
    '2027-11-06T12:00Z',
    'last',
    ['2027-11-07T06:00Z', '2027-11-07T06:30Z', '2027-11-08T06:00Z'],
  ],
  [
    'America/New_York',
    '30 1 * * *',
    '2027-11-06T12:00Z',
    'both',
    ['2027-11-07T05:30Z', '2027-11-07T06:30Z', '2027-11-08T06:30Z'],
  ],
  // Lord Howe goes back by 30 minutes: 2026-04-05 02:00 +11:00 → 01:30 +10:30, at 2026-04-04T15:00Z.
  ['Australia/Lord_Howe', '45 1 * * *', '2026-04-04T12:00Z', 'first', ['2026-04-04T14:45Z', '2026-04-05T15:15Z']],
  [
    'Australia/Lord_Howe',
    '45 1 * * *',
    '2026-04-04T12:00Z',
    'both',
    ['2026-04-04T14:45Z', '2026-04-04T15:15Z', '2026-04-05T15:15Z'],
  ],
] as const)('an overlap in %s, %s from %s, %s', (zone, expression, from, overlap, expected) => {
  it(`is ${expected.join(', ')}`, () => {
    expect(times(timing(expression, zone, { gap: 'skip', overlap }), from, expected.length)).toEqual(expected)
  })
})

describe('without a word about it', () => {
  it('a time of day runs once on each day', () => {
    expect(times(timing('30 2 * * *', 'Europe/Berlin'), '2027-03-27T12:00Z', 1)).toEqual(['2027-03-28T01:00Z'])
    expect(times(timing('30 2 * * *', 'Europe/Berlin'), '2027-10-30T12:00Z', 2)).toEqual([
      '2027-10-31T00:30Z',
      '2027-11-01T01:30Z',
    ])
  })

  it('every so often stays even over both jumps', () => {
    const half = timing('*/30 * * * *', 'Europe/Berlin')
    for (const from of ['2027-03-28T00:00:00Z', '2027-10-31T00:00:00Z']) {
      const found = times(half, from, 6).map((at) => Date.parse(at))
      expect(new Set(found.slice(1).map((at, index) => at - (found[index] ?? 0)))).toEqual(new Set([30 * 60_000]))
    }
  })

  it('two hours in Lord Howe are found, where other libraries give up', () => {
    expect(times(timing('0 */2 * * *', 'Australia/Lord_Howe'), '2026-04-04T13:40Z', 1)).toEqual(['2026-04-04T15:30Z'])
  })
})

it('marks what a jump moved or repeated, and nothing else', () => {
  const marks = [
    ...timing('30 2 * * *', 'Europe/Berlin').occurrences(
      Date.parse('2027-03-27T00:00Z'),
      Date.parse('2027-11-02T00:00Z'),
    ),
  ]
    .filter(({ mark }) => mark !== undefined)
    .map(({ at, mark }) => [new Date(at).toISOString(), mark?.kind])
  expect(marks).toEqual([
    ['2027-03-28T01:00:00.000Z', 'gap'],
    ['2027-10-31T00:30:00.000Z', 'overlap'],
  ])
})
