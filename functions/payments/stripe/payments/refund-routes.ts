/** `/v1/refunds`. */
import * as z from 'zod'
import { type Intent, REFUND_REASONS, type Refund } from '../../intents/intent.ts'
import { refundBody } from '../../intents/intent-view.ts'
import { loadCharge } from '../../intents/payments.store.ts'
import { createRefund } from '../../intents/refund-operations.ts'
import { MAX_AMOUNT } from '../../money/currency.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { updated } from '../object-changes.ts'
import { changedMetadata, choice, id, integer, metadata } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { agreed } from './intent-answers.ts'

const createRefundRoute = stripeRoute({
  method: 'POST',
  path: '/v1/refunds',
  operationId: 'stripeCreateRefund',
  summary: 'Give back a captured payment, or a part of it',
  permission: 'payments:write',
  params: z.strictObject({
    charge: id.optional(),
    payment_intent: id.optional(),
    amount: integer(1, MAX_AMOUNT).optional(),
    reason: choice(REFUND_REASONS).optional(),
    metadata: metadata.optional(),
  }),
  async handle({ params, principal: { workspaceId } }, services, operation) {
    const { amount, reason } = params
    const chargeId = await chargeIdOf(workspaceId, params, services)
    const paid = await loadCharge(services.objects, workspaceId, chargeId)
    if (paid === undefined) throw resourceMissing('charge', chargeId, 'charge')
    const input = { amount, reason, metadata: changedMetadata({}, params.metadata) }
    return { body: refundBody(agreed(createRefund(operation, paid, input)).refund) }
  },
})

interface RefundSubject {
  readonly charge?: string | undefined
  readonly payment_intent?: string | undefined
}

async function chargeIdOf(
  workspaceId: string,
  { charge, payment_intent: intentId }: RefundSubject,
  { objects }: StripeServices,
): Promise<string> {
  if (charge !== undefined && intentId === undefined) return charge
  if (intentId === undefined)
    throw invalidRequest('One of the following params should be provided for this request: payment_intent or charge.', {
      ...{ param: 'payment_intent', code: 'parameter_missing' },
    })
  const intent = await objects.get<Intent>('payment_intent', workspaceId, intentId)
  if (intent === undefined) throw resourceMissing('payment_intent', intentId, 'payment_intent')
  if (intent.status !== 'succeeded' || intent.latestCharge === null)
    throw invalidRequest(`This PaymentIntent (${intentId}) does not have a successful charge to refund.`, {
      ...{ param: 'payment_intent', code: 'payment_intent_unexpected_state' },
    })
  if (charge !== undefined && charge !== intent.latestCharge)
    throw invalidRequest(`The charge ${charge} is not of the PaymentIntent ${intentId}.`, { param: 'charge' })
  return intent.latestCharge
}

const refundOf = async (workspaceId: string, refundId: string, { objects }: StripeServices): Promise<Refund> => {
  const refund = await objects.get<Refund>('refund', workspaceId, refundId)
  if (refund === undefined) throw resourceMissing('refund', refundId)
  return refund
}

const getRefund = stripeRoute({
  method: 'GET',
  path: '/v1/refunds/{id}',
  operationId: 'stripeGetRefund',
  summary: 'Retrieve a refund',
  permission: 'payments:read',
  async handle({ ids: { id: refundId = '' }, principal: { workspaceId } }, services) {
    return { body: refundBody(await refundOf(workspaceId, refundId, services)) }
  },
})

const updateRefund = stripeRoute({
  method: 'POST',
  path: '/v1/refunds/{id}',
  operationId: 'stripeUpdateRefund',
  summary: 'Update the metadata of a refund',
  permission: 'payments:write',
  params: z.strictObject({ metadata: metadata.optional() }),
  async handle({ ids: { id: refundId = '' }, params, principal: { workspaceId } }, services, operation) {
    const before = await refundOf(workspaceId, refundId, services)
    const fields = { metadata: changedMetadata(before.metadata, params.metadata) }
    return { body: refundBody(updated<Refund>(operation, before, fields, refundBody)) }
  },
})

const listRefunds = stripeRoute({
  method: 'GET',
  path: '/v1/refunds',
  operationId: 'stripeListRefunds',
  summary: 'List refunds, newest first',
  permission: 'payments:read',
  params: z.strictObject({ ...listParameters, charge: id.optional(), payment_intent: id.optional() }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const { charge, payment_intent: ownerId } = params
    const where = charge === undefined ? undefined : ({ chargeId }: Refund) => chargeId === charge
    const list = objectList<Refund>(objects, 'refund', workspaceId, { url: '/v1/refunds', show: refundBody })
    return { body: await listBody({ ...list, ownerId, where }, params) }
  },
})

export const refundRoutes = [createRefundRoute, getRefund, updateRefund, listRefunds]
