/**
 * Idempotency keys with Stripe's meaning (https://docs.stripe.com/api/idempotent_requests). A pipeline:
 * 1. the parameters were checked before: a request that is wrong in itself never takes its key
 * 2. reserve the key, or meet an earlier request: its answer is given again, whatever it was
 * 3. run; the answer is written in the SAME transaction as what the request changed
 * 4. an answer that changed nothing (a refusal) is written alone
 *
 * Timeline of a retry after a crash, with a function timeout of 10 s:
 *
 *     first   reserve ── decide ── crash, or hangs ─────────────── commit ✗ (the key has another owner)
 *     lease   ├──────────────────────────── lockedUntil
 *     retry 1          reserve → 409
 *     retry 2                                reserve → takes over ── decide ── commit ✓ (effect and answer)
 *
 * A key without an answer proves that its request had no effect, and one whose owner changed that it never will have:
 * therefore taking over is not a second run of something half done, but its first. Pure; the store is beside it.
 */
import { createHash } from 'node:crypto'
import { DAY, SECOND } from '#core/clock.ts'
import type { Write } from '../changes/write.ts'
import type { Form } from './form.ts'
import { StripeError } from './stripe-error.ts'

/** Stripe prunes keys after at least 24 hours. */
export const KEY_LIFETIME_MS = DAY
/** Clocks of two execution environments differ by a little; the lease must not seem over too early. */
export const LEASE_MARGIN_MS = 2 * SECOND
export const MAX_KEY_LENGTH = 255

/** One use of a key: where it is stored, what was asked, and who asks. */
export interface KeyUse {
  readonly workspaceId: string
  /** Hex SHA-256: what a caller puts into a key is not ours to keep. */
  readonly keyHash: string
  /** Hex SHA-256 of the request, see `fingerprint`. */
  readonly fingerprint: string
  /** The id of the request that runs: tells our lease from one that took over from us. */
  readonly owner: string
}

export interface KeptAnswer {
  readonly status: number
  /** JSON. */
  readonly body: string
  /** Of the request that ran: `req_…`. */
  readonly requestId: string
}

export type Reservation =
  | { readonly kind: 'reserved' }
  | { readonly kind: 'running' }
  | { readonly kind: 'other_request' }
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }

export interface IdempotencyStore {
  reserve(use: KeyUse, now: Date, lockedUntil: Date): Promise<Reservation>
  /** The write that keeps the answer, for the transaction of the effect. On condition that the lease is still ours. */
  completion(use: KeyUse, answer: KeptAnswer): Write
  /** The same, alone. False when another request took over meanwhile. */
  complete(use: KeyUse, answer: KeptAnswer): Promise<boolean>
  /** Gives the key back, unless it has an answer or another owner by now. */
  release(use: KeyUse): Promise<void>
}

/** Names the completion in a conflict: the lease is lost. */
export const COMPLETION_LABEL = 'idempotency'

/** Undefined without the header. Throws 400 for a key that is too long. */
export function keyOf(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined
  if (header.length <= MAX_KEY_LENGTH) return header
  throw new StripeError({
    ...{ status: 400, type: 'idempotency_error' },
    message: `Idempotency keys may have at most ${MAX_KEY_LENGTH} characters, got ${header.length}`,
  })
}

export const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Of what was asked, not of its bytes: the order of fields and how they were encoded say nothing. */
export const fingerprint = (request: {
  readonly method: string
  readonly path: string
  readonly params: Form
  readonly version: string
}): string => hashOf(canonicalJson([request.method, request.path, request.version, request.params]))

/** JSON with the names of every object in order. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const fields = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${fields.map(([name, inner]) => `${JSON.stringify(name)}:${canonicalJson(inner)}`).join(',')}}`
}

export const usedForAnother = (key: string): StripeError =>
  new StripeError({
    ...{ status: 400, type: 'idempotency_error' },
    message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
  })

export const stillRunning = (key: string): StripeError =>
  new StripeError({
    ...{ status: 409, type: 'idempotency_error', code: 'idempotency_key_in_use' },
    message: `There is currently another in-progress request using this Idempotent Key (that probably means you submitted twice, and the other request is still going through): ${key}. Please try again later.`,
  })
