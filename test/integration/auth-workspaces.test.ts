import { beforeAll, describe, expect, inject, it } from 'vitest'
import { CACHE_MS } from '../../layers/core/cached.ts'
import { SECOND } from '../../layers/core/clock.ts'
import { linkOf, mailTo, newPerson, newWorkspace, type Person } from './auth-cloud.ts'

const origin = inject('outputs').edge.url
let [ann, bob]: [Person, Person] = [] as unknown as [Person, Person]
let workspace: string
beforeAll(async () => {
  ;[ann, bob] = await Promise.all([newPerson(origin), newPerson(origin)])
  workspace = await newWorkspace(ann, 'Ann & <friends>')
}, 120_000)

const idOf = async ({ browser }: Person): Promise<string> => (await browser.call('GET', '/api/auth/me')).body.id

/** By the mail and the page, as people do. */
async function invite(host: Person, workspaceId: string, name: string, guest: Person, role: string): Promise<void> {
  const made = await host.browser.call('POST', '/api/auth/invitations', {
    workspace: workspaceId,
    body: { email: guest.email, role },
  })
  expect(made).toMatchObject({ status: 201, body: { state: 'pending', role } })
  const link = linkOf(await mailTo(origin, guest.email, new RegExp(`Invitation to ${name}`)))
  expect(await guest.browser.fill(link, {})).toMatchObject({ status: 303, location: '/auth/account?say=joined' })
}

