/** Sessions: how long they hold, what the cookie says, and which are good. Pure. */
import { DAY, MINUTE } from '#core/clock.ts'
import { USER_ID, type User } from '../people/user.ts'
import { hashSecret } from '../secret-token.ts'

/** Somebody who comes back within a week stays signed in; NIST SP 800-63B-4 §2.1.3 leaves the figures to the risk. */
export const SESSION_IDLE_MS = 7 * DAY
/** Then everybody signs in again, as the same section asks for. */
export const SESSION_LIFETIME_MS = 30 * DAY
/** How exact "last seen" is: one write in five minutes instead of one a request. */
export const SESSION_TOUCH_MS = 5 * MINUTE
export const SESSION_COOKIE = 'session'
/** Enough to recognise a browser by. */
const MAX_USER_AGENT_LENGTH = 200

export interface Session {
  readonly id: string
  readonly userId: string
  /** SHA-256 of the cookie's secret. */
  readonly hash: string
  /** The user's, when the session began. */
  readonly epoch: number
  readonly createdAt: string
  readonly lastSeenAt: string
  readonly expiresAt: string
  readonly userAgent: string
}

export interface SessionCookie {
  readonly userId: string
  readonly sessionId: string
  readonly secret: string
}

export const formatSessionCookie = ({ userId, sessionId, secret }: SessionCookie): string =>
  `${userId}.${sessionId}.${secret}`

const SESSION_ID = /^ses_[0-7][0-9A-HJKMNP-TV-Z]{25}$/
const SECRET = /^[A-Za-z0-9_-]{43}$/

/** Undefined for anything that is no cookie of ours, so that it costs no read. */
export function parseSessionCookie(value: string | undefined): SessionCookie | undefined {
  const [userId = '', sessionId = '', secret = '', ...more] = (value ?? '').split('.')
  if (more.length > 0 || !USER_ID.test(userId) || !SESSION_ID.test(sessionId) || !SECRET.test(secret)) return undefined
  return { userId, sessionId, secret }
}

export function newSession(
  user: Pick<User, 'id' | 'epoch'>,
  { id, secret, userAgent, now }: { id: string; secret: string; userAgent: string | undefined; now: Date },
): Session {
  return {
    id,
    userId: user.id,
    hash: hashSecret(secret),
    epoch: user.epoch,
    createdAt: now.toISOString(),
    lastSeenAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + SESSION_LIFETIME_MS).toISOString(),
    userAgent: (userAgent ?? 'unknown').slice(0, MAX_USER_AGENT_LENGTH),
  }
}

/** Whether it still holds: within both timeouts, and nothing ended all sessions since it began. */
export function isLive({ epoch, lastSeenAt, expiresAt }: Session, user: Pick<User, 'epoch'>, now: Date): boolean {
  const time = now.getTime()
  return epoch === user.epoch && time < Date.parse(expiresAt) && time < Date.parse(lastSeenAt) + SESSION_IDLE_MS
}

export const isToBeTouched = ({ lastSeenAt }: Session, now: Date): boolean =>
  now.getTime() - Date.parse(lastSeenAt) >= SESSION_TOUCH_MS
