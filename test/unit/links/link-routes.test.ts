import { describe, expect, it, vi } from 'vitest'
import type { Link } from '../../../functions/links/link.ts'
import { type LinksServices, linksApi } from '../../../functions/links/link-routes.ts'
import type { Changed } from '../../../functions/links/links.store.ts'
import { isAllowed, type Principal } from '../../../layers/core/permissions.ts'

const NOW = new Date('2026-11-21T10:15:00.000Z')
const PRINCIPAL: Principal = { kind: 'api_key', id: 'key_1', workspaceId: 'wsp_1', role: 'member' }
const LINK: Link = {
  id: 'lnk_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
  workspaceId: 'wsp_1',
  slug: 'café',
  url: 'https://example.com/',
  version: 3,
  createdAt: NOW.toISOString(),
  updatedAt: NOW.toISOString(),
  createdBy: 'key_1',
  traceparent: '00-a-b-01',
}

function services(over: Partial<LinksServices['links']> = {}) {
  const created: Link[] = []
  const links = {
    create: vi.fn(async (link: Link) => {
      created.push(link)
      return 'created' as const
    }),
    get: vi.fn(async () => LINK),
    list: vi.fn(),
    changeUrl: vi.fn(async (): Promise<Changed> => ({ kind: 'done', link: LINK })),
    delete: vi.fn(async (): Promise<Changed> => ({ kind: 'done', link: LINK })),
    ...over,
  }
  return {
    created,
    links,
    clicks: { stats: vi.fn() },
    ids: (prefix: string) => `${prefix}_01KAK2V5B8Y3QK4M6T9X0ZCEGH`,
    randomBytes: (count: number) => new Uint8Array(count),
    cursors: { seal: vi.fn(), open: vi.fn() },
    publicOrigin: 'https://go.example.com',
  }
}

function call(operationId: string, given: LinksServices, request: object) {
  const route = linksApi.routes.find((candidate) => candidate.operationId === operationId)
  if (route === undefined) throw new Error(`expected a route ${operationId}, got none`)
  const all = {
    params: { id: LINK.id },
    query: {},
    body: undefined,
    principal: PRINCIPAL,
    ifMatch: undefined,
    headers: {},
    clientIp: '203.0.113.7',
    requestId: 'req',
    trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true },
    now: NOW,
  }
  return route.handle({ ...all, ...request }, given)
}

describe('a random slug that is taken', () => {
  it('is followed by a longer one', async () => {
    const outcomes = ['slug_taken', 'slug_taken', 'created'] as const
    const create = vi.fn(async (_link: Link) => outcomes[create.mock.calls.length - 1] ?? 'created')
    await call('createLink', services({ create }), { body: { url: 'https://example.com' } })
    expect(create.mock.calls.map(([{ slug }]) => slug)).toEqual(['2'.repeat(7), '2'.repeat(8), '2'.repeat(9)])
  })

  it('five times in a row is a fault of ours', async () => {
    const create = vi.fn(async () => 'slug_taken' as const)
    await expect(call('createLink', services({ create }), { body: { url: 'https://example.com' } })).rejects.toThrow(
      'randomness',
    )
    expect(create).toHaveBeenCalledTimes(5)
  })
})

it('a custom slug that is taken is not tried again', async () => {
  const create = vi.fn(async () => 'slug_taken' as const)
  const body = { url: 'https://example.com', slug: 'Sale' }
  await expect(call('createLink', services({ create }), { body })).rejects.toMatchObject({ code: 'slug_taken' })
  expect(create).toHaveBeenCalledOnce()
})

it('what is stored is normalised, and made in the caller’s name and trace', async () => {
  const given = services()
  const reply = await call('createLink', given, { body: { url: 'HTTPS://Example.com', slug: 'Cafe\u0301' } })
  expect(given.created).toEqual([
    {
      ...LINK,
      version: 1,
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
    },
  ])
  expect(reply).toMatchObject({ status: 201, etag: '1', body: { shortUrl: 'https://go.example.com/caf%C3%A9' } })
})

describe('a change that is not done', () => {
  it.each([
    [{ kind: 'unknown' }, 'not_found'],
    [{ kind: 'stale', version: '3' }, 'precondition_failed'],
    [{ kind: 'contended' }, 'conflict'],
  ] as const)('%j → %s', async (changed, code) => {
    const given = services({ changeUrl: async () => changed, delete: async () => changed })
    const body = { url: 'https://example.com' }
    await expect(call('updateLink', given, { body })).rejects.toMatchObject({ code })
    await expect(call('deleteLink', given, {})).rejects.toMatchObject({ code })
  })
})

it('writing routes need links:write, reading ones links:read', () => {
  const viewer: Principal = { ...PRINCIPAL, role: 'viewer' }
  for (const { method, permission, operationId } of linksApi.routes) {
    if (permission === 'public' || permission === 'person') throw new Error(`expected a permission for ${operationId}`)
    expect([operationId, isAllowed(viewer, permission)]).toEqual([operationId, method === 'GET'])
  }
})
