import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { Click } from '../../../functions/links/clicks/click.ts'
import { MAX_ACTIONS, tally, totals, transactionsOf } from '../../../functions/links/clicks/tally.ts'

const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'

const click = fc.record({
  version: fc.constant(1 as const),
  eventId: fc.constantFrom(...Array.from({ length: 80 }, (_, index) => `e-${index}`)),
  linkId: fc.constantFrom(...Array.from({ length: 60 }, (_, index) => `lnk_${index}`)),
  workspaceId: fc.constant('w'),
  slug: fc.constant('s'),
  occurredAt: fc.constantFrom('2026-11-20T23:59:59.999Z', '2026-11-21T00:00:00.000Z', '2026-11-21T00:30:00.000+01:00'),
  userAgent: fc.constantFrom(PERSON, ''),
  referrerHost: fc.constant(null),
  country: fc.constant(null),
})
const clicks: fc.Arbitrary<Click[]> = fc.array(click, { maxLength: 200, size: 'max' })

const sum = (counters: readonly { clicks: number; bots: number }[]) =>
  counters.reduce((all, { clicks: people, bots }) => all + people + bots, 0)

it('loses and invents nothing: days and totals both add up to the clicks', () => {
  fc.assert(
    fc.property(clicks, (all) => {
      const days = tally(all)
      expect(sum(days)).toBe(all.length)
      expect(sum(totals(days))).toBe(all.length)
      expect(new Set(days.map(({ linkId, date }) => `${linkId} ${date}`)).size).toBe(days.length)
      expect(new Set(totals(days).map(({ linkId }) => linkId)).size).toBe(totals(days).length)
    }),
  )
})

it('cuts a batch into transactions that DynamoDB takes, every event in one of them', () => {
  fc.assert(
    fc.property(clicks, (all) => {
      const groups = transactionsOf(all)
      const ids = groups.flat().map(({ eventId }) => eventId)
      expect(ids.toSorted()).toEqual([...new Set(all.map(({ eventId }) => eventId))].toSorted())
      for (const group of groups) {
        const days = tally(group)
        expect(group.length + days.length + totals(days).length).toBeLessThanOrEqual(MAX_ACTIONS)
      }
    }),
  )
})

it('counts for the day in UTC, people and bots apart', () => {
  const one = { version: 1, workspaceId: 'w', slug: 's', referrerHost: null, country: null, linkId: 'lnk_1' } as const
  expect(
    tally([
      { ...one, eventId: 'a', userAgent: PERSON, occurredAt: '2026-11-20T23:59:59.999Z' },
      { ...one, eventId: 'b', userAgent: '', occurredAt: '2026-11-20T12:00:00.000Z' },
      { ...one, eventId: 'c', userAgent: PERSON, occurredAt: '2026-11-21T00:00:00.000Z' },
    ]),
  ).toEqual([
    { linkId: 'lnk_1', date: '2026-11-20', clicks: 1, bots: 1 },
    { linkId: 'lnk_1', date: '2026-11-21', clicks: 1, bots: 0 },
  ])
})
