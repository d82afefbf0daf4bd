import http from 'node:http'
import { ulid } from 'ulid'
import { describe, expect, inject, it } from 'vitest'
import type { Link } from '../../../functions/links/link.ts'
import { createLinksStore } from '../../../functions/links/links.store.ts'
import { createAwsCall } from '../../../functions/links/redirect/aws-call.store.ts'
import { createFindSlug } from '../../../functions/links/redirect/slug.store.ts'
import { DAY } from '../../../layers/core/clock.ts'
import { scratchTable } from './scratch-table.ts'

const table = scratchTable()
const links = createLinksStore(table.client, table.name)
const findSlug = createFindSlug(
  createAwsCall({
    service: 'dynamodb',
    endpoint: inject('outputs').endpoint,
    region: inject('outputs').region,
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    clock: { now: () => new Date() },
    transport: http,
  }),
  table.name,
)

const NOW = new Date('2026-11-21T10:15:00.000Z')
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds)
const newSlug = () => `s-${ulid().toLowerCase()}`

const linkOf = (over: Partial<Link> = {}): Link => ({
  id: `lnk_${ulid()}`,
  workspaceId: 'wsp_1',
  slug: newSlug(),
  url: 'https://example.com/',
  version: 1,
  createdAt: NOW.toISOString(),
  updatedAt: NOW.toISOString(),
  createdBy: 'key_1',
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  ...over,
})

async function created(over: Partial<Link> = {}): Promise<Link> {
  const link = linkOf(over)
  expect(await links.create(link)).toBe('created')
  return link
}

const refOf = ({ workspaceId, id }: Link, ifMatch?: string) => ({
  workspaceId,
  id,
  ifMatch,
  traceparent: '00-11111111111111111111111111111111-2222222222222222-01',
})

describe('create', () => {
  it('makes the link readable and its slug followable', async () => {
    const link = await created()
    expect(await links.get(link.workspaceId, link.id)).toEqual(link)
    expect(await findSlug(link.slug, NOW)).toEqual({
      kind: 'live',
      slug: link.slug,
      url: link.url,
      linkId: link.id,
      workspaceId: link.workspaceId,
    })
  })

  it('gives a slug to one of fifty who ask at once', async () => {
    const slug = newSlug()
    const asking = Array.from({ length: 50 }, (_, index) => linkOf({ slug, workspaceId: `wsp_${index % 3}` }))
    const outcomes = await Promise.all(asking.map((link) => links.create(link)))
    const winners = asking.filter((_, index) => outcomes[index] === 'created')
    expect(winners).toHaveLength(1)
    expect(outcomes.filter((outcome) => outcome === 'slug_taken')).toHaveLength(49)
    expect(await findSlug(slug, NOW)).toMatchObject({ linkId: winners[0]?.id })
    for (const loser of asking.filter((link) => link !== winners[0]))
      expect(await links.get(loser.workspaceId, loser.id)).toBeUndefined()
  })

  it('leaves nothing of a link whose slug is taken', async () => {
    const { slug } = await created()
    const second = linkOf({ slug })
    expect(await links.create(second)).toBe('slug_taken')
    expect(await links.get(second.workspaceId, second.id)).toBeUndefined()
  })
})

describe('get', () => {
  it('does not show links of another workspace', async () => {
    const link = await created()
    expect(await links.get('wsp_2', link.id)).toBeUndefined()
  })

  it('takes what is no id for an unknown link', async () => {
    for (const id of ['', 'x', 'lnk_', 'x'.repeat(5_000), 'lnk_01J0000000000000000000000#'])
      expect(await links.get('wsp_1', id)).toBeUndefined()
  })
})

describe('list', () => {
  it('gives newest first, page by page, each link once, of this workspace only', async () => {
    const workspaceId = `wsp_${ulid()}`
    const made: Link[] = []
    for (let index = 0; index < 5; index += 1) made.push(await created({ workspaceId, id: `lnk_${ulid(index + 1)}` }))
    await created({ workspaceId: `${workspaceId}0` })
    const first = await links.list(workspaceId, 2, undefined)
    const second = await links.list(workspaceId, 2, first.next)
    const third = await links.list(workspaceId, 2, second.next)
    expect([...first.links, ...second.links, ...third.links]).toEqual(made.reverse())
    expect([first, second, third].map(({ next }) => next !== undefined)).toEqual([true, true, false])
  })

  it('has no next page when the page is exactly full, and is empty for a new workspace', async () => {
    const workspaceId = `wsp_${ulid()}`
    expect(await links.list(workspaceId, 2, undefined)).toEqual({ links: [], next: undefined })
    await created({ workspaceId })
    await created({ workspaceId })
    expect((await links.list(workspaceId, 2, undefined)).next).toBeUndefined()
  })
})

