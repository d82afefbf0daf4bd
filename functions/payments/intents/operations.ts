/**
 * What can be done with a payment: a decision of `transitions.ts` with everything that follows from it (objects, the
 * order, ledger transactions, events), added to the changes of an operation. Whoever calls commits, with more of its own
 * if need be. Loads nothing, writes nothing.
 */
import { TornReadError } from '../changes/changes.ts'
import { type Operation, tell } from '../changes/operation.ts'
import type { Refusal } from '../changes/refusal.ts'
import { transfer } from '../ledger/ledger.ts'
import { processingFee } from '../money/fee.ts'
import { changed } from '../objects/objects.ts'
import type { Fact, FactKind } from '../orders/facts.ts'
import { booking, moveOrder } from '../orders/move-order.ts'
import { newOrder, type Order, OWN_SOURCE } from '../orders/order.ts'
import { type CancellationReason, type Charge, type Intent, type IntentInput, newIntent } from './intent.ts'
import { chargeBody, intentBody } from './intent-view.ts'
import {
  authenticate,
  type Confirmation,
  cancel,
  capture,
  checkInput,
  confirm,
  type Decision,
  expire,
  type Payment,
  type Revision,
  revise,
} from './transitions.ts'

/** A payment with the order that it is for. */
export interface OrderedPayment extends Payment {
  readonly order: Order
}

export type Outcome = ({ readonly ok: true } & OrderedPayment) | Refusal

/** Of the secret half of a client secret: 144 bits, as base64url. */
const SECRET_BYTES = 18

const intentNews = (intent: Intent) => ({ object: intent, body: intentBody(intent, false) })
const chargeNews = (charge: Charge) => ({ object: charge, body: chargeBody(charge) })

export interface NewPayment {
  readonly workspaceId: string
  readonly input: IntentInput
  /** The order that it pays, with its checkout session. Undefined: it stands alone and gets an order of its own. */
  readonly of?: { readonly order: Order; readonly sessionId: string } | undefined
}

export function createIntent(operation: Operation, { workspaceId, input, of }: NewPayment): Outcome {
  const fault = checkInput(input)
  if (fault !== undefined) return fault
  const { ids, random, changes, cause } = operation
  const id = ids('pi')
  const order = of?.order ?? ownOrder(operation, workspaceId, id, input)
  const clientSecret = `${id}_secret_${Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')}`
  const identity = { id, workspaceId, clientSecret, orderId: order.id, sessionId: of?.sessionId ?? null }
  const intent = newIntent(input, identity, cause.now)
  if (of === undefined) changes.create(order)
  changes.create(intent)
  tell(operation, 'payment_intent.created', intentNews(intent))
  return { ok: true, intent, charge: undefined, order }
}

function ownOrder({ ids, cause }: Operation, workspaceId: string, intentId: string, input: IntentInput): Order {
  const { amount, currency, description, customer, receiptEmail: email } = input
  const order = { id: ids('ord'), workspaceId, amount, currency, source: OWN_SOURCE, externalId: intentId }
  return newOrder({ ...order, email, customer, description }, cause.now)
}

/** What is to be paid follows the intent as long as it stands alone; a session's order has its own amount. */
export function updateIntent(operation: Operation, payment: OrderedPayment, revision: Revision): Outcome {
  const decision = revise(payment, revision, operation.cause.now)
  if (!decision.ok) return decision
  const { intent } = decision.payment
  operation.changes.update(payment.intent, intent)
  const { order } = payment
  if (intent.sessionId !== null) return { ok: true, ...decision.payment, order }
  const { amount, currency, customer, description } = intent
  const { now } = operation.cause
  const toldAt = { email: now.toISOString(), description: now.toISOString() }
  const email = intent.receiptEmail ?? order.email
  const revised = changed<Order>(order, { amount, currency, customer, description, email, toldAt }, now)
  operation.changes.update(order, revised)
  return { ok: true, ...decision.payment, order: revised }
}

/** Tries to take the money. With a decline the outcome is ok: the intent's `lastError` says what the caller is to hear. */
export function confirmIntent(
  operation: Operation,
  payment: OrderedPayment,
  confirmation: Omit<Confirmation, 'chargeId'>,
): Outcome {
  const chargeId = operation.ids('ch')
  return follow(operation, payment, confirm(payment, { ...confirmation, chargeId }, operation.cause.now))
}

/** The customer's answer to their bank. */
export const authenticateIntent = (operation: Operation, payment: OrderedPayment, agreed: boolean): Outcome =>
  follow(operation, payment, authenticate(payment, agreed, operation.ids('ch'), operation.cause.now))

