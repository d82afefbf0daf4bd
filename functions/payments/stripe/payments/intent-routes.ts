/** `/v1/payment_intents`: made, read, changed, listed. What moves them is in `intent-moves.ts`. */
import * as z from 'zod'
import { CAPTURE_METHODS, type Intent } from '../../intents/intent.ts'
import { intentBody } from '../../intents/intent-view.ts'
import { confirmIntent, createIntent, updateIntent } from '../../intents/operations.ts'
import { MAX_AMOUNT } from '../../money/currency.ts'
import { customerOf } from '../catalog/customer-routes.ts'
import { currency } from '../catalog/new-price.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { named } from '../object-changes.ts'
import { boolean, changedMetadata, choice, clearable, id, integer, metadata, text } from '../parameters.ts'
import { invalidRequest } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { agreed, pageUrl, paymentOf, paymentReply } from './intent-answers.ts'

const MAX_DESCRIPTION = 1_000
const MAX_EMAIL = 512
const CARD_ONLY = z.array(z.literal('card')).min(1).max(1)

const email = text(MAX_EMAIL).regex(/^[^\s@]+@[^\s@]+$/, { error: 'must be an email address' })

/** Accepted, because clients send them; cards are the only method there is. */
const methods = {
  payment_method_types: CARD_ONLY.optional(),
  automatic_payment_methods: z
    .strictObject({ enabled: boolean, allow_redirects: choice(['always', 'never']).optional() })
    .optional(),
}

/** Of a confirmation, alone or while the intent is made. */
export const confirmationFields = {
  return_url: pageUrl.optional(),
  off_session: boolean.optional(),
  error_on_requires_action: boolean.optional(),
}

interface ConfirmationParameters {
  readonly return_url?: string | undefined
  readonly off_session?: boolean | undefined
  readonly error_on_requires_action?: boolean | undefined
}

/** Where the customer would be asked; undefined when nobody is there who could be. */
export async function nextActionOf(
  intent: Pick<Intent, 'id' | 'workspaceId'>,
  { off_session, error_on_requires_action, return_url }: ConfirmationParameters,
  { pages }: StripeServices,
) {
  if (off_session === true || error_on_requires_action === true) return undefined
  const url = await pages.ofAuthentication({ workspaceId: intent.workspaceId, intentId: intent.id })
  return { url, returnUrl: return_url ?? null }
}

const createPaymentIntent = stripeRoute({
  method: 'POST',
  path: '/v1/payment_intents',
  operationId: 'stripeCreatePaymentIntent',
  summary: 'Create a payment intent, and with confirm=true try to take the money',
  permission: 'payments:write',
  params: z.strictObject({
    amount: integer(1, MAX_AMOUNT),
    currency,
    capture_method: choice(CAPTURE_METHODS).optional(),
    confirm: boolean.optional(),
    customer: id.optional(),
    description: text(MAX_DESCRIPTION).optional(),
    metadata: metadata.optional(),
    payment_method: id.optional(),
    receipt_email: email.optional(),
    ...methods,
    ...confirmationFields,
  }),
  async handle({ params, principal: { workspaceId } }, services, operation) {
    const { amount, customer, description } = params
    if (params.confirm !== true)
      for (const name of ['return_url', 'off_session', 'error_on_requires_action'] as const)
        if (params[name] !== undefined)
          throw invalidRequest(`You cannot provide ${name} unless confirm=true.`, { param: name })
    if (customer !== undefined) await customerOf(workspaceId, customer, services)
    const input = {
      ...{ amount, currency: params.currency, customer, description },
      captureMethod: params.capture_method,
      receiptEmail: params.receipt_email,
      metadata: changedMetadata({}, params.metadata),
      paymentMethod: params.payment_method,
    }
    const made = agreed(createIntent(operation, { workspaceId, input }))
    if (params.confirm !== true) return { body: intentBody(made.intent) }
    const nextAction = await nextActionOf(made.intent, params, services)
    return paymentReply(confirmIntent(operation, made, { nextAction }))
  },
})

const getPaymentIntent = stripeRoute({
  method: 'GET',
  path: '/v1/payment_intents/{id}',
  operationId: 'stripeGetPaymentIntent',
  summary: 'Retrieve a payment intent',
  permission: 'payments:read',
  async handle({ ids: { id: intentId = '' }, principal: { workspaceId } }, services) {
    const { intent } = await paymentOf(workspaceId, intentId, services)
    return { body: intentBody(intent) }
  },
})

const updatePaymentIntent = stripeRoute({
  method: 'POST',
  path: '/v1/payment_intents/{id}',
  operationId: 'stripeUpdatePaymentIntent',
  summary: 'Update a payment intent that nobody was asked to pay yet',
  permission: 'payments:write',
  params: z.strictObject({
    amount: integer(1, MAX_AMOUNT).optional(),
    currency: currency.optional(),
    customer: id.optional(),
    description: clearable(text(MAX_DESCRIPTION)).optional(),
    metadata: metadata.optional(),
    payment_method: id.optional(),
    receipt_email: clearable(email).optional(),
    payment_method_types: methods.payment_method_types,
  }),
  async handle({ ids: { id: intentId = '' }, params, principal: { workspaceId } }, services, operation) {
    const payment = await paymentOf(workspaceId, intentId, services)
    const { amount, customer, description } = params
    if (payment.intent.sessionId !== null && (amount !== undefined || params.currency !== undefined))
      throw invalidRequest('The amount of a PaymentIntent of a Checkout Session is that of the session.', {
        param: amount === undefined ? 'currency' : 'amount',
      })
    if (customer !== undefined) await customerOf(workspaceId, customer, services)
    const revision = named({
      ...{ amount, currency: params.currency, customer, description },
      metadata: changedMetadata(payment.intent.metadata, params.metadata),
      paymentMethod: params.payment_method,
      receiptEmail: params.receipt_email,
    })
    return { body: intentBody(agreed(updateIntent(operation, payment, revision)).intent) }
  },
})

const listPaymentIntents = stripeRoute({
  method: 'GET',
  path: '/v1/payment_intents',
  operationId: 'stripeListPaymentIntents',
  summary: 'List payment intents, newest first',
  permission: 'payments:read',
  params: z.strictObject({ ...listParameters, customer: id.optional() }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const shown = { url: '/v1/payment_intents', show: (intent: Intent) => intentBody(intent) }
    const list = objectList<Intent>(objects, 'payment_intent', workspaceId, shown)
    return { body: await listBody({ ...list, ownerId: params.customer }, params) }
  },
})

export const intentRoutes = [createPaymentIntent, getPaymentIntent, updatePaymentIntent, listPaymentIntents]
