import { expect, it } from 'vitest'
import type { DstChoice } from '../../../functions/schedules/timing/dst.ts'
import { MAX_AFFECTED, previewOf } from '../../../functions/schedules/timing/preview.ts'
import { parseTiming } from '../../../functions/schedules/timing/timing.ts'

function preview(expression: string, from: string, count: number, dst: DstChoice = {}, timeZone = 'Europe/Berlin') {
  const parsed = parseTiming({ expression, timeZone, anchor: from, dst })
  if (!parsed.ok) throw new Error(parsed.fault.detail)
  return previewOf(parsed.timing, Date.parse(from), count)
}

it('explains a time of the gap where it happens', () => {
  const { items, transitions } = preview('30 2 * * *', '2027-03-27T12:00:00Z', 2)
  expect(items).toEqual([
    {
      at: '2027-03-28T01:00:00.000Z',
      local: '2027-03-28T03:00:00',
      offset: '+02:00',
      dst: {
        kind: 'gap',
        explanation:
          '2027-03-28T02:30:00 does not exist: clocks go forward by 60 minutes. It happens at the first time that exists again (gap: next-valid).',
      },
    },
    { at: '2027-03-29T00:30:00.000Z', local: '2027-03-29T02:30:00', offset: '+02:00' },
  ])
  expect(transitions).toMatchObject([
    {
      kind: 'gap',
      at: '2027-03-28T01:00:00.000Z',
      localFrom: '2027-03-28T02:00:00',
      localTo: '2027-03-28T03:00:00',
      affected: 1,
    },
  ])
})

it('tells of a time that is skipped, though it is no item', () => {
  const { items, transitions } = preview('30 2 * * *', '2027-03-27T12:00:00Z', 1, { gap: 'skip' })
  expect(items).toMatchObject([{ at: '2027-03-29T00:30:00.000Z' }])
  expect(transitions[0]?.explanation).toBe(
    'Clocks go forward by 60 minutes, from 2027-03-28T02:00:00 to 2027-03-28T03:00:00. Times touched: 1; they are skipped (gap: skip).',
  )
})

it('tells both passes of an overlap apart', () => {
  const { items } = preview('30 2 * * *', '2027-10-30T12:00:00Z', 2, { overlap: 'both' })
  expect(items.map(({ offset, dst }) => [offset, dst?.explanation])).toEqual([
    ['+02:00', '2027-10-31T02:30:00 comes twice: clocks go back. This is the first time (overlap: both).'],
    ['+01:00', '2027-10-31T02:30:00 comes twice: clocks go back. This is the second time (overlap: both).'],
  ])
})

it('tells of a jump that touches nothing, and caps what it counts', () => {
  const untouched = preview('0 12 * * *', '2027-03-27T12:00:00Z', 2).transitions
  expect(untouched).toMatchObject([{ affected: 0, explanation: expect.stringContaining('No time of this expression') }])
  const [touched] = preview('*/10 * * * * *', '2027-03-28T00:59:00Z', 10).transitions
  expect(touched).toMatchObject({
    affected: MAX_AFFECTED,
    explanation: expect.stringContaining('100 or more; they are skipped'),
  })
})

it('of an interval, no jump touches anything', () => {
  const { items, transitions } = preview('every 1 day', '2027-03-27T12:00:00Z', 2)
  expect(items.map(({ local }) => local)).toEqual(['2027-03-28T14:00:00', '2027-03-29T14:00:00'])
  expect(transitions).toMatchObject([{ affected: 0 }])
})

it('has every jump of the years between', () => {
  expect(preview('0 0 1 1 *', '2026-12-01T00:00:00Z', 4).transitions).toHaveLength(6)
})
