/**
 * Events of Stripe → facts. Only fields that say "so far" are read, so that order and repetition do not matter: a single
 * refund says how much it is, not how much was given back; `charge.refunded` says the sum.
 * https://docs.stripe.com/api/events/types. Pure.
 */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { Fact } from '../../orders/facts.ts'
import { NOTHING, type Told, unreadable } from './told.ts'

const amount = z.int().min(0)
const id = z.string().min(1).max(100)
const currency = z.string().regex(/^[a-z]{3}$/)

const intent = z.object({
  id,
  amount,
  currency,
  amount_received: amount.default(0),
  amount_capturable: amount.default(0),
  receipt_email: z.string().nullish(),
  description: z.string().nullish(),
})
const charge = z.object({
  id,
  payment_intent: id.nullish(),
  amount,
  currency,
  captured: z.boolean(),
  amount_captured: amount.default(0),
  amount_refunded: amount.default(0),
  receipt_email: z.string().nullish(),
  description: z.string().nullish(),
})
const session = z.object({
  id,
  payment_intent: id.nullish(),
  payment_status: z.string(),
  amount_total: amount.nullish(),
  currency: currency.nullish(),
  customer_details: z.object({ email: z.string().nullish() }).nullish(),
})
/** Stripe's times are seconds in ten digits until the year 2286. */
const MAX_TIME = 9_999_999_999
const event = z.object({
  type: z.string(),
  /** Epoch seconds. */
  created: z.int().min(0).max(MAX_TIME).optional(),
  livemode: z.boolean().default(false),
  data: z.object({ object: z.record(z.string(), z.unknown()) }),
})

type Known = { readonly externalId: string; readonly fact: Fact }
type Read = (object: unknown) => Known | undefined

const readIntent = (factOf: (object: z.infer<typeof intent>) => Pick<Fact, 'kind' | 'amount'>): Read => {
  return (object) => {
    const parsed = intent.parse(object)
    const { currency: money, amount: total, receipt_email: email, description } = parsed
    return { externalId: parsed.id, fact: { ...factOf(parsed), currency: money, total, email, description } }
  }
}

/** Of a charge alone the payment is the charge itself: there was a time before payment intents. */
const readCharge = (factOf: (object: z.infer<typeof charge>) => Pick<Fact, 'kind' | 'amount' | 'captured'>): Read => {
  return (object) => {
    const parsed = charge.parse(object)
    const { currency: money, amount: total, receipt_email: email, description } = parsed
    const externalId = parsed.payment_intent ?? parsed.id
    return { externalId, fact: { ...factOf(parsed), currency: money, total, email, description } }
  }
}

const readSession: Read = (object) => {
  const { payment_intent, payment_status, amount_total, currency: money, customer_details } = session.parse(object)
  // A session that is completed with a payment that takes days is not paid yet: the intent will tell.
  if (payment_status !== 'paid' || !payment_intent || !amount_total || !money) return undefined
  const fact: Fact = { kind: 'captured', amount: amount_total, currency: money, total: amount_total }
  return { externalId: payment_intent, fact: { ...fact, email: customer_details?.email } }
}

const heard = readIntent(() => ({ kind: 'created', amount: 0 }))
const moved = readCharge(({ captured, amount: authorized, amount_captured, amount_refunded }) => {
  if (amount_refunded > 0 && captured) return { kind: 'refunded', amount: amount_refunded, captured: amount_captured }
  return captured ? { kind: 'captured', amount: amount_captured } : { kind: 'authorized', amount: authorized }
})

const READERS: Readonly<Record<string, Read>> = {
  'payment_intent.created': heard,
  'payment_intent.processing': heard,
  'payment_intent.requires_action': heard,
  'payment_intent.amount_capturable_updated': readIntent(({ amount_capturable, amount_received }) => ({
    kind: 'authorized',
    amount: amount_capturable + amount_received,
  })),
  'payment_intent.succeeded': readIntent(({ amount_received }) => ({ kind: 'captured', amount: amount_received })),
  'payment_intent.payment_failed': readIntent(() => ({ kind: 'failed', amount: 0 })),
  'payment_intent.canceled': readIntent(() => ({ kind: 'canceled', amount: 0 })),
  'charge.succeeded': moved,
  'charge.captured': moved,
  'charge.updated': moved,
  'charge.refunded': moved,
  'checkout.session.completed': readSession,
  'checkout.session.async_payment_succeeded': readSession,
}

export function stripeFact(message: unknown): Told {
  const parsed = event.safeParse(message)
  if (!parsed.success) return unreadable('malformed_body')
  const { type, created, livemode, data } = parsed.data
  const read = Object.hasOwn(READERS, type) ? READERS[type] : undefined
  if (read === undefined) return NOTHING
  // Everything here is test mode: money of the real world must not end in the books of a test.
  if (livemode) return unreadable('live_mode')
  try {
    const known = read(data.object)
    if (known === undefined) return NOTHING
    const at = created === undefined ? undefined : new Date(created * SECOND).toISOString()
    return { kind: 'fact', externalId: known.externalId, fact: { ...known.fact, at } }
  } catch (error) {
    if (error instanceof z.ZodError) return unreadable('malformed_body')
    throw error
  }
}
