/**
 * What others may hear about payments: events on the bus with source `backlot.payments`, made of the events that stand in
 * the table. Versioned: within a version a field never changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import { ORDER_STATUSES } from './orders/order.ts'

/** Minor units of an ISO 4217 currency, in lower case. */
const money = z.object({ amount: z.int().min(0), currency: z.string() })

const payment = { paymentIntentId: z.string(), amount: money, customerId: z.string().nullable() }
const refund = { refundId: z.string(), paymentIntentId: z.string(), amount: money }
const order = {
  orderId: z.string(),
  status: z.enum(ORDER_STATUSES),
  captured: money,
  refunded: money,
  source: z.string(),
  externalId: z.string(),
}

/** The amount is held until it is captured, at most seven days. */
export const paymentAuthorized = eventSchema('PaymentAuthorized', 1, z.object(payment))
/** `amount` is what was captured. */
export const paymentSucceeded = eventSchema('PaymentSucceeded', 1, z.object(payment))
/** One try; the customer may try again. `code` is Stripe's. */
export const paymentFailed = eventSchema('PaymentFailed', 1, z.object({ ...payment, code: z.string() }))
export const paymentCanceled = eventSchema('PaymentCanceled', 1, z.object(payment))
/** The money is on its way back or there. */
export const refundSucceeded = eventSchema('RefundSucceeded', 1, z.object(refund))
export const refundFailed = eventSchema('RefundFailed', 1, z.object({ ...refund, reason: z.string() }))
export const orderPaid = eventSchema('OrderPaid', 1, z.object(order))
/** In part or all of it: `status` tells. */
export const orderRefunded = eventSchema('OrderRefunded', 1, z.object(order))
/** Cancelled or expired, without having been paid. */
export const orderClosed = eventSchema('OrderClosed', 1, z.object(order))

/** By detail type. */
export const PAYMENT_EVENTS = {
  PaymentAuthorized: paymentAuthorized,
  PaymentSucceeded: paymentSucceeded,
  PaymentFailed: paymentFailed,
  PaymentCanceled: paymentCanceled,
  RefundSucceeded: refundSucceeded,
  RefundFailed: refundFailed,
  OrderPaid: orderPaid,
  OrderRefunded: orderRefunded,
  OrderClosed: orderClosed,
} as const
type Detail = keyof typeof PAYMENT_EVENTS

/** Which of the table's events are news on the bus. `infra/payments.ts` makes the stream's filter of them. */
export const TOLD_TYPES = {
  'payment_intent.amount_capturable_updated': 'PaymentAuthorized',
  'payment_intent.succeeded': 'PaymentSucceeded',
  'payment_intent.payment_failed': 'PaymentFailed',
  'payment_intent.canceled': 'PaymentCanceled',
  'refund.created': 'RefundSucceeded',
  'refund.updated': 'RefundSucceeded',
  'refund.failed': 'RefundFailed',
  'order.paid': 'OrderPaid',
  'order.partially_refunded': 'OrderRefunded',
  'order.refunded': 'OrderRefunded',
  'order.canceled': 'OrderClosed',
  'order.expired': 'OrderClosed',
} as const satisfies Readonly<Record<string, Detail>>
const isTold = (type: string): type is keyof typeof TOLD_TYPES => Object.hasOwn(TOLD_TYPES, type)

/** An event's row as the stream carries it; see `changes/stripe-event.ts`. */
export const eventItem = z.object({
  type: z.string(),
  workspaceId: z.string(),
  sequence: z.int().positive(),
  createdAt: z.string(),
  payload: z.string(),
  traceparent: z.string(),
})
export type EventItem = z.infer<typeof eventItem>

const intentPayload = z.object({
  id: z.string(),
  amount: z.int(),
  amount_received: z.int(),
  currency: z.string(),
  customer: z.string().nullable(),
  last_payment_error: z.object({ code: z.string() }).nullable(),
})
const refundPayload = z.object({
  id: z.string(),
  amount: z.int(),
  currency: z.string(),
  payment_intent: z.string(),
  status: z.string(),
  failure_reason: z.string().optional(),
})
const orderPayload = z.object({ ...order, id: z.string() }).omit({ orderId: true })

/** The event on the bus that a new row is; undefined for those that nobody waits for. */
export function eventOf({ before, after }: TableChange<EventItem>): OutboxEvent | undefined {
  if (after === undefined || before !== undefined || !isTold(after.type)) return undefined
  const type = TOLD_TYPES[after.type]
  const { data } = JSON.parse(after.payload) as { readonly data: { readonly object: unknown } }
  const told = dataOf(type, data.object)
  if (told === undefined) return undefined
  const { workspaceId, createdAt: occurredAt, sequence, traceparent } = after
  return { type, version: 1, occurredAt, workspaceId, sequence, data: told, ...(traceparent !== '' && { traceparent }) }
}

function dataOf(type: Detail, object: unknown): object | undefined {
  switch (type) {
    case 'PaymentAuthorized':
    case 'PaymentSucceeded':
    case 'PaymentFailed':
    case 'PaymentCanceled': {
      const { id, customer, currency, last_payment_error: error, ...intent } = intentPayload.parse(object)
      const amount = type === 'PaymentSucceeded' ? intent.amount_received : intent.amount
      const data = { paymentIntentId: id, amount: { amount, currency }, customerId: customer }
      return type === 'PaymentFailed' ? { ...data, code: error?.code ?? 'unknown' } : data
    }
    case 'RefundSucceeded':
    case 'RefundFailed': {
      const { id, amount, currency, payment_intent, status, failure_reason } = refundPayload.parse(object)
      const data = { refundId: id, paymentIntentId: payment_intent, amount: { amount, currency } }
      if (type === 'RefundFailed') return { ...data, reason: failure_reason ?? 'unknown' }
      // One that is still on its way is told of when it arrives.
      return status === 'succeeded' ? data : undefined
    }
    case 'OrderPaid':
    case 'OrderRefunded':
    case 'OrderClosed': {
      const { id, ...rest } = orderPayload.parse(object)
      return { orderId: id, ...rest }
    }
  }
}
