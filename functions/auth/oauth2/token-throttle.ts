/**
 * How often applications may ask where they show who they are (RFC 6749 §2.3.1: guessing must be made hard; §10.10).
 * Every request is counted by client and place, a wrong secret also by place alone: nobody can lock a client out from
 * elsewhere, and nobody can try one secret on many clients. A refusal is written as the endpoint's other errors are
 * (RFC 6749 §5.2), with 429 and `Retry-After` (RFC 6585 §4).
 */
import type { Clock } from '#core/clock.ts'
import { MINUTE, SECOND } from '#core/clock.ts'
import type { HttpRequest } from '#core/exchange.ts'
import type { InvocationLog } from '#core/log.ts'
import { type Limit, type RateLimitStore, rateLimiter } from '#core/rate-limit.ts'
import { digest } from '../people/throttle.ts'
import type { NodeAnswer } from './node-http.ts'

/** As the kit's limit of writes: a token lasts ten minutes, so an honest client asks a few times a minute. */
export const REQUESTS: Limit = { requests: 600, windowMs: MINUTE }
/** Somebody who pastes a wrong secret tries a few times. */
export const WRONG_BY_CLIENT: Limit = { requests: 10, windowMs: 15 * MINUTE }
/** Several clients behind one address may be wrong at once, after a rotation. */
export const WRONG_FROM_PLACE: Limit = { requests: 100, windowMs: 15 * MINUTE }
/** Bounds the memory: about 100 bytes each. */
const MAX_BLOCKED = 1_000

type Log = Pick<InvocationLog, 'note' | 'metric'>

export interface TokenThrottle {
  /** Counts the request. Each gives the seconds to wait, or undefined to go ahead. */
  request(caller: Caller, log: Log): Promise<number | undefined>
  /** Counts a refused client. */
  wrongClient(caller: Caller, log: Log): Promise<number | undefined>
}

export interface Caller {
  readonly clientIp: string
  /** As sent: of nobody, perhaps. */
  readonly clientId: string
}

export function createTokenThrottle(store: RateLimitStore, clock: Clock): TokenThrottle {
  const limiter = (limit: Limit) => rateLimiter({ store, clock, limits: { sign_in: limit } })
  const [requests, byClient, fromPlace] = [limiter(REQUESTS), limiter(WRONG_BY_CLIENT), limiter(WRONG_FROM_PLACE)]
  const blocked = blockedSubjects(clock)
  const pairOf = ({ clientIp, clientId }: Caller) => `oauth2-client#${digest(clientId)}#${clientIp}`
  const placeOf = ({ clientIp }: Caller) => `oauth2-ip#${clientIp}`
  return {
    async request(caller, log) {
      const wait = blocked.wait(pairOf(caller)) ?? blocked.wait(placeOf(caller))
      if (wait !== undefined) return wait
      const usage = await requests.hit(pairOf(caller), 'sign_in', log)
      return usage?.exceeded ? usage.resetSeconds : undefined
    },
    async wrongClient(caller, log) {
      const counted = [
        { subject: `${pairOf(caller)}#wrong`, blocks: pairOf(caller), limited: byClient },
        { subject: `${placeOf(caller)}#wrong`, blocks: placeOf(caller), limited: fromPlace },
      ]
      const waits = await Promise.all(
        counted.map(async ({ subject, blocks, limited }) => {
          const usage = await limited.hit(subject, 'sign_in', log)
          if (!usage?.exceeded) return 0
          blocked.add(blocks, usage.resetSeconds)
          return usage.resetSeconds
        }),
      )
      return Math.max(...waits) || undefined
    },
  }
}

/** Who used their tries up: refused without a look at the secret, so that the last guess tells nothing. One try for each environment gets there. */
function blockedSubjects(clock: Clock) {
  const ends = new Map<string, number>()
  return {
    wait(subject: string): number | undefined {
      const left = (ends.get(subject) ?? 0) - clock.now().getTime()
      return left > 0 ? Math.ceil(left / SECOND) : undefined
    },
    add(subject: string, seconds: number) {
      ends.delete(subject)
      ends.set(subject, clock.now().getTime() + seconds * SECOND)
      const [oldest] = ends.keys()
      if (ends.size > MAX_BLOCKED && oldest !== undefined) ends.delete(oldest)
    },
  }
}

/** Where clients authenticate. */
const ENDPOINTS: readonly string[] = ['/oauth2/token', '/oauth2/revoke']

/** Undefined for requests that no client authenticates with. */
export function callerOf({ method, path, headers, body, clientIp }: HttpRequest): Caller | undefined {
  if (method !== 'POST' || !ENDPOINTS.includes(path)) return undefined
  const [, basic] = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(headers['authorization'] ?? '') ?? []
  const [user] = basic === undefined ? [] : Buffer.from(basic, 'base64').toString().split(':')
  return { clientIp, clientId: user ?? new URLSearchParams(Buffer.from(body).toString()).get('client_id') ?? '' }
}

export async function throttled(
  request: HttpRequest,
  throttle: TokenThrottle,
  log: Log,
  answer: () => Promise<NodeAnswer>,
): Promise<NodeAnswer> {
  const caller = callerOf(request)
  if (caller === undefined) return answer()
  const wait = await throttle.request(caller, log)
  if (wait !== undefined) return tooMany(wait)
  const given = await answer()
  const pause = isWrongClient(given) ? await throttle.wrongClient(caller, log) : undefined
  return pause === undefined ? given : tooMany(pause)
}

const isWrongClient = ({ statusCode, body }: NodeAnswer): boolean =>
  statusCode >= 400 && statusCode < 500 && body.includes('"error":"invalid_client"')

const tooMany = (seconds: number): NodeAnswer => ({
  statusCode: 429,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'retry-after': String(seconds) },
  multiValueHeaders: {},
  // The registered code that is nearest; the status says the rest.
  body: JSON.stringify({ error: 'temporarily_unavailable', error_description: `try again in ${seconds} seconds` }),
  isBase64Encoded: false,
})
