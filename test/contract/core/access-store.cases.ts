/** What every `AccessStore` does. Run on the real table (test/contract). */
import { expect, it } from 'vitest'
import type { AccessStore, StoredApiKey } from '#core/access.store.ts'

const NOW = '2026-01-01T00:00:00.000Z'

/** `unique` is part of every id, so that two runs on one table never meet. */
export function accessStoreCases(store: () => AccessStore, unique: string): void {
  const workspaceId = `wsp_${unique}`
  const apiKey = (id: string, more: Partial<StoredApiKey> = {}): StoredApiKey => ({
    id: `${unique}-${id}`,
    workspaceId,
    name: `Key ${id}`,
    role: 'member',
    hash: 'ab'.repeat(32),
    createdAt: NOW,
    ...more,
  })

  it('finds a workspace that was put, and no other', async () => {
    const workspace = { id: workspaceId, name: 'Größe', createdAt: NOW }
    await store().putWorkspace(workspace)
    expect(await store().findWorkspace(workspaceId)).toEqual(workspace)
    await store().putWorkspace({ ...workspace, name: 'Renamed' })
    expect(await store().findWorkspace(workspaceId)).toMatchObject({ name: 'Renamed' })
    expect(await store().findWorkspace(`${workspaceId}-other`)).toBeUndefined()
  })

  it('finds an API key by its id alone, with all that the gate needs', async () => {
    const plain = apiKey('plain')
    const full = apiKey('full', { role: 'viewer', scopes: ['links:read'], expiresAt: '2027-01-01T00:00:00.000Z' })
    await store().putApiKey(plain)
    await store().putApiKey(full)
    expect(await store().findApiKey(plain.id)).toEqual(plain)
    expect(await store().findApiKey(full.id)).toEqual(full)
    expect(await store().findApiKey(`${unique}-none`)).toBeUndefined()
  })

  it('lists the keys of a workspace by id, page by page, without their hashes', async () => {
    const own = `wsp_${unique}_list`
    for (const id of ['l3', 'l1', 'l2']) await store().putApiKey(apiKey(id, { workspaceId: own }))
    await store().putApiKey(apiKey('foreign', { workspaceId: `${own}_2` }))
    await store().putWorkspace({ id: own, name: 'List', createdAt: NOW })
    const first = await store().listApiKeys(own, 2)
    expect(first.map(({ id }) => id)).toEqual([`${unique}-l1`, `${unique}-l2`])
    expect(first[0]).toEqual({ id: `${unique}-l1`, workspaceId: own, name: 'Key l1', role: 'member', createdAt: NOW })
    const second = await store().listApiKeys(own, 2, first.at(-1)?.id)
    expect(second.map(({ id }) => id)).toEqual([`${unique}-l3`])
    expect(await store().listApiKeys(`${own}_none`, 2)).toEqual([])
  })

  it('revokes a key in both places, and keeps the first time', async () => {
    const key = apiKey('revoked')
    await store().putApiKey(key)
    expect(await store().revokeApiKey(workspaceId, key.id, new Date('2026-02-01T00:00:00Z'))).toBe(true)
    expect(await store().revokeApiKey(workspaceId, key.id, new Date('2026-03-01T00:00:00Z'))).toBe(true)
    const revokedAt = '2026-02-01T00:00:00.000Z'
    expect(await store().findApiKey(key.id)).toEqual({ ...key, revokedAt })
    const listed = await store().listApiKeys(workspaceId, 100)
    expect(listed.find(({ id }) => id === key.id)).toMatchObject({ revokedAt })
  })

  it('does not revoke a key of another workspace, or one that is not there', async () => {
    const key = apiKey('kept')
    await store().putApiKey(key)
    expect(await store().revokeApiKey(`${workspaceId}_2`, key.id, new Date(NOW))).toBe(false)
    expect(await store().revokeApiKey(workspaceId, `${unique}-none`, new Date(NOW))).toBe(false)
    expect(await store().findApiKey(key.id)).toEqual(key)
  })
}
