/**
 * Rate limits: a fixed window for each principal and route class, counted by the store in one write a request.
 * A fixed window lets through at most twice the limit around its edge, which these generous limits can bear; in return
 * it needs no second write and no condition.
 *
 * When the counter can't be written (its table is throttled or away), the request goes through and the log says so:
 * a limit protects the service from its callers, so its own failure must not become an outage for all of them.
 */
import type { Clock } from './clock.ts'
import { MINUTE, SECOND } from './clock.ts'
import type { InvocationLog } from './log.ts'
import { Problem } from './problem.ts'
import type { RateLimitClass } from './route.ts'

/** Callers that fail to authenticate are counted by address, in a class of their own. */
export type LimitClass = RateLimitClass | 'sign_in'

export interface Limit {
  readonly requests: number
  readonly windowMs: number
}

/** Requests a minute. Generous: an honest batch job fits, a loop gone wild doesn't. */
export const DEFAULT_LIMITS: Readonly<Record<LimitClass, Limit>> = {
  read: { requests: 3_000, windowMs: MINUTE },
  write: { requests: 600, windowMs: MINUTE },
  // A person with a wrong key tries a few times; a hundred a minute is a script.
  sign_in: { requests: 100, windowMs: MINUTE },
}

/** Counts one request. `subject` is who is limited; the window is given by its start in epoch milliseconds. */
export interface RateLimitStore {
  /** The number of requests in the window, this one included. */
  count(subject: string, limitClass: LimitClass, windowStart: number, windowMs: number): Promise<number>
}

export interface Usage {
  readonly limitClass: LimitClass
  readonly limit: Limit
  readonly remaining: number
  /** Seconds until the window ends, at least 1. */
  readonly resetSeconds: number
  readonly exceeded: boolean
}

export interface RateLimiter {
  /** Undefined when the count is not known (see above). */
  hit(subject: string, limitClass: LimitClass, log: Pick<InvocationLog, 'note' | 'metric'>): Promise<Usage | undefined>
}

export interface RateLimiterOptions {
  readonly store: RateLimitStore
  readonly clock: Clock
  readonly limits?: Partial<Record<LimitClass, Limit>>
}

export function rateLimiter({ store, clock, limits }: RateLimiterOptions): RateLimiter {
  const all = { ...DEFAULT_LIMITS, ...limits }
  const spent = spentWindows()
  return {
    async hit(subject, limitClass, log) {
      const limit = all[limitClass]
      const now = clock.now().getTime()
      const start = windowStart(now, limit.windowMs)
      const msLeft = start + limit.windowMs - now
      if (spent.has(subject, limitClass, start)) return usage(limitClass, limit, limit.requests + 1, msLeft)
      try {
        const count = await store.count(subject, limitClass, start, limit.windowMs)
        if (count > limit.requests) spent.add(subject, limitClass, start)
        return usage(limitClass, limit, count, msLeft)
      } catch (error) {
        log.note('warn', 'rate limit not counted, request let through', { limitClass, reason: String(error) })
        log.metric('rateLimitSkipped', 1)
        return undefined
      }
    },
  }
}

/** Bounds the memory: about 100 bytes each. */
const MAX_SPENT_WINDOWS = 1_000

/** Windows that this environment has seen overrun. Their next requests are refused without a write: a flood costs nothing. */
function spentWindows() {
  const starts = new Map<string, number>()
  const name = (subject: string, limitClass: LimitClass) => `${limitClass}#${subject}`
  return {
    has: (subject: string, limitClass: LimitClass, start: number) => starts.get(name(subject, limitClass)) === start,
    add(subject: string, limitClass: LimitClass, start: number) {
      starts.delete(name(subject, limitClass))
      starts.set(name(subject, limitClass), start)
      const [oldest] = starts.keys()
      if (starts.size > MAX_SPENT_WINDOWS && oldest !== undefined) starts.delete(oldest)
    },
  }
}

/** The start of the window that `now` is in. Windows follow the clock, so every environment has the same ones. */
export const windowStart = (now: number, windowMs: number): number => now - (now % windowMs)

export const usage = (limitClass: LimitClass, limit: Limit, count: number, msLeft: number): Usage => ({
  limitClass,
  limit,
  remaining: Math.max(0, limit.requests - count),
  resetSeconds: Math.max(1, Math.ceil(msLeft / SECOND)),
  exceeded: count > limit.requests,
})

/** `RateLimit` and `RateLimit-Policy` as draft-ietf-httpapi-ratelimit-headers-10 §3 and §4 write them. */
export const rateLimitHeaders = ({ limitClass, limit, remaining, resetSeconds }: Usage): Record<string, string> => ({
  'ratelimit-policy': `"${limitClass}";q=${limit.requests};w=${Math.round(limit.windowMs / SECOND)}`,
  ratelimit: `"${limitClass}";r=${remaining};t=${resetSeconds}`,
})

export const rateLimited = ({ limit, resetSeconds }: Usage): Problem =>
  new Problem(
    'rate_limited',
    `expected at most ${limit.requests} requests in ${limit.windowMs / SECOND} seconds; try again in ${resetSeconds} seconds`,
    { headers: { 'retry-after': String(resetSeconds) } },
  )