describe('change of the target', () => {
  it('is seen by reader and visitor, and raises the version', async () => {
    const link = await created()
    const changed = await links.changeUrl(refOf(link, '1'), 'https://example.com/new', later(1_000))
    const after = {
      ...link,
      url: 'https://example.com/new',
      version: 2,
      updatedAt: later(1_000).toISOString(),
      traceparent: refOf(link).traceparent,
    }
    expect(changed).toEqual({ kind: 'done', link: after })
    expect(await links.get(link.workspaceId, link.id)).toEqual(after)
    expect(await findSlug(link.slug, NOW)).toMatchObject({ url: 'https://example.com/new' })
  })

  it('to the same target changes nothing', async () => {
    const link = await created()
    expect(await links.changeUrl(refOf(link), link.url, later(1_000))).toEqual({ kind: 'done', link })
  })

  it('is refused for another version, and for who does not own it', async () => {
    const link = await created()
    expect(await links.changeUrl(refOf(link, '7'), 'https://example.com/x', NOW)).toEqual({
      kind: 'stale',
      version: '1',
    })
    expect(await links.changeUrl(refOf({ ...link, workspaceId: 'wsp_2' }), 'https://example.com/x', NOW)).toEqual({
      kind: 'unknown',
    })
    expect(await links.get(link.workspaceId, link.id)).toEqual(link)
  })

  it('with one version is done once, however many ask at once', async () => {
    const link = await created()
    const outcomes = await Promise.all(
      Array.from({ length: 10 }, (_, index) => links.changeUrl(refOf(link, '1'), `https://example.com/${index}`, NOW)),
    )
    expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1)
    expect(outcomes.filter(({ kind }) => kind === 'stale')).toHaveLength(9)
    const now = await links.get(link.workspaceId, link.id)
    expect(now?.version).toBe(2)
    expect(await findSlug(link.slug, NOW)).toMatchObject({ url: now?.url })
  })

  it('without a version: both of two at once are done, one after the other', async () => {
    const link = await created()
    const outcomes = await Promise.all(
      ['a', 'b'].map((path) => links.changeUrl(refOf(link), `https://example.com/${path}`, NOW)),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual(['done', 'done'])
    expect((await links.get(link.workspaceId, link.id))?.version).toBe(3)
  })
})

describe('delete', () => {
  it('ends the link and closes its slug', async () => {
    const link = await created()
    expect((await links.delete(refOf(link, '1'), NOW)).kind).toBe('done')
    expect(await links.get(link.workspaceId, link.id)).toBeUndefined()
    expect(await findSlug(link.slug, NOW)).toEqual({ kind: 'deleted' })
    expect((await links.delete(refOf(link), NOW)).kind).toBe('unknown')
  })

  it('is refused for another version', async () => {
    const link = await created()
    expect((await links.delete(refOf(link, '2'), NOW)).kind).toBe('stale')
    expect(await findSlug(link.slug, NOW)).toMatchObject({ kind: 'live' })
  })

  it('keeps the slug for its workspace for 30 days, then frees it', async () => {
    const link = await created()
    await links.delete(refOf(link), NOW)
    const lastSecond = later(30 * DAY - 1_000)
    const expired = later(30 * DAY)
    const stranger = (at: Date) => linkOf({ slug: link.slug, workspaceId: 'wsp_2', createdAt: at.toISOString() })
    expect(await findSlug(link.slug, lastSecond)).toEqual({ kind: 'deleted' })
    expect(await links.create(stranger(lastSecond))).toBe('slug_taken')
    expect(await findSlug(link.slug, expired)).toEqual({ kind: 'unknown' })
    expect(await links.create(stranger(expired))).toBe('created')
  })

  it('lets the same workspace take the slug again at once', async () => {
    const link = await created()
    await links.delete(refOf(link), NOW)
    const again = await created({ slug: link.slug, url: 'https://example.com/again' })
    expect(await findSlug(link.slug, NOW)).toMatchObject({ kind: 'live', linkId: again.id, url: again.url })
    expect(await links.create(linkOf({ slug: link.slug }))).toBe('slug_taken')
  })

  it('of the old link can’t touch the new one under the same slug', async () => {
    const link = await created()
    await links.delete(refOf(link), NOW)
    const again = await created({ slug: link.slug })
    expect((await links.delete(refOf(link), NOW)).kind).toBe('unknown')
    expect(await findSlug(link.slug, NOW)).toMatchObject({ kind: 'live', linkId: again.id })
  })
})

describe('capacity units, as the README states them', () => {
  it('of every operation', async () => {
    const link = linkOf()
    expect(await table.unitsOf(() => links.create(link))).toBe(4)
    expect(await table.unitsOf(() => links.get(link.workspaceId, link.id))).toBe(1)
    expect(await table.unitsOf(() => links.list(`wsp_${ulid()}`, 20, undefined))).toBe(0.5)
    expect(await table.unitsOf(() => links.changeUrl(refOf(link), 'https://example.com/c', NOW))).toBe(1 + 4)
    expect(await table.unitsOf(() => links.delete(refOf(link), NOW))).toBe(1 + 4)
  })
})
