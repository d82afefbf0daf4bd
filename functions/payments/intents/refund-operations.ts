/** What can be done with refunds; as `operations.ts`, which is about payments. Loads nothing, writes nothing. */
import { TornReadError } from '../changes/changes.ts'
import { type Operation, tell } from '../changes/operation.ts'
import type { Refusal } from '../changes/refusal.ts'
import { transfer } from '../ledger/ledger.ts'
import { takeBackRefund } from '../orders/facts.ts'
import { booking, moveOrder, tellStatus } from '../orders/move-order.ts'
import type { Order } from '../orders/order.ts'
import type { Charge, Refund, RefundFailure } from './intent.ts'
import { chargeBody, refundBody } from './intent-view.ts'
import { failRefund as fail, type RefundInput, refund, settleRefund as settle } from './refund.ts'
import { testCard } from './test-cards.ts'

/** A charge that was captured, with its order. */
export interface CapturedPayment {
  readonly charge: Charge
  readonly order: Order
}

export type RefundOutcome = ({ readonly ok: true; readonly refund: Refund } & CapturedPayment) | Refusal

const refundNews = (made: Refund) => ({ object: made, body: refundBody(made) })
const chargeNews = (charge: Charge) => ({ object: charge, body: chargeBody(charge) })

/** Gives money back. With the test card of pending refunds it is on its way until `settleRefund`. */
export function createRefund(
  operation: Operation,
  { charge, order }: CapturedPayment,
  input: RefundInput,
): RefundOutcome {
  const { changes, ids, cause } = operation
  const id = ids('re')
  const status = testCard(charge.paymentMethod)?.refund === 'pends' ? 'pending' : 'succeeded'
  const decision = refund(charge, input, { id, status, transactionId: ids('txn') }, cause.now)
  if (!decision.ok) return decision
  const fact = { kind: 'refunded', amount: decision.charge.amountRefunded, currency: charge.currency } as const
  const moved = moveRefunded(operation, order, fact.amount, id)
  const made: Refund = { ...decision.refund, transactionId: moved.transactionId }
  changes.create(made)
  changes.update(charge, decision.charge)
  tell(operation, 'refund.created', refundNews(made))
  tell(operation, 'charge.refunded', chargeNews(decision.charge))
  return { ok: true, refund: made, charge: decision.charge, order: moved.order }
}

/** @param refunded so far, of the charge and so of its order */
function moveRefunded(operation: Operation, order: Order, refunded: number, refundId: string) {
  const moved = moveOrder(operation, order, { kind: 'refunded', amount: refunded, currency: order.currency }, refundId)
  const transactionId = moved.bookings?.refunded?.id
  // A charge and its order know of the same refunds: both are changed in every one.
  if (!moved.ok || moved.movement === undefined || transactionId === undefined)
    throw new TornReadError(`expected ${refundId} to move the order ${order.id} to ${refunded} refunded`)
  return { order: moved.movement.order, transactionId }
}

/** A pending refund arrived. */
export function settleRefund(
  operation: Operation,
  before: Refund,
): { readonly ok: true; readonly refund: Refund } | Refusal {
  const decision = settle(before, operation.cause.now)
  if (!decision.ok) return decision
  operation.changes.update(before, decision.refund)
  tell(operation, 'refund.updated', refundNews(decision.refund), { status: before.status })
  tell(operation, 'charge.refund.updated', refundNews(decision.refund), { status: before.status })
  return decision
}

/** The bank sent it back: what was booked is booked back, and the amount may be refunded again. */
export function failRefund(
  operation: Operation,
  { refund: before, charge, order }: CapturedPayment & { readonly refund: Refund },
  reason: RefundFailure,
): RefundOutcome {
  const { changes, cause } = operation
  const postings = transfer('assets:processor', 'contra:refunds', before.amount, before.currency)
  const reversal = booking(operation, order, { key: `${before.id}:failed`, description: 'refund failed', postings })
  const decision = fail(before, charge, { reason, transactionId: reversal.id }, cause.now)
  if (!decision.ok) return decision
  const back = takeBackRefund(order, before.amount, cause.now)
  changes.post(reversal)
  changes.update(order, back)
  changes.update(before, decision.refund)
  changes.update(charge, decision.charge)
  tell(operation, 'refund.failed', refundNews(decision.refund), { status: before.status })
  tell(operation, 'charge.refund.updated', refundNews(decision.refund), { status: before.status })
  tellStatus(operation, order, back)
  return { ok: true, refund: decision.refund, charge: decision.charge, order: back }
}