const links = (key: string, method = 'GET', body?: unknown) =>
  fetch(`${origin}/api/links/links`, {
    method,
    headers: { Authorization: `Bearer ${key}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })

describe('a workspace', () => {
  it('is made by form or by the API, and belongs to who made it', async () => {
    const made = await ann.browser.fill('/auth/account', { name: 'By form' }, '/auth/account/workspaces')
    expect(made).toMatchObject({ status: 303, location: '/auth/account?say=made' })
    const { items } = (await ann.browser.call('GET', '/api/auth/workspaces')).body
    expect(items.map(({ name, role }: { name: string; role: string }) => [name, role])).toEqual([
      ['Ann & <friends>', 'owner'],
      ['By form', 'owner'],
    ])
    expect((await ann.browser.get('/auth/account')).text).toContain('Ann &amp; &lt;friends&gt;')
  })

  it('does not exist for strangers', async () => {
    expect(await bob.browser.call('GET', '/api/auth/workspace', { workspace })).toMatchObject({ status: 404 })
    expect(await ann.browser.call('GET', '/api/auth/workspace', { workspace })).toMatchObject({ status: 200 })
  })
})

describe('members', () => {
  it('come by an invitation that is for them alone, once', async () => {
    const own = await newWorkspace(ann, 'Invited')
    const made = await ann.browser.call('POST', '/api/auth/invitations', {
      workspace: own,
      body: { email: bob.email, role: 'viewer' },
    })
    const link = linkOf(await mailTo(origin, bob.email, /Invitation to Invited/))
    expect(await ann.browser.get(link)).toMatchObject({ status: 400, text: expect.stringContaining('another address') })
    expect((await bob.browser.get(link)).text).toContain('Join Invited')
    expect(await bob.browser.fill(link, {})).toMatchObject({ status: 303 })
    expect(await bob.browser.get(link)).toMatchObject({ status: 400 })
    const listed = await ann.browser.call('GET', '/api/auth/invitations', { workspace: own })
    expect(listed.body.items).toMatchObject([{ id: made.body.id, state: 'accepted' }])
    const write = await bob.browser.call('POST', '/api/auth/api-keys', { workspace: own, body: { name: 'x' } })
    expect(write).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  }, 90_000)

  it('have no role above their maker, and an owner always stays', async () => {
    const own = await newWorkspace(ann, 'Owners')
    await invite(ann, own, 'Owners', bob, 'admin')
    const [annId, bobId] = [await idOf(ann), await idOf(bob)]
    const patch = (by: Person, id: string, role: string) =>
      by.browser.call('PATCH', `/api/auth/members/${id}`, { workspace: own, body: { role } })
    expect(await patch(bob, bobId, 'owner')).toMatchObject({ status: 403, body: { code: 'role_above_yours' } })
    expect(await patch(bob, annId, 'viewer')).toMatchObject({ status: 403, body: { code: 'role_above_yours' } })
    expect(await patch(ann, annId, 'member')).toMatchObject({ status: 409, body: { code: 'last_owner' } })
    const remove = (by: Person, id: string) => by.browser.call('DELETE', `/api/auth/members/${id}`, { workspace: own })
    expect(await remove(ann, annId)).toMatchObject({ status: 409, body: { code: 'last_owner' } })

    expect(await patch(ann, bobId, 'owner')).toMatchObject({ status: 200, body: { role: 'owner' } })
    // Both leave at the same moment: one of them stays.
    const left = await Promise.all([remove(ann, annId), remove(bob, bobId)])
    expect(left.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([204, 409])
  }, 90_000)

  it('are strangers from the request on that follows their removal', async () => {
    const own = await newWorkspace(ann, 'Removed')
    await invite(ann, own, 'Removed', bob, 'member')
    expect(await bob.browser.call('GET', '/api/auth/workspace', { workspace: own })).toMatchObject({ status: 200 })
    const bobId = await idOf(bob)
    expect(await ann.browser.call('DELETE', `/api/auth/members/${bobId}`, { workspace: own })).toMatchObject({
      status: 204,
    })
    expect(await bob.browser.call('GET', '/api/auth/workspace', { workspace: own })).toMatchObject({ status: 404 })
  }, 90_000)
})

describe('API keys', () => {
  const make = (body: object) => ann.browser.call('POST', '/api/auth/api-keys', { workspace, body })

  it('open every service with their scopes, and are shown once', async () => {
    const made = await make({ name: 'Reader', scopes: ['links:read'] })
    expect(made).toMatchObject({ status: 201, body: { scopes: ['links:read'], key: expect.stringMatching(/^bk_/) } })
    expect((await links(made.body.key)).status).toBe(200)
    expect((await links(made.body.key, 'POST', { url: 'https://example.com/' })).status).toBe(403)
    const { body } = await ann.browser.call('GET', '/api/auth/api-keys', { workspace })
    expect(JSON.stringify(body)).not.toContain(made.body.key)
    expect(body.items.map(({ id }: { id: string }) => id)).toContain(made.body.id)
  })

  it('never hold more than their maker', async () => {
    const { key } = (await make({ name: 'Keys', scopes: ['keys:write', 'links:read'] })).body
    const by = (body: object) =>
      ann.browser.call('POST', '/api/auth/api-keys', { body, headers: { Authorization: `Bearer ${key}` } })
    expect(await by({ name: 'More', scopes: ['links:write'] })).toMatchObject({
      status: 400,
      body: { errors: [{ pointer: '/scopes/0', code: 'not_yours' }] },
    })
    expect((await by({ name: 'All' })).body.scopes).toEqual(['links:read', 'keys:write'])
    expect(await make({ name: 'Old', expiresAt: '2020-01-01T00:00:00.000Z' })).toMatchObject({ status: 400 })
  })

  it('are refused everywhere within five seconds of their revocation', async () => {
    const { id, key } = (await make({ name: 'Short' })).body
    expect((await links(key)).status).toBe(200)
    expect(await ann.browser.call('DELETE', `/api/auth/api-keys/${id}`, { workspace })).toMatchObject({ status: 204 })
    const revokedAt = performance.now()
    while ((await links(key)).status !== 401) expect(performance.now() - revokedAt).toBeLessThan(CACHE_MS + SECOND)
  })

  it('are rotated with an overlap, once', async () => {
    const old = (await make({ name: 'Rotated', scopes: ['links:read'] })).body
    const rotate = (overlapSeconds: number) =>
      ann.browser.call('POST', `/api/auth/api-keys/${old.id}/rotate`, { workspace, body: { overlapSeconds } })
    const rotated = await Promise.all([rotate(3_600), rotate(3_600), rotate(3_600)])
    expect(rotated.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([201, 409, 409])
    const fresh = rotated.find(({ status }) => status === 201)?.body
    expect(fresh).toMatchObject({ name: 'Rotated', scopes: ['links:read'] })
    expect([(await links(old.key)).status, (await links(fresh.key)).status]).toEqual([200, 200])
    const listed = (await ann.browser.call('GET', '/api/auth/api-keys?limit=100', { workspace })).body.items
    expect(listed.find(({ id }: { id: string }) => id === old.id)).toMatchObject({ replacedBy: fresh.id })
  })

  it('of another workspace are not there', async () => {
    const { id } = (await make({ name: 'Mine' })).body
    const theirs = await newWorkspace(bob)
    for (const [method, path] of [
      ['DELETE', `/api/auth/api-keys/${id}`],
      ['POST', `/api/auth/api-keys/${id}/rotate`],
    ] as const) {
      const body = method === 'POST' ? { body: {} } : {}
      expect(await bob.browser.call(method, path, { workspace: theirs, ...body })).toMatchObject({ status: 404 })
    }
  })
})
