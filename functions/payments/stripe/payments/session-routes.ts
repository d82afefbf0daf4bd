/** `/v1/checkout/sessions`. The page behind a session's `url` is in `checkout/`. */
import * as z from 'zod'
import { loadCheckout } from '../../checkout/checkout.store.ts'
import { expiryOf, type Session, SUBMIT_TYPES, sessionAt, totalOf } from '../../checkout/session.ts'
import { expireSession, openSession } from '../../checkout/session-operations.ts'
import { sessionBody } from '../../checkout/session-view.ts'
import { CAPTURE_METHODS } from '../../intents/intent.ts'
import { customerOf } from '../catalog/customer-routes.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { newObject } from '../object-changes.ts'
import { changedMetadata, choice, id, integer, metadata, text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { lineItemsOf } from '../views.ts'
import { agreed, pageUrl } from './intent-answers.ts'
import { lineItems, sessionLines } from './session-lines.ts'

const MAX_REFERENCE = 200
const MAX_EMAIL = 800
const MAX_TIME = 9_999_999_999
const MAX_LOCALE = 10

const createFields = z.strictObject({
  mode: choice(['payment', 'setup', 'subscription']),
  ui_mode: choice(['hosted', 'hosted_page']).optional(),
  line_items: lineItems,
  success_url: pageUrl,
  cancel_url: pageUrl.optional(),
  client_reference_id: text(MAX_REFERENCE).optional(),
  customer: id.optional(),
  customer_email: text(MAX_EMAIL)
    .regex(/^[^\s@]+@[^\s@]+$/, { error: 'must be an email address' })
    .optional(),
  expires_at: integer(0, MAX_TIME).optional(),
  locale: text(MAX_LOCALE).optional(),
  metadata: metadata.optional(),
  payment_intent_data: z
    .strictObject({
      capture_method: choice(CAPTURE_METHODS).optional(),
      description: text().optional(),
      metadata: metadata.optional(),
      receipt_email: text(MAX_EMAIL).optional(),
    })
    .optional(),
  payment_method_types: z.array(z.literal('card')).min(1).max(1).optional(),
  submit_type: choice(SUBMIT_TYPES).optional(),
})

const createSession = stripeRoute({
  method: 'POST',
  path: '/v1/checkout/sessions',
  operationId: 'stripeCreateCheckoutSession',
  summary: 'Create a checkout session: its url is a page on which a customer pays',
  permission: 'payments:write',
  params: createFields,
  async handle({ params, principal: { workspaceId }, now }, services, operation) {
    if (params.mode !== 'payment')
      throw invalidRequest(`Invalid mode: must be payment, got ${params.mode}.`, { param: 'mode' })
    if (params.customer !== undefined && params.customer_email !== undefined)
      throw invalidRequest('You may only specify one of these parameters: customer, customer_email.', {
        param: 'customer_email',
      })
    const customer = params.customer && (await customerOf(workspaceId, params.customer, services))
    const lines = await sessionLines(params.line_items, workspaceId, services, operation)
    const sessionCurrency = String(lines[0]?.price['currency'])
    const { amount } = agreed(totalOf(lines, sessionCurrency))
    const { at } = agreed(expiryOf(params.expires_at, now))
    const sessionId = operation.ids('cs_test')
    const { payment_intent_data: ofIntent = {} } = params
    const session = newObject<Session>(operation, {
      ...{ kind: 'checkout.session', id: sessionId, workspaceId, orderId: operation.ids('ord') },
      ...{ status: 'open', paymentStatus: 'unpaid', intentId: null, paidBy: null },
      ...{ lines, amount, currency: sessionCurrency, expiresAt: at.toISOString() },
      ...{ customer: params.customer ?? null, ownerId: params.customer },
      customerEmail: params.customer_email ?? (customer ? customer.email : null) ?? null,
      clientReferenceId: params.client_reference_id ?? null,
      metadata: changedMetadata({}, params.metadata),
      ...{ successUrl: params.success_url, cancelUrl: params.cancel_url ?? null },
      submitType: params.submit_type ?? null,
      url: await services.pages.ofSession({ workspaceId, sessionId }),
      captureMethod: ofIntent.capture_method ?? 'automatic_async',
      description: ofIntent.description ?? null,
      receiptEmail: ofIntent.receipt_email ?? null,
      intentMetadata: changedMetadata({}, ofIntent.metadata),
    })
    openSession(operation, session)
    return { body: sessionBody(session) }
  },
})

const sessionOf = async (workspaceId: string, sessionId: string, { objects }: StripeServices): Promise<Session> => {
  const session = await objects.get<Session>('checkout.session', workspaceId, sessionId)
  if (session === undefined) throw resourceMissing('checkout.session', sessionId)
  return session
}

const getSession = stripeRoute({
  method: 'GET',
  path: '/v1/checkout/sessions/{id}',
  operationId: 'stripeGetCheckoutSession',
  summary: 'Retrieve a checkout session',
  permission: 'payments:read',
  async handle({ ids: { id: sessionId = '' }, principal: { workspaceId }, now }, services) {
    return { body: sessionBody(sessionAt(await sessionOf(workspaceId, sessionId, services), now)) }
  },
})

const listLines = stripeRoute({
  method: 'GET',
  path: '/v1/checkout/sessions/{id}/line_items',
  operationId: 'stripeListCheckoutSessionLines',
  summary: 'List what a checkout session is for',
  permission: 'payments:read',
  params: z.strictObject({ limit: listParameters.limit, starting_after: id.optional() }),
  async handle({ ids: { id: sessionId = '' }, params, principal: { workspaceId } }, services) {
    const whole = lineItemsOf(await sessionOf(workspaceId, sessionId, services))
    const all = whole['data'] as readonly { readonly id: string }[]
    const first =
      params.starting_after === undefined ? 0 : all.findIndex((line) => line.id === params.starting_after) + 1
    if (params.starting_after !== undefined && first === 0)
      throw resourceMissing('line_item', params.starting_after, 'starting_after')
    const data = all.slice(first, first + params.limit)
    return { body: { ...whole, data, has_more: first + data.length < all.length } }
  },
})

const expireSessionRoute = stripeRoute({
  method: 'POST',
  path: '/v1/checkout/sessions/{id}/expire',
  operationId: 'stripeExpireCheckoutSession',
  summary: 'End a checkout session that is open',
  permission: 'payments:write',
  async handle({ ids: { id: sessionId = '' }, principal: { workspaceId }, now }, { objects }, operation) {
    const checkout = await loadCheckout(objects, workspaceId, sessionId)
    if (checkout === undefined) throw resourceMissing('checkout.session', sessionId)
    const { status } = sessionAt(checkout.session, now)
    if (status !== 'open')
      throw invalidRequest(
        `Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of ${status}.`,
      )
    return { body: sessionBody(expireSession(operation, checkout)) }
  },
})

const listSessions = stripeRoute({
  method: 'GET',
  path: '/v1/checkout/sessions',
  operationId: 'stripeListCheckoutSessions',
  summary: 'List checkout sessions, newest first',
  permission: 'payments:read',
  params: z.strictObject({
    ...listParameters,
    customer: id.optional(),
    payment_intent: id.optional(),
    status: choice(['open', 'complete', 'expired']).optional(),
  }),
  async handle({ params, principal: { workspaceId }, now }, { objects }) {
    const { customer: ownerId, payment_intent: intentId, status } = params
    const shown = {
      url: '/v1/checkout/sessions',
      show: (session: Session) => sessionBody(sessionAt(session, now)),
    }
    const where =
      intentId === undefined && status === undefined
        ? undefined
        : (session: Session) =>
            (intentId === undefined || session.intentId === intentId) &&
            (status === undefined || sessionAt(session, now).status === status)
    const list = objectList<Session>(objects, 'checkout.session', workspaceId, shown)
    return { body: await listBody({ ...list, ownerId, where }, params) }
  },
})

export const sessionRoutes = [createSession, getSession, listLines, expireSessionRoute, listSessions]
