import { randomUUID } from 'node:crypto'
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import type { Click } from '../../../functions/links/clicks/click.ts'
import { createClicksStore, MARKER_DAYS, SHARDS } from '../../../functions/links/clicks/clicks.store.ts'
import { clickKey, countersPartition } from '../../../functions/links/link-keys.ts'
import { DAY, epochSeconds } from '../../../layers/core/clock.ts'
import { scratchTable } from './scratch-table.ts'

const table = scratchTable()
const store = createClicksStore(table.client, table.name)

const NOW = new Date('2026-11-21T10:15:00.000Z')
const PERSON = 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0'
const newLink = () => `lnk_${ulid()}`

const clickOn = (linkId: string, over: Partial<Click> = {}): Click => ({
  version: 1,
  eventId: randomUUID(),
  linkId,
  workspaceId: 'wsp_1',
  slug: 's',
  occurredAt: NOW.toISOString(),
  userAgent: PERSON,
  referrerHost: null,
  country: null,
  ...over,
})
const clicksOn = (linkId: string, count: number) => Array.from({ length: count }, () => clickOn(linkId))

const statsOf = async (linkId: string) => {
  const { total, byDay } = await store.stats(linkId, '2026-11-01', '2026-11-30')
  return { ...total, byDay: Object.fromEntries(byDay) }
}

describe('counting', () => {
  it('adds people and bots apart, by day and in all', async () => {
    const linkId = newLink()
    const clicks = [
      clickOn(linkId),
      clickOn(linkId, { userAgent: '' }),
      clickOn(linkId, { occurredAt: '2026-11-20T23:59:59.999Z' }),
      clickOn(linkId, { occurredAt: '2026-10-31T23:59:59.999Z' }),
    ]
    expect(await store.count(clicks, 0, NOW)).toEqual({ counted: 4, duplicates: 0, forgotten: 0 })
    expect(await statsOf(linkId)).toEqual({
      clicks: 3,
      bots: 1,
      byDay: { '2026-11-20': { clicks: 1, bots: 0 }, '2026-11-21': { clicks: 1, bots: 1 } },
    })
  })

  it('adds up the shards', async () => {
    const linkId = newLink()
    for (let shard = 0; shard < SHARDS; shard += 1) await store.count(clicksOn(linkId, 2), shard, NOW)
    expect(await statsOf(linkId)).toMatchObject({ clicks: 2 * SHARDS, byDay: { '2026-11-21': { clicks: 2 * SHARDS } } })
  })

  it('counts an event once: within a batch, in a later batch, and in a batch with new ones', async () => {
    const linkId = newLink()
    const [first, second, third] = clicksOn(linkId, 3) as [Click, Click, Click]
    expect(await store.count([first, first, second], 0, NOW)).toEqual({ counted: 2, duplicates: 1, forgotten: 0 })
    expect(await store.count([first, second], 1, NOW)).toEqual({ counted: 0, duplicates: 2, forgotten: 0 })
    expect(await store.count([second, third, first], 2, NOW)).toEqual({ counted: 1, duplicates: 2, forgotten: 0 })
    expect(await statsOf(linkId)).toMatchObject({ clicks: 3 })
  })

  it('is exact when the same batches are delivered many times at once', async () => {
    const links = [newLink(), newLink(), newLink()]
    const clicks = Array.from({ length: 60 }, (_, index) => clickOn(links[index % 3] as string))
    const batches = Array.from({ length: 12 }, (_, index) => clicks.slice((index % 6) * 10, (index % 6) * 10 + 10))
    const results = await Promise.all(batches.map((batch, index) => store.count(batch, index % SHARDS, NOW)))
    expect(results.reduce((sum, { counted }) => sum + counted, 0)).toBe(60)
    for (const linkId of links)
      expect(await statsOf(linkId)).toMatchObject({ clicks: 20, byDay: { '2026-11-21': { clicks: 20 } } })
  })

  it('takes batches of any size', async () => {
    const linkId = newLink()
    const many = Array.from({ length: 40 }, (_, index) => clickOn(index % 2 === 0 ? linkId : newLink()))
    expect(await store.count(many, 0, NOW)).toEqual({ counted: 40, duplicates: 0, forgotten: 0 })
    expect(await statsOf(linkId)).toMatchObject({ clicks: 20 })
    expect(await store.count([], 0, NOW)).toEqual({ counted: 0, duplicates: 0, forgotten: 0 })
  })

  it('marks each click for longer than a message can live', async () => {
    const [click] = clicksOn(newLink(), 1) as [Click]
    await store.count([click], 0, NOW)
    const [marker] = await table.itemsOf(clickKey(click.eventId).pk)
    expect(marker?.['ttl']).toBe(epochSeconds(NOW) + (MARKER_DAYS * DAY) / 1_000)
    expect(MARKER_DAYS).toBeGreaterThan(14)
  })
})

describe('statistics', () => {
  it('of a link without clicks are zero', async () => {
    expect(await statsOf(newLink())).toEqual({ clicks: 0, bots: 0, byDay: {} })
  })

  it('hold both ends of the period', async () => {
    const linkId = newLink()
    const days = ['2026-10-31', '2026-11-01', '2026-11-30', '2026-12-01']
    await store.count(
      days.map((day) => clickOn(linkId, { occurredAt: `${day}T12:00:00.000Z` })),
      SHARDS - 1,
      NOW,
    )
    const { byDay, clicks } = await statsOf(linkId)
    expect(Object.keys(byDay)).toEqual(['2026-11-01', '2026-11-30'])
    expect(clicks).toBe(4)
  })
})

describe('forgetting', () => {
  it('deletes all counters of the link, and of no other', async () => {
    const [linkId, other] = [newLink(), newLink()]
    for (let day = 1; day <= 30; day += 1)
      await store.count(
        [linkId, other].map((id) =>
          clickOn(id, { occurredAt: `2026-11-${String(day).padStart(2, '0')}T12:00:00.000Z` }),
        ),
        day % SHARDS,
        NOW,
      )
    expect(await store.forget(linkId, NOW)).toBe(30 + SHARDS)
    expect(await statsOf(linkId)).toEqual({ clicks: 0, bots: 0, byDay: {} })
    expect((await table.itemsOf(countersPartition(linkId))).map(({ sk }) => sk)).toEqual(['FORGOTTEN'])
    expect(await statsOf(other)).toMatchObject({ clicks: 30 })
  })

  it('can be repeated, and keeps late clicks out', async () => {
    const [linkId, other] = [newLink(), newLink()]
    await store.count(clicksOn(linkId, 1), 0, NOW)
    await store.forget(linkId, NOW)
    expect(await store.forget(linkId, NOW)).toBe(0)
    expect(await store.count([clickOn(linkId), clickOn(other)], 0, NOW)).toEqual({
      counted: 1,
      duplicates: 0,
      forgotten: 1,
    })
    expect(await statsOf(linkId)).toMatchObject({ clicks: 0 })
    expect(await statsOf(other)).toMatchObject({ clicks: 1 })
  })
})

describe('capacity units, as the README states them', () => {
  it('2 for each marker, 2 for each counter, 1 for asking whether the link was deleted', async () => {
    const linkId = newLink()
    expect(await table.unitsOf(() => store.count(clicksOn(linkId, 10), 0, NOW))).toBe(10 * 2 + 2 * 2 + 1)
    expect(await table.unitsOf(() => store.stats(linkId, '2026-11-01', '2026-11-30'))).toBe(0.5 + 0.5)
  })
})
