/**
 * What moves an order: facts. A fact says how much there is of something so far, not how much more; the order keeps the
 * largest it heard of. So facts may come in any order, any number of times, and some of them not at all. Pure.
 *
 * Of what is no amount the order keeps what outweighs the rest: of texts the latest told, by the time that the message has,
 * of ends the one that somebody wished.
 *
 *   captured 300, captured 1000   →  +300, +700
 *   captured 1000, captured 300   →  +1000, nothing
 *   refunded 500, captured 1000   →  +500 captured and refunded (what was given back had come), +500 captured
 */
import { isDeepStrictEqual } from 'node:util'
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
  /**
   * When it was so, RFC 3339 with milliseconds and `Z`, where the message tells. Without it what it says counts as older
   * than what has a time.
   */
  readonly at?: string | undefined
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
  const amount = Math.max(order.amount, authorized, fact.total ?? fact.amount)
  const amounts = { authorized, captured, refunded, amount }
  const isPaying = Math.max(capturedNow, fact.kind === 'refunded' ? fact.amount : 0) > 0
  const told = {
    ...textsAfter(order, fact),
    closed: heavier(order.closed, closing(fact.kind)),
    paidAt: isPaying ? earlier(order.paidAt, fact.at ?? now.toISOString()) : order.paidAt,
  }
  const change = { ...amounts, ...told, status: statusOf({ ...amounts, ...told }) }
  if (isDeepStrictEqual(change, pick(order, change))) return { ok: true, movement: undefined }
  const movement = {
    order: changed(order, change, now),
    captured: captured - order.captured,
    refunded: refunded - order.refunded,
  }
  return { ok: true, movement }
}

const pick = (order: Order, change: object): object =>
  Object.fromEntries(Object.keys(change).map((name) => [name, order[name as keyof Order]]))

/** Older than everything that has a time. */
const NEVER = ''

interface ToldText {
  readonly text: string | null
  readonly at: string
}

function textsAfter(order: Order, fact: Fact): Pick<Order, 'email' | 'description' | 'toldAt'> {
  const at = fact.at ?? NEVER
  const email = later({ text: order.email, at: order.toldAt?.email ?? NEVER }, { text: fact.email ?? null, at })
  const description = later(
    { text: order.description, at: order.toldAt?.description ?? NEVER },
    { text: fact.description ?? null, at },
  )
  const toldAt = { email: email.at, description: description.at }
  const isNew = toldAt.email !== NEVER || toldAt.description !== NEVER || order.toldAt !== undefined
  return { email: email.text, description: description.text, toldAt: isNew ? toldAt : undefined }
}

/** What was told last; of two at the same time one of them, the same whichever came first. Nothing told takes nothing away. */
function later(known: ToldText, told: ToldText): ToldText {
  if (told.text === null) return known
  if (known.text === null || told.at > known.at) return told
  return told.at === known.at && told.text > known.text ? told : known
}

const earlier = (known: string | null, at: string): string => (known === null || at < known ? at : known)

/** That somebody cancelled outweighs that nobody paid in time. */
const CLOSINGS = ['expired', 'canceled'] as const
const heavier = (known: Order['closed'], told: Order['closed']): Order['closed'] =>
  CLOSINGS.findLast((each) => each === known || each === told) ?? null

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
