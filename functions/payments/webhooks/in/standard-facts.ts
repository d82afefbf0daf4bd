/**
 * Messages of Standard Webhooks → facts. The specification leaves the content to the sender; read are
 *
 *     {"type": "payment.captured", "data": {"payment": "4711", "amount": {"amount": 4200, "currency": "eur"}}}
 *
 * with amounts so far, and what Backlot itself sends of orders (`order.paid`, `order.refunded`, …). Pure.
 */
import * as z from 'zod'
import type { Fact } from '../../orders/facts.ts'
import { NOTHING, type Told, unreadable } from './told.ts'

const money = z.object({
  amount: z.int().min(0),
  currency: z
    .string()
    .regex(/^[A-Za-z]{3}$/)
    .transform((text) => text.toLowerCase()),
})
const payment = z.object({
  /** The same in all messages about one payment. */
  payment: z.string().min(1).max(100),
  amount: money,
  captured: money.optional(),
  total: money.optional(),
  email: z.string().nullish(),
  description: z.string().nullish(),
})
const order = z.object({
  id: z.string().min(1).max(100),
  amount: money,
  captured: money,
  refunded: money,
  email: z.string().nullish(),
  description: z.string().nullish(),
})
const message = z.object({
  type: z.string(),
  /** The specification recommends it: when it happened. What is no time counts as none. */
  timestamp: z.iso.datetime({ offset: true }).optional().catch(undefined),
  data: z.unknown(),
})

const PAYMENT_FACTS = {
  'payment.created': 'created',
  'payment.authorized': 'authorized',
  'payment.captured': 'captured',
  'payment.refunded': 'refunded',
  'payment.failed': 'failed',
  'payment.canceled': 'canceled',
} as const
const ORDER_FACTS = {
  'order.paid': 'captured',
  'order.partially_refunded': 'refunded',
  'order.refunded': 'refunded',
  'order.canceled': 'canceled',
} as const

const known = <Table extends object>(table: Table, type: string): Table[keyof Table] | undefined =>
  Object.hasOwn(table, type) ? table[type as keyof Table] : undefined

export function standardFact(value: unknown): Told {
  const parsed = message.safeParse(value)
  if (!parsed.success) return unreadable('malformed_body')
  const { type, timestamp, data } = parsed.data
  const told = factOf(type, data)
  if (told.kind !== 'fact' || timestamp === undefined) return told
  return { ...told, fact: { ...told.fact, at: new Date(timestamp).toISOString() } }
}

function factOf(type: string, data: unknown): Told {
  const ofPayment = known(PAYMENT_FACTS, type)
  if (ofPayment !== undefined) return paymentFact(ofPayment, data)
  const ofOrder = known(ORDER_FACTS, type)
  return ofOrder === undefined ? NOTHING : orderFact(ofOrder, data)
}

function paymentFact(kind: Fact['kind'], data: unknown): Told {
  const parsed = payment.safeParse(data)
  if (!parsed.success) return unreadable('malformed_body')
  const { payment: externalId, amount, captured, total, email, description } = parsed.data
  const { currency } = amount
  // Amounts of two currencies in one message can't be about one payment.
  if ([captured, total].some((other) => other !== undefined && other.currency !== currency))
    return unreadable('malformed_body')
  const fact = { kind, amount: amount.amount, currency, captured: captured?.amount, total: total?.amount }
  // Of what only began nothing was taken: its amount is what it is about.
  const begun = kind === 'created' || kind === 'failed' || kind === 'canceled'
  return {
    kind: 'fact',
    externalId,
    fact: { ...fact, ...(begun && { amount: 0, total: fact.total ?? amount.amount }), email, description },
  }
}

function orderFact(kind: Fact['kind'], data: unknown): Told {
  const parsed = order.safeParse(data)
  if (!parsed.success) return unreadable('malformed_body')
  const { id: externalId, amount, captured, refunded, email, description } = parsed.data
  const { currency } = amount
  if (captured.currency !== currency || refunded.currency !== currency) return unreadable('malformed_body')
  const soFar = { captured: captured.amount, refunded: refunded.amount, canceled: 0 }[kind as 'captured']
  const fact: Fact = { kind, amount: soFar, captured: captured.amount, currency, total: amount.amount }
  return { kind: 'fact', externalId, fact: { ...fact, email, description } }
}
