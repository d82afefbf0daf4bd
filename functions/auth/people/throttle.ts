/**
 * How often somebody may try, counted before any password is hashed: by the address that was typed, whether or not it has
 * an account, and by where the request comes from. One write each, in the table of this service.
 */
import { createHash } from 'node:crypto'
import type { Clock } from '#core/clock.ts'
import { HOUR, MINUTE } from '#core/clock.ts'
import type { InvocationLog } from '#core/log.ts'
import { Problem } from '#core/problem.ts'
import { type Limit, type RateLimiter, type RateLimitStore, rateLimiter } from '#core/rate-limit.ts'

/** 960 guesses a day at one account: hopeless against ten characters. The mail link gets an owner in all the same. */
const SIGN_INS_OF_ADDRESS: Limit = { requests: 10, windowMs: 15 * MINUTE }
/** Nobody's inbox shall be filled by us. */
const MAILS_TO_ADDRESS: Limit = { requests: 5, windowMs: HOUR }
/** An office behind one address fits; hashing 600 passwords costs less than half a minute of one core. */
const FROM_ONE_PLACE: Limit = { requests: 600, windowMs: 15 * MINUTE }

export interface Throttle {
  /** Each gives the seconds to wait, or undefined to go ahead. */
  signIn(clientIp: string, email: string): Promise<number | undefined>
  mail(clientIp: string, email: string): Promise<number | undefined>
  redemption(clientIp: string): Promise<number | undefined>
}

export function createThrottle(store: RateLimitStore, clock: Clock): Throttle {
  const limiter = (limit: Limit) => rateLimiter({ store, clock, limits: { sign_in: limit } })
  const [signIns, mails, places] = [SIGN_INS_OF_ADDRESS, MAILS_TO_ADDRESS, FROM_ONE_PLACE].map(limiter) as [
    RateLimiter,
    RateLimiter,
    RateLimiter,
  ]
  const wait = async (limited: RateLimiter, subject: string) => {
    const usage = await limited.hit(subject, 'sign_in', STRICT)
    return usage?.exceeded ? usage.resetSeconds : undefined
  }
  const place = (clientIp: string) => wait(places, `auth-ip#${clientIp}`)
  return {
    signIn: async (clientIp, email) =>
      (await place(clientIp)) ?? (await wait(signIns, `auth-sign-in#${digest(email)}`)),
    mail: async (clientIp, email) => (await place(clientIp)) ?? (await wait(mails, `auth-mail#${digest(email)}`)),
    redemption: place,
  }
}

/** Where the kit lets a request through uncounted, guessing would be free: the attempt fails instead. */
const STRICT: Pick<InvocationLog, 'note' | 'metric'> = {
  note: (_level, message, fields) => {
    throw new Problem('dependency_unavailable', 'please try again in a moment', { cause: { message, ...fields } })
  },
  metric: () => undefined,
}

/** Of whatever was typed, so that a key has one length and says nothing. */
export const digest = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 32)
