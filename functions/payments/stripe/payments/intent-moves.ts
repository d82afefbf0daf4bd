/** `/v1/payment_intents/{id}/…`: confirm, capture, cancel. The state machine is in `intents/transitions.ts`. */
import * as z from 'zod'
import { CANCELLATION_REASONS } from '../../intents/intent.ts'
import { intentBody } from '../../intents/intent-view.ts'
import { cancelIntent, captureIntent, confirmIntent } from '../../intents/operations.ts'
import { MAX_AMOUNT } from '../../money/currency.ts'
import { choice, id, integer, text } from '../parameters.ts'
import { invalidRequest } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import { agreed, paymentOf, paymentReply, withSession } from './intent-answers.ts'
import { confirmationFields, nextActionOf } from './intent-routes.ts'

const MAX_EMAIL = 512

const confirmPaymentIntent = stripeRoute({
  method: 'POST',
  path: '/v1/payment_intents/{id}/confirm',
  operationId: 'stripeConfirmPaymentIntent',
  summary: 'Try to take the money',
  permission: 'payments:write',
  params: z.strictObject({
    payment_method: id.optional(),
    receipt_email: text(MAX_EMAIL).optional(),
    ...confirmationFields,
  }),
  async handle({ ids: { id: intentId = '' }, params, principal: { workspaceId } }, services, operation) {
    const payment = await paymentOf(workspaceId, intentId, services)
    if (payment.intent.sessionId !== null)
      throw invalidRequest('This PaymentIntent is paid on the page of its Checkout Session.', { param: 'id' })
    const nextAction = await nextActionOf(payment.intent, params, services)
    const { payment_method: paymentMethod, receipt_email: receiptEmail } = params
    return paymentReply(confirmIntent(operation, payment, { paymentMethod, receiptEmail, nextAction }))
  },
})

const capturePaymentIntent = stripeRoute({
  method: 'POST',
  path: '/v1/payment_intents/{id}/capture',
  operationId: 'stripeCapturePaymentIntent',
  summary: 'Take what was authorised, or a part of it',
  permission: 'payments:write',
  params: z.strictObject({ amount_to_capture: integer(1, MAX_AMOUNT).optional() }),
  async handle({ ids: { id: intentId = '' }, params, principal: { workspaceId } }, services, operation) {
    const payment = await paymentOf(workspaceId, intentId, services)
    const outcome = agreed(captureIntent(operation, payment, params.amount_to_capture))
    await withSession(operation, outcome, services)
    return { body: intentBody(outcome.intent) }
  },
})

const cancelPaymentIntent = stripeRoute({
  method: 'POST',
  path: '/v1/payment_intents/{id}/cancel',
  operationId: 'stripeCancelPaymentIntent',
  summary: 'Give up a payment, and an authorisation with it',
  permission: 'payments:write',
  params: z.strictObject({ cancellation_reason: choice(CANCELLATION_REASONS).optional() }),
  async handle({ ids: { id: intentId = '' }, params, principal: { workspaceId } }, services, operation) {
    const payment = await paymentOf(workspaceId, intentId, services)
    return { body: intentBody(agreed(cancelIntent(operation, payment, params.cancellation_reason ?? null)).intent) }
  },
})

export const intentMoveRoutes = [confirmPaymentIntent, capturePaymentIntent, cancelPaymentIntent]
