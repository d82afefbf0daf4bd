/**
 * The state machine of a payment: every way from one state to the next, and why there is none. Pure, no I/O, no clock.
 * What comes out is written on condition of the versions that went in, so two decisions made at one moment can't both hold.
 *
 *   requires_payment_method ─► requires_confirmation ─► requires_action ─► requires_capture ─► succeeded
 *            ▲ └────────────────────────┴─ confirm ───────────┘ │                  │
 *            └── declined, or the bank's question was denied ◄──┘                  └─► canceled ◄── all but succeeded
 */
import { missing, type Refusal, refuse } from '../changes/refusal.ts'
import { checkAmount, checkPart, formatMoney } from '../money/amount.ts'
import { changed } from '../objects/objects.ts'
import {
  type CancellationReason,
  type Charge,
  type Intent,
  type IntentInput,
  type IntentStatus,
  type NextAction,
  newCharge,
  type PaymentError,
} from './intent.ts'
import { testCard } from './test-cards.ts'

export interface Payment {
  readonly intent: Intent
  /** Its latest; undefined before the first try. */
  readonly charge: Charge | undefined
}

export type Decision = { readonly ok: true; readonly payment: Payment } | Refusal

const to = (intent: Intent, charge: Charge | undefined): Decision => ({ ok: true, payment: { intent, charge } })

const CONFIRMABLE: readonly IntentStatus[] = ['requires_payment_method', 'requires_confirmation', 'requires_action']
const CANCELABLE: readonly IntentStatus[] = [...CONFIRMABLE, 'requires_capture']
/** An amount is open as long as nobody was asked for it. */
const REVISABLE: readonly IntentStatus[] = ['requires_payment_method', 'requires_confirmation', 'requires_action']

const unexpected = ({ status }: Intent, done: string, allowed: readonly IntentStatus[]): Refusal =>
  refuse(
    'payment_intent_unexpected_state',
    `This PaymentIntent could not be ${done} because it has a status of ${status}. Only a PaymentIntent with one of the ` +
      `following statuses may be ${done}: ${allowed.join(', ')}.`,
  )

/** What an intent may be made of. */
export function checkInput({ amount, currency, paymentMethod }: IntentInput): Refusal | undefined {
  const fault = checkAmount(amount, currency)
  if (fault !== undefined) return fault
  if (paymentMethod == null || testCard(paymentMethod) !== undefined) return undefined
  return missing('PaymentMethod', paymentMethod, 'payment_method')
}

/** What is undefined stays as it is. */
export type Revision = {
  readonly [Field in Exclude<keyof IntentInput, 'captureMethod'>]?: IntentInput[Field] | undefined
}

export function revise({ intent, charge }: Payment, revision: Revision, now: Date): Decision {
  const { amount = intent.amount, currency = intent.currency, paymentMethod = intent.paymentMethod } = revision
  const open = REVISABLE.includes(intent.status)
  const money = amount !== intent.amount || currency !== intent.currency
  if (!open && (money || paymentMethod !== intent.paymentMethod)) return unexpected(intent, 'updated', REVISABLE)
  const fault = checkInput({ amount, currency, paymentMethod })
  if (fault !== undefined) return fault
  const { customer = intent.customer, description = intent.description, receiptEmail = intent.receiptEmail } = revision
  const change = {
    ...{ amount, currency, paymentMethod, customer, description, receiptEmail },
    metadata: revision.metadata ?? intent.metadata,
    ownerId: customer ?? undefined,
    ...(open &&
      paymentMethod !== intent.paymentMethod && { status: 'requires_confirmation' as const, nextAction: null }),
  }
  return to(changed<Intent>(intent, change, now), charge)
}

export interface Confirmation {
  /** The name of a test card. Undefined: the one that the intent has. */
  readonly paymentMethod?: string | undefined
  /** Where the bank's page is, and the merchant's behind it. Undefined: the customer can't be asked now. */
  readonly nextAction?: NextAction | undefined
  readonly receiptEmail?: string | undefined
  /** Of the charge, if it comes to one. */
  readonly chargeId: string
}

/** Tries to take the money. A decline is no refusal: it is a state, with its error in `lastError`. */
export function confirm({ intent, charge }: Payment, confirmation: Confirmation, now: Date): Decision {
  if (!CONFIRMABLE.includes(intent.status)) return unexpected(intent, 'confirmed', CONFIRMABLE)
  const name = confirmation.paymentMethod ?? intent.paymentMethod
  if (name === null)
    return refuse(
      'parameter_missing',
      'You cannot confirm this PaymentIntent because it is missing a payment method. Provide one with payment_method.',
      'payment_method',
    )
  const card = testCard(name)
  if (card === undefined) return missing('PaymentMethod', name, 'payment_method')
  const { receiptEmail = intent.receiptEmail, nextAction, chargeId } = confirmation
  const ready: Intent = { ...intent, paymentMethod: name, receiptEmail }
  const { outcome } = card
  if (outcome.kind !== 'asks') return tried(ready, chargeId, outcome.kind === 'declines' ? outcome.error : null, now)
  if (nextAction === undefined) return tried(ready, chargeId, AUTHENTICATION_REQUIRED, now)
  return to(changed<Intent>(ready, { status: 'requires_action', nextAction, lastError: null }, now), charge)
}

