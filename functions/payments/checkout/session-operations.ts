/**
 * What can be done with a checkout session, in the manner of `intents/operations.ts`: adds to the changes of an operation
 * everything that follows. Loads nothing, writes nothing.
 */
import { type Operation, tell } from '../changes/operation.ts'
import type { Intent, NextAction } from '../intents/intent.ts'
import { cancelIntent, confirmIntent, createIntent, type OrderedPayment, type Outcome } from '../intents/operations.ts'
import { changed } from '../objects/objects.ts'
import { moveOrder } from '../orders/move-order.ts'
import { newOrder, type Order, OWN_SOURCE } from '../orders/order.ts'
import { followed, type Session } from './session.ts'
import { sessionBody } from './session-view.ts'

const news = (session: Session) => ({ object: session, body: sessionBody(session) })

/** Adds the session with its order. No event: Stripe tells of sessions only when they end. */
export function openSession({ changes, cause }: Operation, session: Session): void {
  const { workspaceId, amount, currency, customer, lines, description } = session
  const order = { id: session.orderId, workspaceId, amount, currency, source: OWN_SOURCE, externalId: session.id }
  const email = session.receiptEmail ?? session.customerEmail
  const orderLines = lines.map((line) => ({
    ...{ description: line.description, quantity: line.quantity },
    ...{ unitAmount: line.unitAmount, amount: line.amount },
  }))
  changes.create(session)
  changes.create(newOrder({ ...order, email, customer, description, lines: orderLines }, cause.now))
}

/** A session with what it led to so far. */
export interface OpenCheckout {
  readonly session: Session
  readonly order: Order
  /** Undefined before the first try to pay. */
  readonly payment: OrderedPayment | undefined
}

export interface CardEntry {
  readonly email: string
  readonly name: string | null
  /** The name of a test card. */
  readonly paymentMethod: string
  /** Where the bank asks, if it does. */
  readonly nextActionOf: (intentId: string) => Promise<NextAction>
}

/** One try to pay an open session; the first makes its intent. */
export async function payCheckout(operation: Operation, checkout: OpenCheckout, entry: CardEntry): Promise<Outcome> {
  const { session, order } = checkout
  // An intent that the merchant cancelled takes no money any more; the session may still be paid.
  const known = checkout.payment?.intent.status === 'canceled' ? undefined : checkout.payment
  const payment = known === undefined ? firstPayment(operation, checkout, entry) : { ok: true as const, ...known }
  if (!payment.ok) return payment
  const { email, name, paymentMethod, nextActionOf } = entry
  const tried = changed<Session>(session, { intentId: payment.intent.id, paidBy: { email, name } }, operation.cause.now)
  operation.changes.update(session, tried)
  const nextAction = await nextActionOf(payment.intent.id)
  const confirmation = { paymentMethod, nextAction, receiptEmail: session.receiptEmail ?? email }
  const outcome = confirmIntent(operation, { ...payment, order }, confirmation)
  if (outcome.ok) followIntent(operation, tried, outcome.intent)
  return outcome
}

function firstPayment(operation: Operation, { session, order }: OpenCheckout, { email }: CardEntry): Outcome {
  const { workspaceId, amount, currency, captureMethod, customer, description, intentMetadata: metadata } = session
  const receiptEmail = session.receiptEmail ?? email
  const input = { amount, currency, captureMethod, customer, description, receiptEmail, metadata }
  return createIntent(operation, { workspaceId, input, of: { order, sessionId: session.id } })
}

/** Once its intent has the money, or the right to take it, a session is complete; it may be paid later. */
export function followIntent(operation: Operation, session: Session, intent: Intent): Session {
  const after = followed(session, intent, operation.cause.now)
  if (after === undefined) return session
  operation.changes.update(session, after)
  if (session.status === 'open') tell(operation, 'checkout.session.completed', news(after))
  else tell(operation, 'checkout.session.async_payment_succeeded', news(after))
  return after
}

/** Nobody can pay it any more: by the merchant's wish, or because its time is over. An open intent of it is cancelled. */
export function expireSession(operation: Operation, { session, order, payment }: OpenCheckout): Session {
  const after = changed<Session>(session, { status: 'expired' }, operation.cause.now)
  operation.changes.update(session, after)
  const cancelled = payment === undefined ? undefined : cancelIntent(operation, { ...payment, order }, 'automatic')
  const current = cancelled?.ok === true ? cancelled.order : order
  const moved = moveOrder(operation, current, { kind: 'expired', amount: 0, currency: order.currency }, session.id)
  if (!moved.ok) throw new Error(`expected the order ${order.id} to expire, got ${moved.reason}`)
  tell(operation, 'checkout.session.expired', news(after))
  return after
}
