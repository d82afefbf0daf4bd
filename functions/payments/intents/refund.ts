/**
 * Refunds: what is given back of a charge. The charge carries their sum, so a refund changes the charge, and the condition on
 * the charge's version keeps Σ (pending + succeeded) at or below what was captured, however many ask at once. Pure.
 */
import { type Refusal, refuse } from '../changes/refusal.ts'
import { checkPart, formatMoney } from '../money/amount.ts'
import { changed } from '../objects/objects.ts'
import type { Charge, Metadata, Refund, RefundFailure, RefundReason } from './intent.ts'

export interface RefundInput {
  /** Minor units. Undefined: all that is left. */
  readonly amount?: number | undefined
  readonly reason?: RefundReason | null | undefined
  readonly metadata?: Metadata | undefined
}

export interface RefundIdentity {
  readonly id: string
  readonly transactionId: string
  /** `pending` when the money is still on its way. */
  readonly status: 'pending' | 'succeeded'
}

export type RefundDecision = { readonly ok: true; readonly refund: Refund; readonly charge: Charge } | Refusal

export const refundable = ({ amountCaptured, amountRefunded }: Charge): number => amountCaptured - amountRefunded

export function refund(charge: Charge, input: RefundInput, identity: RefundIdentity, now: Date): RefundDecision {
  if (charge.status !== 'succeeded' || !charge.captured)
    return refuse(
      'charge_not_refundable',
      `Charge ${charge.id} was not captured, so there is nothing to refund. Cancel its PaymentIntent instead.`,
    )
  const left = refundable(charge)
  if (left === 0) return refuse('charge_already_refunded', `Charge ${charge.id} has already been refunded.`)
  const amount = input.amount ?? left
  const fault = checkPart(amount, charge.currency)
  if (fault !== undefined) return fault
  if (amount > left)
    return refuse(
      undefined,
      `Refund amount (${formatMoney(amount, charge.currency)}) is greater than unrefunded amount on charge ` +
        `(${formatMoney(left, charge.currency)})`,
      'amount',
    )
  const { reason = null, metadata = {} } = input
  const at = now.toISOString()
  const { workspaceId, currency, intentId, orderId } = charge
  const made: Refund = {
    ...identity,
    ...{ workspaceId, amount, currency, intentId, orderId, reason, metadata },
    kind: 'refund',
    version: 1,
    createdAt: at,
    updatedAt: at,
    chargeId: charge.id,
    ownerId: intentId,
    failureReason: null,
    failureTransactionId: null,
  }
  return {
    ok: true,
    refund: made,
    charge: changed<Charge>(charge, { amountRefunded: charge.amountRefunded + amount }, now),
  }
}

/** A pending refund arrived. */
export function settleRefund(refunded: Refund, now: Date): { readonly ok: true; readonly refund: Refund } | Refusal {
  if (refunded.status !== 'pending') return wrongState(refunded, 'pending')
  return { ok: true, refund: changed<Refund>(refunded, { status: 'succeeded' }, now) }
}

/** The bank sent it back: what it had taken of the charge is free again. A failed refund stays failed. */
export function failRefund(
  refunded: Refund,
  charge: Charge,
  failure: { readonly reason: RefundFailure; readonly transactionId: string },
  now: Date,
): RefundDecision {
  if (refunded.status === 'failed') return wrongState(refunded, 'pending or succeeded')
  const change = {
    status: 'failed',
    failureReason: failure.reason,
    failureTransactionId: failure.transactionId,
  } as const
  const amountRefunded = charge.amountRefunded - refunded.amount
  return {
    ok: true,
    refund: changed<Refund>(refunded, change, now),
    charge: changed<Charge>(charge, { amountRefunded }, now),
  }
}

const wrongState = ({ id, status }: Refund, expected: string): Refusal =>
  refuse('refund_unexpected_state', `Refund ${id} has a status of ${status}, expected ${expected}.`)
