/**
 * `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): a write that is repeated with the same key is done
 * once, and its stored answer given again. A pipeline:
 * 1. check the key's form
 * 2. begin: take the lock, or meet an earlier request
 * 3. run the route
 * 4. complete: store the answer; or, for 5xx, release the lock, because nothing was decided
 *
 * Timeline of a retry after a crash, with a function timeout of 10 s:
 *
 *     first   begin ──────── crash
 *     lock    ├─────────────────────────── lockedUntil (10 s + margin)
 *     retry 1          begin → 409 + Retry-After
 *     retry 2                                begin → takes the lock over ── runs ── complete
 *
 * The lock outlives every run of the function that holds it, so two runs never overlap. What the crashed run had already
 * written is done again by the next one: routes whose writes must not repeat make them conditional.
 */
import { createHash } from 'node:crypto'
import type { Clock } from './clock.ts'
import { DAY, SECOND } from './clock.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'
import { Problem } from './problem.ts'

/** How long an answer is kept, from its request on. */
export const IDEMPOTENCY_LIFETIME_MS = DAY
/** Clocks of two execution environments differ by a little; the lock must not seem over too early. */
export const LOCK_MARGIN_MS = 2 * SECOND
/** 1–255 visible ASCII characters: a UUID, a hash, an order number. */
export const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/
/** DynamoDB's limit is 400 kB an item; a bigger answer is not stored, and the key then protects from nothing. */
export const MAX_STORED_BODY_BYTES = 350 * 1024
const FIRST_SERVER_ERROR = 500

/** One use of a key: where it is stored, what was asked, and who asks. */
export interface IdempotentRequest {
  readonly workspaceId: string
  readonly key: string
  /** Hex SHA-256 of method, path, query and body. */
  readonly fingerprint: string
  /** The request id: tells our lock from one that took over from us. */
  readonly owner: string
}

export type Begin =
  | { readonly kind: 'started' }
  | { readonly kind: 'running'; readonly lockedUntil: Date }
  | { readonly kind: 'other_request' }
  | { readonly kind: 'done'; readonly answer: HttpAnswer }

export interface IdempotencyStore {
  begin(request: IdempotentRequest, now: Date, lockedUntil: Date, expiresAt: Date): Promise<Begin>
  /** False when the lock was taken over meanwhile; nothing is stored then. */
  complete(request: IdempotentRequest, answer: HttpAnswer): Promise<boolean>
  /** Does nothing when the lock was taken over meanwhile. */
  release(request: IdempotentRequest): Promise<void>
}

export interface Idempotency {
  /** `run` answers every problem as an answer and throws only what must keep the lock (a run that may go on). */
  answer(exchange: Exchange, workspaceId: string, run: () => Promise<HttpAnswer>): Promise<HttpAnswer>
}

/** Throws 400 for a malformed key, 409 while the first request runs, 422 when the key was used for another request. */
export function idempotency(store: IdempotencyStore, clock: Clock): Idempotency {
  return {
    async answer(exchange, workspaceId, run) {
      const key = idempotencyKey(exchange.request.headers['idempotency-key'])
      if (key === undefined) return run()
      const request = { workspaceId, key, fingerprint: fingerprint(exchange), owner: exchange.requestId }
      const now = clock.now()
      const lockedUntil = new Date(now.getTime() + exchange.remainingMs() + LOCK_MARGIN_MS)
      const begun = await store.begin(request, now, lockedUntil, new Date(now.getTime() + IDEMPOTENCY_LIFETIME_MS))
      switch (begun.kind) {
        case 'started':
          return finish(store, exchange, request, await run())
        case 'done':
          exchange.log.set({ replayed: true })
          return { ...begun.answer, headers: { ...begun.answer.headers, 'idempotent-replayed': 'true' } }
        case 'running':
          throw stillRunning(begun.lockedUntil, now)
        case 'other_request':
          throw new Problem(
            'idempotency_key_reused',
            'expected the request that this key was first used for, got another',
          )
        default:
          return begun satisfies never
      }
    },
  }
}

function idempotencyKey(header: string | undefined): string | undefined {
  if (header === undefined || IDEMPOTENCY_KEY.test(header)) return header
  throw new Problem('validation_failed', 'Idempotency-Key is not valid', {
    errors: [
      {
        pointer: '/header/idempotency-key',
        code: 'invalid_format',
        detail: `expected 1 to 255 visible ASCII characters, got ${header.length} characters`,
      },
    ],
  })
}

/** Lengths before values, so that no two requests run together into one text. */
function fingerprint({ request }: Exchange): string {
  const hash = createHash('sha256')
  for (const part of [request.method, request.path, JSON.stringify(Object.entries(request.query).sort(byName))])
    hash.update(`${part.length}:${part}`)
  return hash.update(request.body).digest('hex')
}

const byName = ([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number => (a < b ? -1 : 1)

function stillRunning(lockedUntil: Date, now: Date): Problem {
  const seconds = Math.max(1, Math.ceil((lockedUntil.getTime() - now.getTime()) / SECOND))
  return new Problem('idempotency_in_progress', `The first request still runs, for ${seconds} seconds at most.`, {
    // The first usually ends much sooner than its lock; asking again after a second is cheap.
    headers: { 'retry-after': '1' },
  })
}

/** The write is done: whatever happens to its record, the caller gets the answer. */
async function finish(
  store: IdempotencyStore,
  exchange: Exchange,
  request: IdempotentRequest,
  answer: HttpAnswer,
): Promise<HttpAnswer> {
  try {
    const tooLarge = Buffer.byteLength(answer.body ?? '') > MAX_STORED_BODY_BYTES
    if (tooLarge) exchange.log.note('warn', 'answer too large for its idempotency record')
    if (tooLarge || answer.status >= FIRST_SERVER_ERROR) await store.release(request)
    else if (!(await store.complete(request, answer))) exchange.log.note('warn', 'idempotency lock was taken over')
  } catch (error) {
    exchange.log.note('warn', 'idempotency record not written', { reason: String(error) })
  }
  return answer
}
