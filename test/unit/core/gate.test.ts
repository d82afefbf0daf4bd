import { describe, expect, it } from 'vitest'
import type { StoredApiKey } from '#core/access.store.ts'
import { generateApiKey, hashApiKey } from '#core/api-key.ts'
import { CACHE_ENTRIES, CACHE_MS } from '#core/cached.ts'
import { apiKeyGate, authorise, unauthenticated } from '#core/gate.ts'
import { Problem } from '#core/problem.ts'
import { systemRandom } from '#core/random.ts'
import { clockAt, NOW } from './doubles.ts'

const HMAC_KEY = new Uint8Array(32).fill(1)
const key = generateApiKey(clockAt(NOW), systemRandom)
const stored: StoredApiKey = {
  id: key.id,
  workspaceId: 'wsp_1',
  name: 'CI',
  role: 'member',
  hash: hashApiKey(key, HMAC_KEY),
  createdAt: NOW,
}

function setUp(initial: StoredApiKey | undefined = stored) {
  const clock = clockAt(NOW)
  const table: { key: StoredApiKey | undefined; readonly reads: string[] } = { key: initial, reads: [] }
  const gate = apiKeyGate({
    clock,
    hmacKey: async () => HMAC_KEY,
    async findApiKey(id) {
      table.reads.push(id)
      return table.key?.id === id ? table.key : undefined
    },
  })
  return { clock, table, gate, admit: () => gate.admit(`Bearer ${key.text}`) }
}

