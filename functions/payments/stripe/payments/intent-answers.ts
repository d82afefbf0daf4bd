/** What the routes of payments have in common: loading, refusing, and telling a decline. */
import type { Operation } from '../../changes/operation.ts'
import type { Refusal } from '../../changes/refusal.ts'
import { isPageAddress, type Session } from '../../checkout/session.ts'
import { followIntent } from '../../checkout/session-operations.ts'
import type { Intent, PaymentError } from '../../intents/intent.ts'
import { intentBody } from '../../intents/intent-view.ts'
import type { OrderedPayment, Outcome } from '../../intents/operations.ts'
import { loadPayment } from '../../intents/payments.store.ts'
import { text } from '../parameters.ts'
import { refusalFields, resourceMissing, StripeError, type StripeErrorFields } from '../stripe-error.ts'
import type { StripeReply } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'

/** Throws 404. */
export async function paymentOf(
  workspaceId: string,
  intentId: string,
  { objects }: Pick<StripeServices, 'objects'>,
  param = 'id',
): Promise<OrderedPayment> {
  const payment = await loadPayment(objects, workspaceId, intentId)
  if (payment === undefined) throw resourceMissing('payment_intent', intentId, param)
  return payment
}

/** What was decided. Throws the refusal of the rules: then nothing is changed. */
export function agreed<T extends { readonly ok: true }>(outcome: T | Refusal): T {
  if (outcome.ok) return outcome
  throw new StripeError(refusalFields(outcome))
}

/** An intent whose last try failed is answered as that failure, with the intent inside. */
export function paymentReply(outcome: Outcome): StripeReply {
  const { intent } = agreed(outcome)
  const { lastError } = intent
  return lastError === null ? { body: intentBody(intent) } : { refusal: declined(intent, lastError) }
}

const declined = (intent: Intent, { type, code, message, declineCode }: PaymentError): StripeErrorFields => ({
  status: type === 'card_error' ? 402 : 400,
  ...{ type, code, message },
  declineCode: declineCode ?? undefined,
  ...(type === 'card_error' && intent.latestCharge !== null && { charge: intent.latestCharge }),
  paymentIntent: intentBody(intent),
})

/** The session that the intent was made by moves with it. */
export async function withSession(
  operation: Operation,
  outcome: Outcome,
  { objects }: StripeServices,
): Promise<Outcome> {
  if (!outcome.ok || outcome.intent.sessionId === null) return outcome
  const { sessionId, workspaceId } = outcome.intent
  const session = await objects.get<Session>('checkout.session', workspaceId, sessionId)
  if (session === undefined) throw new Error(`expected the session ${sessionId} of ${outcome.intent.id}`)
  followIntent(operation, session, outcome.intent)
  return outcome
}

const MAX_URL = 5_000
export const pageUrl = text(MAX_URL).refine(isPageAddress, { error: 'Not a valid URL' })
