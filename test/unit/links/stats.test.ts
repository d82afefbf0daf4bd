import { describe, expect, it, test } from 'vitest'
import { everyDay, MAX_STATS_DAYS, periodOf } from '../../../functions/links/clicks/stats.ts'

const NOW = new Date('2026-11-21T23:59:59.999Z')

describe('the period', () => {
  test.each([
    [{}, { from: '2026-10-23', to: '2026-11-21' }],
    [{ to: '2026-03-01' }, { from: '2026-01-31', to: '2026-03-01' }],
    [{ from: '2026-11-21' }, { from: '2026-11-21', to: '2026-11-21' }],
    [
      { from: '2024-01-01', to: '2024-12-31' },
      { from: '2024-01-01', to: '2024-12-31' },
    ],
  ])('%j → %j', (asked, period) => {
    expect(periodOf(asked, NOW)).toEqual({ ok: true, period })
  })

  test.each([
    [{ from: '2026-11-22' }, 'after_to'],
    [{ from: '2026-11-02', to: '2026-11-01' }, 'after_to'],
    [{ from: '2025-01-01', to: '2026-01-02' }, 'period_too_long'],
  ])('%j is refused: %s', (asked, code) => {
    expect(periodOf(asked, NOW)).toMatchObject({ ok: false, error: { pointer: '/query/from', code } })
  })
})

it('names every day once, with zeros where nothing was counted', () => {
  const byDay = new Map([['2026-03-29', { clicks: 2, bots: 1 }]])
  expect(everyDay({ from: '2026-03-28', to: '2026-03-30' }, byDay)).toEqual([
    { date: '2026-03-28', clicks: 0, bots: 0 },
    { date: '2026-03-29', clicks: 2, bots: 1 },
    { date: '2026-03-30', clicks: 0, bots: 0 },
  ])
  expect(everyDay({ from: '2024-01-01', to: '2024-12-31' }, new Map())).toHaveLength(MAX_STATS_DAYS)
})
