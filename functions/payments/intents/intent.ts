/** A payment intent, its charges and refunds: their shapes, and how they begin. The moves are in `transitions.ts`. Pure. */
import { DAY } from '#core/clock.ts'
import type { StoredObject } from '../objects/objects.ts'

export const INTENT_STATUSES = [
  'requires_payment_method',
  'requires_confirmation',
  'requires_action',
  'requires_capture',
  'succeeded',
  'canceled',
] as const
export type IntentStatus = (typeof INTENT_STATUSES)[number]

/** `automatic_async` is Stripe's default; here it is as `automatic`. */
export const CAPTURE_METHODS = ['automatic', 'automatic_async', 'manual'] as const
export type CaptureMethod = (typeof CAPTURE_METHODS)[number]

export const CANCELLATION_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer', 'abandoned'] as const
export type CancellationReason = (typeof CANCELLATION_REASONS)[number] | 'automatic'

export type Metadata = Readonly<Record<string, string>>

/** Why a payment did not go through, as Stripe tells it. */
export interface PaymentError {
  readonly type: 'card_error' | 'invalid_request_error'
  readonly code: string
  readonly message: string
  readonly declineCode: string | null
}

/** Where the customer is to be sent. */
export interface NextAction {
  /** Of our page, where the bank asks. */
  readonly url: string
  /** Of the merchant's page, where they come back to. */
  readonly returnUrl: string | null
}

/** Listed by its customer. */
export interface Intent extends StoredObject<'payment_intent'> {
  readonly status: IntentStatus
  /** Minor units. */
  readonly amount: number
  readonly amountCapturable: number
  readonly amountReceived: number
  readonly currency: string
  readonly captureMethod: CaptureMethod
  readonly customer: string | null
  readonly description: string | null
  readonly receiptEmail: string | null
  readonly metadata: Metadata
  /** The name of a test card. */
  readonly paymentMethod: string | null
  readonly latestCharge: string | null
  /** Lets its holder confirm this intent and read it, nothing else. Never logged. */
  readonly clientSecret: string
  readonly nextAction: NextAction | null
  readonly lastError: PaymentError | null
  readonly canceledAt: string | null
  readonly cancellationReason: CancellationReason | null
  readonly orderId: string
  /** The checkout session that it was made by. */
  readonly sessionId: string | null
}

/** Card networks let an authorisation stand this long: https://docs.stripe.com/payments/place-a-hold-on-a-payment-method */
export const AUTHORISATION_MS = 7 * DAY

/** One try to take the money. Listed by its intent. */
export interface Charge extends StoredObject<'charge'> {
  readonly status: 'succeeded' | 'failed'
  readonly intentId: string
  readonly orderId: string
  /** Minor units: what was authorised. */
  readonly amount: number
  readonly amountCaptured: number
  /** Σ of its refunds that are pending or succeeded; never above `amountCaptured`. */
  readonly amountRefunded: number
  readonly currency: string
  readonly captured: boolean
  /** While it is authorised only: captured by then, or not at all. */
  readonly captureBefore: string | null
  /** The authorisation was given up: its intent was cancelled, or its time was over. */
  readonly released: boolean
  readonly customer: string | null
  readonly description: string | null
  readonly receiptEmail: string | null
  readonly metadata: Metadata
  readonly paymentMethod: string
  readonly error: PaymentError | null
  /** The ledger transaction of its capture. */
  readonly transactionId: string | null
}

export const REFUND_REASONS = ['duplicate', 'fraudulent', 'requested_by_customer'] as const
export type RefundReason = (typeof REFUND_REASONS)[number]
export const REFUND_FAILURES = ['lost_or_stolen_card', 'expired_or_canceled_card', 'unknown'] as const
export type RefundFailure = (typeof REFUND_FAILURES)[number]

/** Listed by its intent. */
export interface Refund extends StoredObject<'refund'> {
  readonly status: 'pending' | 'succeeded' | 'failed'
  readonly amount: number
  readonly currency: string
  readonly chargeId: string
  readonly intentId: string
  readonly orderId: string
  readonly reason: RefundReason | null
  readonly failureReason: RefundFailure | null
  readonly metadata: Metadata
  readonly transactionId: string
  /** The ledger transaction that took it back when it failed. */
  readonly failureTransactionId: string | null
}

/** What a caller says about an intent that it makes. */
export interface IntentInput {
  readonly amount: number
  readonly currency: string
  readonly captureMethod?: CaptureMethod | undefined
  readonly customer?: string | null | undefined
  readonly description?: string | null | undefined
  readonly receiptEmail?: string | null | undefined
  readonly metadata?: Metadata | undefined
  readonly paymentMethod?: string | null | undefined
}

export interface IntentIdentity {
  readonly id: string
  readonly workspaceId: string
  readonly clientSecret: string
  readonly orderId: string
  readonly sessionId: string | null
}

export function newIntent(input: IntentInput, identity: IntentIdentity, now: Date): Intent {
  const { customer = null, description = null, receiptEmail = null, metadata = {}, paymentMethod = null } = input
  const at = now.toISOString()
  return {
    ...identity,
    ...{ customer, description, receiptEmail, metadata, paymentMethod },
    kind: 'payment_intent',
    version: 1,
    createdAt: at,
    updatedAt: at,
    status: paymentMethod === null ? 'requires_payment_method' : 'requires_confirmation',
    amount: input.amount,
    amountCapturable: 0,
    amountReceived: 0,
    currency: input.currency,
    captureMethod: input.captureMethod ?? 'automatic_async',
    latestCharge: null,
    nextAction: null,
    lastError: null,
    canceledAt: null,
    cancellationReason: null,
    ownerId: customer ?? undefined,
  }
}

/** A charge as it is tried: with an error it has failed. */
export function newCharge(
  intent: Intent,
  {
    id,
    paymentMethod,
    error,
  }: { readonly id: string; readonly paymentMethod: string; readonly error: PaymentError | null },
  now: Date,
): Charge {
  const at = now.toISOString()
  const { workspaceId, amount, currency, customer, description, receiptEmail, metadata, orderId } = intent
  const manual = intent.captureMethod === 'manual'
  const captured = error === null && !manual
  return {
    ...{
      id,
      workspaceId,
      amount,
      currency,
      customer,
      description,
      receiptEmail,
      metadata,
      orderId,
      paymentMethod,
      error,
    },
    kind: 'charge',
    version: 1,
    createdAt: at,
    updatedAt: at,
    status: error === null ? 'succeeded' : 'failed',
    intentId: intent.id,
    ownerId: intent.id,
    amountCaptured: captured ? amount : 0,
    amountRefunded: 0,
    captured,
    captureBefore: error === null && manual ? new Date(now.getTime() + AUTHORISATION_MS).toISOString() : null,
    released: false,
    transactionId: null,
  }
}
