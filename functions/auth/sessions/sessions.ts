/** Signing in and out, and who a cookie belongs to. Parses, asks the store, decides by `session.ts`. */
import type { Member } from '#core/access.store.ts'
import { sameHash } from '#core/api-key.ts'
import type { Clock } from '#core/clock.ts'
import { type CookieJar, parseCookies } from '#core/cookies.ts'
import type { Ids } from '#core/ids.ts'
import type { Person } from '#core/permissions.ts'
import type { Random } from '#core/random.ts'
import type { SessionGate } from '#core/session-gate.ts'
import type { User } from '../people/user.ts'
import { hashSecret, newSecret } from '../secret-token.ts'
import {
  formatSessionCookie,
  isLive,
  isToBeTouched,
  newSession,
  parseSessionCookie,
  SESSION_COOKIE,
  SESSION_LIFETIME_MS,
} from './session.ts'
import type { SessionsStore } from './sessions.store.ts'

export interface Sessions extends SessionGate {
  /**
   * Begins a session and gives its `Set-Cookie`. Always a new one; the session of `cookieHeader`, if any, ends, so that
   * no id from before the sign-in is worth anything after it.
   */
  begin(
    user: User,
    from: { readonly cookieHeader: string | undefined; readonly userAgent: string | undefined },
  ): Promise<string>
  /** Ends the session of the cookie, if it is one, and gives the `Set-Cookie` that removes it. */
  end(cookieHeader: string | undefined): Promise<string>
}

export interface SessionsOptions {
  readonly store: SessionsStore
  readonly findMember: (workspaceId: string, userId: string) => Promise<Member | undefined>
  readonly cookies: CookieJar
  readonly clock: Clock
  readonly random: Random
  readonly ids: Ids
}

export function createSessions({ store, findMember, cookies, clock, random, ids }: SessionsOptions): Sessions {
  const cookieOf = (header: string | undefined) =>
    parseSessionCookie(parseCookies(header).get(cookies.name(SESSION_COOKIE)))

  const person = async (header: string | undefined): Promise<Person | undefined> => {
    const cookie = cookieOf(header)
    if (cookie === undefined) return undefined
    const found = await store.find(cookie.userId, cookie.sessionId)
    if (found === undefined || !sameHash(found.session.hash, hashSecret(cookie.secret))) return undefined
    const now = clock.now()
    if (!isLive(found.session, found.user, now)) return undefined
    if (isToBeTouched(found.session, now)) await store.touch(found.session, now)
    return { userId: found.user.id, email: found.user.email, sessionId: found.session.id }
  }

  const revoke = async (header: string | undefined) => {
    const known = await person(header)
    if (known !== undefined) await store.revoke(known.userId, known.sessionId)
  }

  return {
    person,
    async principal({ userId, sessionId }, workspaceId) {
      const member = await findMember(workspaceId, userId)
      if (member === undefined) return undefined
      return { kind: 'session', id: sessionId, userId, workspaceId, role: member.role }
    },
    async begin(user, { cookieHeader, userAgent }) {
      await revoke(cookieHeader)
      const secret = newSecret(random)
      const session = newSession(user, { id: ids('ses'), secret, userAgent, now: clock.now() })
      await store.create(session)
      const value = formatSessionCookie({ userId: user.id, sessionId: session.id, secret })
      return cookies.set(SESSION_COOKIE, value, { maxAgeSeconds: SESSION_LIFETIME_MS / 1_000 })
    },
    async end(cookieHeader) {
      await revoke(cookieHeader)
      return cookies.set(SESSION_COOKIE, '', { maxAgeSeconds: 0 })
    },
  }
}