describe('the gate', () => {
  it('admits a valid key with its workspace and role', async () => {
    expect(await setUp().admit()).toEqual({
      kind: 'admitted',
      principal: { kind: 'api_key', id: key.id, workspaceId: 'wsp_1', role: 'member' },
    })
  })

  it('narrows the role by the scopes', async () => {
    const { admit } = setUp({ ...stored, scopes: ['links:read'] })
    expect(await admit()).toMatchObject({ principal: { scopes: ['links:read'] } })
  })

  it.each(['Bearer', 'bearer', 'BEARER'])('reads the scheme %s in any case', async (scheme) => {
    expect(await setUp().gate.admit(`${scheme} ${key.text}`)).toMatchObject({ kind: 'admitted' })
  })

  it.each([
    [undefined, 'no_credentials'],
    ['', 'not_bearer'],
    [key.text, 'not_bearer'],
    ['Basic dXNlcjpwYXNz', 'not_bearer'],
    ['Bearer', 'not_bearer'],
    [`Bearer ${key.text} x`, 'not_bearer'],
    ['Bearer abc', 'malformed_key'],
    [`Bearer ${key.text.slice(0, -1)}`, 'malformed_key'],
  ])('refuses %j without reading the table', async (header, reason) => {
    const { gate, table } = setUp()
    expect(await gate.admit(header)).toMatchObject({ kind: 'refused', reason })
    expect(table.reads).toEqual([])
  })

  it.each([
    ['unknown_key', undefined],
    ['wrong_secret', { ...stored, hash: '0'.repeat(64) }],
    ['revoked', { ...stored, revokedAt: NOW }],
    ['expired', { ...stored, expiresAt: NOW }],
  ] as const)('refuses with the reason %s and the public id, for the log', async (reason, item) => {
    const { gate, table } = setUp()
    table.key = item
    expect(await gate.admit(`Bearer ${key.text}`)).toEqual({ kind: 'refused', reason, keyId: key.id })
  })

  it('does not tell a revoked key from a wrong one: the secret is compared first', async () => {
    const { gate, table } = setUp()
    table.key = { ...stored, hash: '0'.repeat(64), revokedAt: NOW, expiresAt: NOW }
    expect(await gate.admit(`Bearer ${key.text}`)).toMatchObject({ reason: 'wrong_secret' })
  })

  it('admits until the millisecond before the expiry', async () => {
    const { admit, clock } = setUp({ ...stored, expiresAt: '2026-01-01T00:00:01.000Z' })
    clock.advance(999)
    expect(await admit()).toMatchObject({ kind: 'admitted' })
    clock.advance(1)
    expect(await admit()).toMatchObject({ reason: 'expired' })
  })

  it('reads a key once within the cache time, and sees its revocation after it', async () => {
    const { admit, clock, table } = setUp()
    await admit()
    table.key = { ...stored, revokedAt: NOW }
    clock.advance(CACHE_MS - 1)
    expect(await admit()).toMatchObject({ kind: 'admitted' })
    expect(table.reads).toHaveLength(1)
    clock.advance(1)
    expect(await admit()).toMatchObject({ reason: 'revoked' })
    expect(table.reads).toHaveLength(2)
  })

  it('remembers an unknown key as long, and then sees that it was made', async () => {
    const { admit, clock, table } = setUp()
    table.key = undefined
    await admit()
    await admit()
    expect(table.reads).toHaveLength(1)
    table.key = stored
    clock.advance(CACHE_MS)
    expect(await admit()).toMatchObject({ kind: 'admitted' })
  })

  it('counts the cache time from before the read', async () => {
    const { clock, table } = setUp()
    const gate = apiKeyGate({
      clock,
      hmacKey: async () => HMAC_KEY,
      async findApiKey(id) {
        table.reads.push(id)
        clock.advance(CACHE_MS)
        return stored
      },
    })
    await gate.admit(`Bearer ${key.text}`)
    await gate.admit(`Bearer ${key.text}`)
    expect(table.reads).toHaveLength(2)
  })

  it('keeps a bounded number of keys, the latest', async () => {
    const { gate, table } = setUp()
    const others = Array.from({ length: CACHE_ENTRIES }, () => generateApiKey(clockAt(NOW), systemRandom))
    await gate.admit(`Bearer ${key.text}`)
    for (const other of others.slice(1)) await gate.admit(`Bearer ${other.text}`)
    await gate.admit(`Bearer ${key.text}`)
    expect(table.reads.filter((id) => id === key.id)).toHaveLength(1)
    await gate.admit(`Bearer ${others[0]?.text}`)
    await gate.admit(`Bearer ${key.text}`)
    expect(table.reads.filter((id) => id === key.id)).toHaveLength(2)
  })

  it('does not remember a read that failed', async () => {
    let fails = true
    const gate = apiKeyGate({
      clock: clockAt(NOW),
      hmacKey: async () => HMAC_KEY,
      async findApiKey() {
        if (fails) throw new Error('throttled')
        return stored
      },
    })
    await expect(gate.admit(`Bearer ${key.text}`)).rejects.toThrow('throttled')
    fails = false
    expect(await gate.admit(`Bearer ${key.text}`)).toMatchObject({ kind: 'admitted' })
  })
})

describe('the refusal', () => {
  it('has a bare challenge without credentials, invalid_token with wrong ones (RFC 6750 §3)', () => {
    expect(unauthenticated('no_credentials').headers).toEqual({ 'www-authenticate': 'Bearer realm="backlot"' })
    expect(unauthenticated('unknown_key').headers).toEqual({
      'www-authenticate': 'Bearer realm="backlot", error="invalid_token"',
    })
  })

  it('looks alike for every wrong key', () => {
    const looks = (['malformed_key', 'unknown_key', 'wrong_secret', 'expired', 'revoked'] as const).map((reason) => {
      const { detail, code, headers } = unauthenticated(reason)
      return JSON.stringify({ detail, code, headers })
    })
    expect(new Set(looks).size).toBe(1)
  })

  it('of a permission names it as the scope', () => {
    const viewer = { kind: 'api_key', id: 'k', workspaceId: 'w', role: 'viewer' } as const
    expect(() => authorise(viewer, 'links:read')).not.toThrow()
    expect(() => authorise(viewer, 'links:write')).toThrow(Problem)
    expect(() => authorise({ ...viewer, role: 'owner', scopes: ['links:read'] }, 'links:write')).toThrow(
      expect.objectContaining({
        code: 'permission_denied',
        headers: { 'www-authenticate': 'Bearer realm="backlot", error="insufficient_scope", scope="links:write"' },
      }),
    )
  })
})
