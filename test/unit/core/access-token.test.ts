/** RFC 9068 §4 and RFC 8725: what a token must be, one change at a time. */
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import type { Client, Member } from '#core/access.store.ts'
import { checkAccessToken, type PublicJwk } from '#core/access-token.ts'
import { ISSUER_KEYS_RETRY_MS, tokenGate } from '#core/token-gate.ts'
import { clockAt, NOW } from './doubles.ts'

const ISSUER = 'https://backlot.example'
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const KEYS: readonly PublicJwk[] = [{ ...(pair.publicKey.export({ format: 'jwk' }) as PublicJwk), kid: 'k1' }]
const now = new Date(NOW)
const seconds = now.getTime() / 1_000
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'k1' }
const CLAIMS = {
  iss: ISSUER,
  aud: `${ISSUER}/api`,
  sub: 'usr_1',
  client_id: 'cli_1',
  iat: seconds,
  exp: seconds + 600,
  scope: 'openid links:read links:write',
  workspace_id: 'wsp_1',
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
function tokenOf(header: object = {}, claims: object = {}, key: KeyObject = pair.privateKey): string {
  const signed = `${encode({ ...HEADER, ...header })}.${encode({ ...CLAIMS, ...claims })}`
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
}
const check = (token: string) => checkAccessToken(token, { issuer: ISSUER, keys: KEYS, now })

describe('an access token', () => {
  it('is taken as we make it', () => {
    expect(check(tokenOf())).toMatchObject({ ok: true, claims: CLAIMS })
    expect(check(tokenOf({}, { exp: seconds - 29 })).ok).toBe(true)
    expect(check(tokenOf({}, { iat: seconds + 30 })).ok).toBe(true)
  })

  it.each([
    ['an id token', tokenOf({ typ: 'JWT' }), 'malformed_token'],
    ['no algorithm', tokenOf({ alg: 'none' }), 'malformed_token'],
    ['a key of its own', tokenOf({ jwk: KEYS[0] }), 'malformed_token'],
    ['a key elsewhere', tokenOf({ jku: 'https://evil.example' }), 'malformed_token'],
    ['an extension', tokenOf({ crit: ['x'] }), 'malformed_token'],
    ['an unknown key', tokenOf({ kid: 'k2' }), 'unknown_signing_key'],
    ['another signer', tokenOf({}, {}, other.privateKey), 'wrong_signature'],
    ['another issuer', tokenOf({}, { iss: 'https://evil.example' }), 'wrong_issuer'],
    ['another audience', tokenOf({}, { aud: 'https://other.example' }), 'wrong_audience'],
    ['several audiences', tokenOf({}, { aud: [`${ISSUER}/api`, 'x'] }), 'malformed_token'],
    ['an end that is past', tokenOf({}, { exp: seconds - 30 }), 'expired'],
    ['a beginning to come', tokenOf({}, { nbf: seconds + 31 }), 'not_yet_valid'],
    ['no workspace', tokenOf({}, { workspace_id: undefined }), 'malformed_token'],
    ['nothing', '', 'malformed_token'],
    ['four parts', `${tokenOf()}.x`, 'malformed_token'],
    ['a padded signature', `${tokenOf()}=`, 'malformed_token'],
  ])('with %s is refused', (_, token, fault) => {
    expect(check(token)).toEqual({ ok: false, fault })
  })

  it('signed with our public key as a password is refused', () => {
    const signed = `${encode({ ...HEADER, alg: 'HS256' })}.${encode(CLAIMS)}`
    const secret = pair.publicKey.export({ format: 'pem', type: 'spki' })
    const mac = createHmac('sha256', secret).update(signed).digest('base64url')
    expect(check(`${signed}.${mac}`)).toEqual({ ok: false, fault: 'malformed_token' })
  })
})

describe('the gate of tokens', () => {
  const client = { id: 'cli_1', workspaceId: 'wsp_1', role: 'viewer' } as Client
  const member = { userId: 'usr_1', role: 'member' } as Member
  const gateOf = (found: { client?: Client; member?: Member } = { client, member }) => {
    let reads = 0
    const clock = clockAt(NOW)
    const issuerKeys = async () => {
      reads += 1
      return KEYS
    }
    const options = { issuer: ISSUER, issuerKeys, clock }
    const gate = tokenGate({ ...options, findMember: async () => found.member, findClient: async () => found.client })
    return { gate, clock, reads: () => reads }
  }

  it('gives the role of now and the scopes of the token', async () => {
    expect(await gateOf().gate(tokenOf())).toEqual({
      kind: 'admitted',
      principal: {
        kind: 'access_token',
        id: 'cli_1',
        userId: 'usr_1',
        workspaceId: 'wsp_1',
        role: 'member',
        scopes: ['links:read', 'links:write'],
      },
    })
    expect(await gateOf().gate(tokenOf({}, { sub: 'cli_1' }))).toMatchObject({ principal: { role: 'viewer' } })
  })

  it('refuses who left the workspace, and a client that is gone or of another', async () => {
    expect(await gateOf({ client }).gate(tokenOf())).toEqual({ kind: 'refused', reason: 'not_a_member' })
    expect(await gateOf({ member }).gate(tokenOf())).toEqual({ kind: 'refused', reason: 'unknown_client' })
    const foreign = { client: { ...client, workspaceId: 'wsp_2' }, member }
    expect(await gateOf(foreign).gate(tokenOf())).toEqual({ kind: 'refused', reason: 'unknown_client' })
  })

  it('reads the keys once, and for unknown ones at most every few seconds', async () => {
    const { gate, clock, reads } = gateOf()
    for (let index = 0; index < 5; index += 1) await gate(tokenOf())
    for (let index = 0; index < 5; index += 1) await gate(tokenOf({ kid: `made-up-${index}` }))
    expect(reads()).toBe(1)
    clock.advance(ISSUER_KEYS_RETRY_MS)
    await gate(tokenOf({ kid: 'made-up' }))
    await gate(tokenOf({ kid: 'made-up' }))
    expect(reads()).toBe(2)
  })
})
