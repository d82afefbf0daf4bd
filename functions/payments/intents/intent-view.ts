/** Payment intents, charges and refunds in Stripe's shapes: what `/v1` answers and what events carry. Pure. */
import { epochSeconds } from '#core/clock.ts'
import type { Charge, Intent, PaymentError, Refund } from './intent.ts'
import { lastFour, testCard } from './test-cards.ts'

const seconds = (at: string): number => epochSeconds(new Date(at))

/** The API of Stripe wants a card to have a date; those of test cards never come. */
const EXPIRY = { exp_month: 12, exp_year: 2040 } as const

/** `includeSecret` is false in events: whoever reads those may not confirm. */
export function intentBody(intent: Intent, includeSecret = true) {
  const { nextAction, lastError } = intent
  return {
    id: intent.id,
    object: 'payment_intent',
    amount: intent.amount,
    amount_capturable: intent.amountCapturable,
    amount_received: intent.amountReceived,
    automatic_payment_methods: null,
    canceled_at: intent.canceledAt === null ? null : seconds(intent.canceledAt),
    cancellation_reason: intent.cancellationReason,
    capture_method: intent.captureMethod,
    client_secret: includeSecret ? intent.clientSecret : null,
    confirmation_method: 'automatic',
    created: seconds(intent.createdAt),
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    last_payment_error: lastError === null ? null : errorBody(lastError, intent.latestCharge),
    latest_charge: intent.latestCharge,
    livemode: false,
    metadata: intent.metadata,
    next_action:
      nextAction === null
        ? null
        : { type: 'redirect_to_url', redirect_to_url: { url: nextAction.url, return_url: nextAction.returnUrl } },
    payment_method: intent.paymentMethod,
    payment_method_types: ['card'],
    receipt_email: intent.receiptEmail,
    setup_future_usage: null,
    status: intent.status,
    transfer_group: null,
  } as const
}

const errorBody = ({ type, code, message, declineCode }: PaymentError, charge: string | null) => ({
  type,
  code,
  message,
  ...(declineCode !== null && { decline_code: declineCode }),
  ...(charge !== null && type === 'card_error' && { charge }),
  doc_url: `https://docs.stripe.com/error-codes#${code.replaceAll('_', '-')}`,
})

export function chargeBody(charge: Charge) {
  const { error } = charge
  return {
    id: charge.id,
    object: 'charge',
    amount: charge.amount,
    amount_captured: charge.amountCaptured,
    amount_refunded: charge.amountRefunded,
    balance_transaction: charge.transactionId,
    billing_details: { address: null, email: charge.receiptEmail, name: null, phone: null },
    captured: charge.captured,
    created: seconds(charge.createdAt),
    currency: charge.currency,
    customer: charge.customer,
    description: charge.description,
    disputed: false,
    failure_code: error?.code ?? null,
    failure_message: error?.message ?? null,
    livemode: false,
    metadata: charge.metadata,
    outcome: {
      network_status: error === null ? 'approved_by_network' : 'declined_by_network',
      reason: error?.declineCode ?? error?.code ?? null,
      risk_level: 'normal',
      seller_message: error === null ? 'Payment complete.' : 'The bank did not return any further details.',
      type: error === null ? 'authorized' : 'issuer_declined',
    },
    paid: charge.status === 'succeeded',
    payment_intent: charge.intentId,
    payment_method: charge.paymentMethod,
    payment_method_details: { type: 'card', card: cardBody(charge) },
    receipt_email: charge.receiptEmail,
    receipt_url: null,
    refunded: charge.captured ? charge.amountRefunded === charge.amountCaptured : charge.released,
    status: charge.status,
  } as const
}

function cardBody({ paymentMethod, captureBefore }: Charge) {
  const card = testCard(paymentMethod)
  return {
    brand: card?.brand ?? null,
    last4: card === undefined ? null : lastFour(card),
    funding: card?.funding ?? null,
    country: 'US',
    ...EXPIRY,
    ...(captureBefore !== null && { capture_before: seconds(captureBefore) }),
    three_d_secure: card?.outcome.kind === 'asks' ? { result: 'authenticated', version: '2.2.0' } : null,
  }
}

export const refundBody = (refund: Refund) =>
  ({
    id: refund.id,
    object: 'refund',
    amount: refund.amount,
    balance_transaction: refund.transactionId,
    charge: refund.chargeId,
    created: seconds(refund.createdAt),
    currency: refund.currency,
    destination_details: { type: 'card', card: { type: 'refund' } },
    ...(refund.failureTransactionId !== null && { failure_balance_transaction: refund.failureTransactionId }),
    ...(refund.failureReason !== null && { failure_reason: refund.failureReason }),
    metadata: refund.metadata,
    payment_intent: refund.intentId,
    reason: refund.reason,
    receipt_number: null,
    status: refund.status,
  }) as const
