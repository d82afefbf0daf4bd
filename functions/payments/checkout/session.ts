/** A checkout session: what somebody is asked to pay on the hosted page, until when, and where they go then. Pure. */
import { HOUR, MINUTE } from '#core/clock.ts'
import { type Refusal, refuse } from '../changes/refusal.ts'
import type { CaptureMethod, Intent, Metadata } from '../intents/intent.ts'
import { checkAmount } from '../money/amount.ts'
import { changed, type StoredObject } from '../objects/objects.ts'

/** Stripe's limits (https://docs.stripe.com/api/checkout/sessions/create#create_checkout_session-expires_at). */
export const MIN_LIFETIME_MS = 30 * MINUTE
export const MAX_LIFETIME_MS = 24 * HOUR
export const MAX_LINES = 100

export interface SessionLine {
  readonly id: string
  readonly description: string
  readonly quantity: number
  /** Minor units. */
  readonly unitAmount: number
  readonly amount: number
  /** As it was when the session was made, in Stripe's shape. */
  readonly price: Readonly<Record<string, unknown>>
}

export const SUBMIT_TYPES = ['auto', 'book', 'donate', 'pay'] as const
export type SubmitType = (typeof SUBMIT_TYPES)[number]

/** Listed by its customer; its order is listed by it. */
export interface Session extends StoredObject<'checkout.session'> {
  readonly status: 'open' | 'complete' | 'expired'
  readonly paymentStatus: 'unpaid' | 'paid'
  readonly currency: string
  /** Minor units: the sum of the lines. */
  readonly amount: number
  readonly lines: readonly SessionLine[]
  readonly orderId: string
  /** Made by the first try to pay. */
  readonly intentId: string | null
  readonly customer: string | null
  /** What the page has in its field from the start. */
  readonly customerEmail: string | null
  /** What was typed there. */
  readonly paidBy: { readonly email: string; readonly name: string | null } | null
  readonly clientReferenceId: string | null
  readonly metadata: Metadata
  readonly successUrl: string
  readonly cancelUrl: string | null
  readonly submitType: SubmitType | null
  readonly expiresAt: string
  /** Of the hosted page; it is all that a visitor needs. */
  readonly url: string
  /** For the intent. */
  readonly captureMethod: CaptureMethod
  readonly description: string | null
  readonly receiptEmail: string | null
  readonly intentMetadata: Metadata
}

/** What the lines cost together, if that can be charged. */
export function totalOf(
  lines: readonly Pick<SessionLine, 'amount'>[],
  currency: string,
): { readonly ok: true; readonly amount: number } | Refusal {
  const amount = lines.reduce((sum, line) => sum + line.amount, 0)
  const fault = checkAmount(amount, currency, 'line_items')
  return fault ?? { ok: true, amount }
}

/** @param asked as the caller wrote it: epoch seconds. Undefined: as long as possible */
export function expiryOf(asked: number | undefined, now: Date): { readonly ok: true; readonly at: Date } | Refusal {
  if (asked === undefined) return { ok: true, at: new Date(now.getTime() + MAX_LIFETIME_MS) }
  const at = new Date(asked * 1_000)
  const lifetime = at.getTime() - now.getTime()
  // Callers count in whole seconds from a clock that is not ours: a second's grace at both ends.
  if (lifetime > MAX_LIFETIME_MS + SECOND_OF_GRACE || lifetime < MIN_LIFETIME_MS - SECOND_OF_GRACE)
    return refuse(
      undefined,
      'The `expires_at` timestamp must be between 30 minutes and 24 hours from Checkout Session creation.',
      'expires_at',
    )
  return { ok: true, at }
}
const SECOND_OF_GRACE = 1_000

/** An open session whose time is over, whether or not anybody has written that down yet. */
export const isOver = ({ status, expiresAt }: Session, now: Date): boolean =>
  status === 'open' && Date.parse(expiresAt) <= now.getTime()

/** The session as it is at that time. */
export const sessionAt = (session: Session, now: Date): Session =>
  isOver(session, now) ? { ...session, status: 'expired' } : session

/** The session after its intent moved; undefined when that changes nothing about it. */
export function followed(session: Session, intent: Intent, now: Date): Session | undefined {
  const paid = intent.status === 'succeeded'
  if (!paid && intent.status !== 'requires_capture') return undefined
  const change = { status: 'complete', paymentStatus: paid ? 'paid' : 'unpaid' } as const
  if (session.status === change.status && session.paymentStatus === change.paymentStatus) return undefined
  return changed<Session>(session, change, now)
}

const NAMED_SESSION = '{CHECKOUT_SESSION_ID}'

/** Where the customer goes after paying, with the session's id where the merchant asked for it. */
export const successAddress = ({ successUrl, id }: Session): string => successUrl.replaceAll(NAMED_SESSION, id)
export const cancelAddress = ({ cancelUrl, id }: Session): string | undefined =>
  cancelUrl?.replaceAll(NAMED_SESSION, id)

const MAX_URL = 5_000

/** Only pages of the web: a `javascript:` address would run on ours. */
export function isPageAddress(text: string): boolean {
  const url = text.length > MAX_URL ? null : URL.parse(text.replaceAll(NAMED_SESSION, 'id'))
  return url !== null && (url.protocol === 'https:' || url.protocol === 'http:') && url.username === ''
}