/** @param amount minor units; undefined takes all that was authorised */
export const captureIntent = (operation: Operation, payment: OrderedPayment, amount: number | undefined): Outcome =>
  follow(operation, payment, capture(payment, amount, operation.cause.now))

export const cancelIntent = (
  operation: Operation,
  payment: OrderedPayment,
  reason: CancellationReason | null,
): Outcome => follow(operation, payment, cancel(payment, reason, operation.cause.now))

/** Its seven days are over. */
export const expireAuthorisation = (operation: Operation, payment: OrderedPayment): Outcome =>
  follow(operation, payment, expire(payment, operation.cause.now))

/** Collects what a decision changed: bookings and order first, because the charge names its booking. */
function follow(operation: Operation, before: OrderedPayment, decision: Decision): Outcome {
  if (!decision.ok) return decision
  const { changes } = operation
  const { intent } = decision.payment
  const { order, charge } = settleOrder(operation, before, decision.payment)
  changes.update(before.intent, intent)
  if (charge !== undefined && charge !== before.charge) {
    if (charge.id === before.charge?.id) changes.update(before.charge, charge)
    else changes.create(charge)
  }
  for (const [type, news] of newsOf(before, { intent, charge })) tell(operation, type, news)
  return { ok: true, intent, charge, order }
}

function settleOrder(operation: Operation, before: OrderedPayment, { intent, charge }: Payment) {
  const { order } = before
  const kind = factOf(before.intent, intent)
  if (kind === undefined) return { order, charge }
  const amount = kind === 'authorized' ? intent.amountCapturable : intent.amountReceived
  const at = operation.cause.now.toISOString()
  const fact: Fact = { kind, amount, currency: intent.currency, email: intent.receiptEmail, at }
  const moved = moveOrder(operation, order, fact, charge?.id ?? intent.id)
  // An intent and its order are made of one amount and changed together.
  if (!moved.ok) throw new TornReadError(`expected the order ${order.id} to fit ${intent.id}, got ${moved.reason}`)
  const transactionId = moved.bookings?.captured?.id
  if (charge === undefined || transactionId === undefined) return { order: moved.movement?.order ?? order, charge }
  bookFee(operation, order, charge)
  return { order: moved.movement?.order ?? order, charge: { ...charge, transactionId } }
}

/**
 * What a move of the intent tells its order. An open session whose intent is cancelled may be paid by another one; one
 * whose intent was authorised is complete, and takes no other.
 */
function factOf(before: Intent, after: Intent): FactKind | undefined {
  if (after.status === before.status) return undefined
  if (after.status === 'succeeded') return 'captured'
  if (after.status === 'requires_capture') return 'authorized'
  const isEnd = after.sessionId === null || before.status === 'requires_capture'
  return after.status === 'canceled' && isEnd ? 'canceled' : undefined
}

function bookFee(operation: Operation, order: Order, charge: Charge): void {
  const fee = processingFee(charge.amountCaptured, charge.currency)
  if (fee === 0) return
  const postings = transfer('expenses:fees', 'assets:processor', fee, charge.currency)
  operation.changes.post(booking(operation, order, { key: `${charge.id}:fee`, description: 'fee', postings }))
}

type News = readonly [string, ReturnType<typeof intentNews> | ReturnType<typeof chargeNews>]

/** Stripe's events of a move, the charge's before the intent's. */
function newsOf(before: Payment, { intent, charge }: Payment): readonly News[] {
  const tried = charge !== undefined && charge.id !== before.charge?.id
  const declined: News = ['payment_intent.payment_failed', intentNews(intent)]
  const ofCharge: readonly News[] = tried
    ? [[charge.status === 'succeeded' ? 'charge.succeeded' : 'charge.failed', chargeNews(charge)]]
    : []
  switch (intent.status) {
    case 'requires_payment_method':
      return [...ofCharge, declined]
    case 'requires_action':
      return [['payment_intent.requires_action', intentNews(intent)]]
    case 'requires_capture':
      return [...ofCharge, ['payment_intent.amount_capturable_updated', intentNews(intent)]]
    case 'succeeded': {
      const captured: readonly News[] =
        tried || charge === undefined ? ofCharge : [['charge.captured', chargeNews(charge)]]
      return [...captured, ['payment_intent.succeeded', intentNews(intent)]]
    }
    case 'canceled': {
      // Of an authorisation: a session that nobody paid ends its intent by itself too, and its last charge was declined.
      const expired = intent.cancellationReason === 'automatic' && charge?.released === true
      const released: readonly News[] = expired ? [['charge.expired', chargeNews(charge)]] : []
      return [...released, ['payment_intent.canceled', intentNews(intent)]]
    }
    case 'requires_confirmation':
      return []
  }
}