const AUTHENTICATION_REQUIRED: PaymentError = {
  type: 'card_error',
  code: 'authentication_required',
  message: 'Your card was declined. This transaction requires authentication.',
  declineCode: 'authentication_required',
}
const AUTHENTICATION_FAILED: PaymentError = {
  type: 'invalid_request_error',
  code: 'payment_intent_authentication_failure',
  message:
    'The provided payment method has failed authentication. Provide a new payment method to attempt this payment again.',
  declineCode: null,
}

/** The customer answered the bank. */
export function authenticate({ intent, charge }: Payment, agreed: boolean, chargeId: string, now: Date): Decision {
  const { status, paymentMethod } = intent
  const card = paymentMethod === null ? undefined : testCard(paymentMethod)
  if (status !== 'requires_action' || card?.outcome.kind !== 'asks')
    return unexpected(intent, 'authenticated', ['requires_action'])
  if (!agreed) return to(changed<Intent>(intent, failing(AUTHENTICATION_FAILED), now), charge)
  const { ifAgreed } = card.outcome
  return tried(intent, chargeId, ifAgreed.kind === 'declines' ? ifAgreed.error : null, now)
}

/** After a failure the intent waits for another card. */
const failing = (lastError: PaymentError) =>
  ({ status: 'requires_payment_method', lastError, nextAction: null, paymentMethod: null }) as const

function tried(intent: Intent, chargeId: string, error: PaymentError | null, now: Date): Decision {
  const charge = newCharge(intent, { id: chargeId, paymentMethod: intent.paymentMethod ?? '', error }, now)
  if (error !== null) return to(changed<Intent>(intent, { ...failing(error), latestCharge: chargeId }, now), charge)
  const change = charge.captured
    ? ({ status: 'succeeded', amountReceived: intent.amount } as const)
    : ({ status: 'requires_capture', amountCapturable: intent.amount } as const)
  return to(
    changed<Intent>(intent, { ...change, latestCharge: chargeId, nextAction: null, lastError: null }, now),
    charge,
  )
}

/** Once, up to what was authorised; the rest is released. */
export function capture({ intent, charge }: Payment, amount: number | undefined, now: Date): Decision {
  if (intent.status !== 'requires_capture' || charge === undefined)
    return unexpected(intent, 'captured', ['requires_capture'])
  if (charge.captureBefore !== null && Date.parse(charge.captureBefore) <= now.getTime())
    return refuse('charge_expired_for_capture', 'The charge cannot be captured as the authorization has expired.')
  const taken = amount ?? intent.amountCapturable
  const fault = checkPart(taken, intent.currency, 'amount_to_capture')
  if (fault !== undefined) return fault
  if (taken > intent.amountCapturable)
    return refuse(
      'amount_too_large',
      `The amount to capture (${formatMoney(taken, intent.currency)}) is greater than the amount that can be captured ` +
        `(${formatMoney(intent.amountCapturable, intent.currency)}).`,
      'amount_to_capture',
    )
  return to(
    changed<Intent>(intent, { status: 'succeeded', amountReceived: taken, amountCapturable: 0 }, now),
    changed<Charge>(charge, { captured: true, amountCaptured: taken, captureBefore: null }, now),
  )
}

/** Nothing was taken, nothing will be; an authorisation is released. */
export function cancel({ intent, charge }: Payment, reason: CancellationReason | null, now: Date): Decision {
  if (!CANCELABLE.includes(intent.status)) return unexpected(intent, 'canceled', CANCELABLE)
  const held = intent.status === 'requires_capture' && charge !== undefined
  const at = now.toISOString()
  const change = { status: 'canceled', amountCapturable: 0, canceledAt: at, cancellationReason: reason } as const
  return to(
    changed<Intent>(intent, { ...change, nextAction: null }, now),
    held ? changed<Charge>(charge, { released: true, captureBefore: null }, now) : charge,
  )
}

/** The authorisation's time is over: cancelled by nobody. */
export function expire(payment: Payment, now: Date): Decision {
  const { intent, charge } = payment
  const until = charge?.captureBefore
  if (intent.status !== 'requires_capture' || until == null || Date.parse(until) > now.getTime())
    return refuse('charge_not_expired', 'The authorization has not expired.')
  return cancel(payment, 'automatic', now)
}
