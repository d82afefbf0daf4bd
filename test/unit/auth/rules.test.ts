/** The pure rules of auth: addresses, links, cookies, where to go back to, invitations, keys, redirect URIs. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideKey, endOfOverlap } from '../../../functions/auth/credentials/api-key.ts'
import { redirectUriFault } from '../../../functions/auth/credentials/redirect-uri.ts'
import { browserName } from '../../../functions/auth/pages/account-pages.ts'
import { returnPath } from '../../../functions/auth/pages/return-path.ts'
import { normaliseEmail } from '../../../functions/auth/people/user.ts'
import { formatToken, hashSecret, mailSecret, newSecret, parseToken } from '../../../functions/auth/secret-token.ts'
import {
  formatSessionCookie,
  isLive,
  newSession,
  parseSessionCookie,
  SESSION_IDLE_MS,
  SESSION_LIFETIME_MS,
} from '../../../functions/auth/sessions/session.ts'
import { isWorkspaceName } from '../../../functions/auth/workspaces/create-workspace.ts'
import { type Invitation, invitationState } from '../../../functions/auth/workspaces/invitation.ts'
import { mayGrant, PERMISSIONS, type Principal, permissionsOf, ROLES } from '../../../layers/core/permissions.ts'
import { seal, unseal } from '../../../layers/core/sealed.ts'
import { countingRandom } from '../core/doubles.ts'

const NOW = new Date('2026-11-21T10:00:00.000Z')
const later = (ms: number) => new Date(NOW.getTime() + ms)

describe('an address', () => {
  it.each([
    [' Ann@Example.COM ', 'ann@example.com'],
    ['ann+tag@example.com', 'ann+tag@example.com'],
    ['ann', undefined],
    ['ann@example.com, bob@example.com', undefined],
    ['ann@example.com\nBcc: bob@example.com', undefined],
    [`${'a'.repeat(243)}@example.com`, undefined],
  ])('%j → %s', (input, expected) => {
    expect(normaliseEmail(input)).toBe(expected)
  })

  it('is normalised once and for all', () => {
    fc.assert(
      fc.property(fc.emailAddress(), (text) => {
        const once = normaliseEmail(text)
        expect(once === undefined || normaliseEmail(once) === once).toBe(true)
      }),
    )
  })
})

describe('a link of a mail', () => {
  it('comes back as it was sent, and in no other spelling', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, maxLength: 100, unit: 'grapheme-ascii' }), (subject) => {
        const token = formatToken(subject, newSecret(countingRandom()))
        expect(parseToken(token)?.subject).toBe(subject)
        expect(parseToken(`${token}=`)).toBeUndefined()
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => parseToken(text) === undefined || text.includes('.')))
  })

  it('is the same for the same request, and another for every other purpose', () => {
    const key = new Uint8Array(32)
    expect(mailSecret(key, 'reset', 'mrq_1')).toBe(mailSecret(key, 'reset', 'mrq_1'))
    const others = [
      mailSecret(key, 'reset', 'mrq_1'),
      mailSecret(key, 'registration', 'mrq_1'),
      mailSecret(key, 'reset', 'mrq_2'),
    ]
    expect(new Set(others).size).toBe(3)
    expect(hashSecret('x')).toMatch(/^[0-9a-f]{64}$/)
  })
})

describe('a session', () => {
  const user = { id: 'usr_01KAK2V5B8Y3QK4M6T9X0ZCEGH', epoch: 3 }
  const session = newSession(user, {
    id: 'ses_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
    secret: 's',
    userAgent: 'x'.repeat(300),
    now: NOW,
  })

  it.each([
    ['at once', 3, NOW, true],
    ['just within the idle time', 3, later(SESSION_IDLE_MS - 1), true],
    ['at its end', 3, later(SESSION_IDLE_MS), false],
    ['after all sessions were ended', 4, NOW, false],
  ])('holds %s: epoch %i', (_, epoch, now, live) => {
    expect(isLive(session, { epoch }, now)).toBe(live)
  })

  it('ends after its lifetime, however busy', () => {
    const seen = (ms: number) => ({ ...session, lastSeenAt: later(ms).toISOString() })
    expect(isLive(seen(SESSION_LIFETIME_MS - 1), user, later(SESSION_LIFETIME_MS - 1))).toBe(true)
    expect(isLive(seen(SESSION_LIFETIME_MS), user, later(SESSION_LIFETIME_MS))).toBe(false)
    expect(session.userAgent).toHaveLength(200)
  })

  it('has a cookie that is read as it was written, and nothing else is one', () => {
    const cookie = { userId: user.id, sessionId: session.id, secret: 'A'.repeat(43) }
    expect(parseSessionCookie(formatSessionCookie(cookie))).toEqual(cookie)
    for (const text of [undefined, '', 'a.b.c', `${formatSessionCookie(cookie)}.x`, `${user.id}.${session.id}.short`])
      expect(parseSessionCookie(text)).toBeUndefined()
  })
})

describe('the way back after signing in', () => {
  it.each([
    ['/auth/account', '/auth/account'],
    ['/oauth2/interaction/x?y=1', '/oauth2/interaction/x?y=1'],
    ['/console', '/console'],
    [undefined, undefined],
    ['', undefined],
    ['/hello', undefined],
    ['//evil.example/auth/', undefined],
    ['/\\evil.example/auth/', undefined],
    ['/\t/evil.example/auth/', undefined],
    ['https://evil.example/auth/', undefined],
    ['/auth/../../hello', undefined],
    ['javascript:alert(1)', undefined],
  ])('%j → %j', (given, expected) => {
    expect(returnPath(given)).toBe(expected)
  })

  it('never leaves this site', () => {
    const part = fc.constantFrom(
      '/',
      '//',
      '\\',
      'auth',
      'evil.example',
      '..',
      '@',
      ':',
      '?',
      '#',
      '%2f',
      '\t',
      'https:',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 8 }), (parts) => {
        const path = returnPath(`/${parts.join('')}`)
        expect(path === undefined || new URL(path, 'https://here.example').host === 'here.example').toBe(true)
      }),
    )
  })
})

it.each([
  [{}, NOW, 'pending'],
  [{}, later(1_000), 'expired'],
  [{ acceptedAt: 'x' }, later(1_000), 'accepted'],
  [{ revokedAt: 'x' }, NOW, 'revoked'],
])('an invitation %j is %s', (changes, now, state) => {
  const invitation = { expiresAt: later(1_000).toISOString(), ...changes } as Invitation
  expect(invitationState(invitation, now)).toBe(state)
})

describe('an API key', () => {
  const maker = (changes: Partial<Principal> = {}): Principal => ({
    kind: 'session',
    id: 'ses_1',
    userId: 'usr_1',
    workspaceId: 'wsp_1',
    role: 'admin',
    ...changes,
  })

  it('never may what its maker may not', () => {
    const some = fc.subarray([...PERMISSIONS])
    fc.assert(
      fc.property(
        fc.constantFrom(...ROLES),
        fc.option(some, { nil: undefined }),
        fc.option(some, { nil: undefined }),
        (role, own, scopes) => {
          const by = maker({ role, ...(own && { scopes: own }) })
          const decision = decideKey({ name: 'x', scopes }, by, NOW)
          if (!decision.ok) return
          for (const permission of permissionsOf(decision.key)) expect(permissionsOf(by)).toContain(permission)
        },
      ),
    )
  })

  it('says which wish cannot be', () => {
    const wish = { name: 'x', scopes: ['links:read', 'workspace:write'] as const, expiresAt: NOW.toISOString() }
    expect(decideKey(wish, maker(), NOW)).toMatchObject({
      ok: false,
      errors: [
        { pointer: '/scopes/1', code: 'not_yours' },
        { pointer: '/expiresAt', code: 'past' },
      ],
    })
  })

  it('that is rotated ends no later than it would have', () => {
    expect(endOfOverlap({}, 60_000, NOW)).toEqual(later(60_000))
    expect(endOfOverlap({ expiresAt: later(1_000).toISOString() }, 60_000, NOW)).toEqual(later(1_000))
  })
})

it('nobody grants a role above their own', () => {
  for (const [mine, own] of ROLES.entries())
    for (const [theirs, other] of ROLES.entries()) expect(mayGrant(own, other)).toBe(mine <= theirs)
})

describe('a redirect URI', () => {
  it.each([
    ['https://app.example/callback', true],
    ['http://localhost:3000/', true],
    ['http://127.0.0.1/', true],
    ['http://app.example/', false],
    ['https://app.example/#x', false],
    ['https://app.example/#', false],
    ['https://*.example/', false],
    ['https://user:pass@app.example/', false],
    ['javascript:alert(1)', false],
    ['/callback', false],
  ])('%s: %s', (uri, good) => {
    expect(redirectUriFault(uri) === undefined).toBe(good)
  })
})

it('what is sealed opens with its key and context alone', () => {
  const key = new Uint8Array(32).fill(7)
  const sealed = seal('session id', 'uid', key, countingRandom())
  expect(unseal(sealed, 'uid', key)).toBe('session id')
  expect(() => unseal(sealed, 'other', key)).toThrow()
  expect(() => unseal(sealed, 'uid', new Uint8Array(32))).toThrow()
})

it.each([
  ['', false],
  ['  ', false],
  ['a'.repeat(80), true],
  ['a'.repeat(81), false],
  ['two\nlines', false],
])('the name %j of a workspace: %s', (name, good) => {
  expect(isWorkspaceName(name)).toBe(good)
})

it.each([
  ['Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0', 'Firefox on Linux'],
  ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/130.0 Safari/537.36 Edg/130.0', 'Edge on Windows'],
  ['curl/8.5', 'curl'],
  ['', 'A program'],
])('%s is %s', (userAgent, name) => {
  expect(browserName(userAgent)).toBe(name)
})
