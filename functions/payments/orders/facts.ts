/**
 * What moves an order: facts. A fact says how much there is of something so far, not how much more; the order keeps the
 * largest it heard of. So facts may come in any order, any number of times, and some of them not at all. Pure.
 *
 *   captured 300, captured 1000   →  +300, +700
 *   captured 1000, captured 300   →  +1000, nothing
 *   refunded 500, captured 1000   →  +500 captured and refunded (what was given back had come), +500 captured
 */
import { TornReadError } from '../changes/changes.ts'
import { changed } from '../objects/objects.ts'
import { type Order, OWN_SOURCE, statusOf } from './order.ts'

export const FACT_KINDS = ['created', 'authorized', 'captured', 'refunded', 'failed', 'canceled', 'expired'] as const
export type FactKind = (typeof FACT_KINDS)[number]

export interface Fact {
  readonly kind: FactKind
  /** So far, in minor units, of what the kind says. Of the other kinds 0 will do. */
  readonly amount: number
  readonly currency: string
  /** With `refunded`: what was captured so far, where the message tells. */
  readonly captured?: number | undefined
  /** What the whole payment is about, where the message tells. */
  readonly total?: number | undefined
  readonly email?: string | null | undefined
  readonly description?: string | null | undefined
}

export type FactRefusal = 'currency_mismatch' | 'amount_mismatch' | 'invalid_amount'

export interface Movement {
  readonly order: Order
  /** What is new, in minor units: 0 when nothing is. */
  readonly captured: number
  readonly refunded: number
}

export type Applied =
  | { readonly ok: true; readonly movement: Movement | undefined }
  | { readonly ok: false; readonly reason: FactRefusal }

/** Movement is undefined when the order knows all of it already. */
export function applyFact(order: Order, fact: Fact, now: Date): Applied {
  const reason = mismatch(order, fact)
  if (reason !== undefined) return { ok: false, reason }
  const refunded = Math.max(order.refunded, fact.kind === 'refunded' ? fact.amount : 0)
  const capturedNow = fact.kind === 'captured' ? fact.amount : (fact.captured ?? 0)
  const captured = Math.max(order.captured, capturedNow, refunded)
  const authorized = Math.max(order.authorized, captured, fact.kind === 'authorized' ? fact.amount : 0)
  const amounts = { authorized, captured, refunded, amount: Math.max(order.amount, authorized, fact.total ?? 0) }
  const told = {
    email: order.email ?? fact.email ?? null,
    description: order.description ?? fact.description ?? null,
    closed: order.closed ?? closing(fact.kind),
    paidAt: order.paidAt ?? (captured > 0 ? now.toISOString() : null),
  }
  const change = { ...amounts, ...told, status: statusOf({ ...amounts, ...told }) }
  if (Object.entries(change).every(([name, value]) => order[name as keyof typeof change] === value))
    return { ok: true, movement: undefined }
  const movement = {
    order: changed(order, change, now),
    captured: captured - order.captured,
    refunded: refunded - order.refunded,
  }
  return { ok: true, movement }
}

const closing = (kind: FactKind): Order['closed'] => (kind === 'canceled' || kind === 'expired' ? kind : null)

/** An order of ours says what is to be paid; of one elsewhere we know only what we are told. */
function mismatch(order: Order, { amount, captured = 0, total, currency }: Fact): FactRefusal | undefined {
  for (const number of [amount, captured, total ?? 0])
    if (!Number.isSafeInteger(number) || number < 0) return 'invalid_amount'
  if (currency !== order.currency) return 'currency_mismatch'
  if (order.source !== OWN_SOURCE) return undefined
  if (total !== undefined && total !== order.amount) return 'amount_mismatch'
  return Math.max(amount, captured) > order.amount ? 'amount_mismatch' : undefined
}

/** A refund of ours failed: what was given back came again. The one way in which an amount falls. */
export function takeBackRefund(order: Order, amount: number, now: Date): Order {
  const refunded = order.refunded - amount
  if (refunded < 0) throw new TornReadError(`expected at most ${order.refunded} to take back, got ${amount}`)
  return changed(order, { refunded, status: statusOf({ ...order, refunded }) }, now)
}
