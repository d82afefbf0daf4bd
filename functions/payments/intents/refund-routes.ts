/** Test mode's bank: what becomes of a refund that is on its way. Refunds themselves are made on `/v1/refunds`. */
import * as z from 'zod'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import type { Operation } from '../changes/operation.ts'
import { idParams, money, paymentsId } from '../payments-schemas.ts'
import type { PaymentsServices } from '../payments-services.ts'
import { REFUND_FAILURES, type Refund } from './intent.ts'
import { loadRefund } from './payments.store.ts'
import { failRefund, settleRefund } from './refund-operations.ts'

const route = routeOf<PaymentsServices>()

const refundSchema = z
  .strictObject({
    id: paymentsId('re', 'The id of the refund.'),
    status: z.enum(['pending', 'succeeded', 'failed']),
    amount: money('What is given back.'),
    orderId: paymentsId('ord', 'Of what.'),
    chargeId: paymentsId('ch', 'Of which charge.'),
    failureReason: z.enum(REFUND_FAILURES).nullable(),
  })
  .meta({ id: 'Refund', description: 'Money that goes back.' })

const refundView = ({ id, status, amount, currency, orderId, chargeId, failureReason }: Refund) => ({
  ...{ id, status, orderId, chargeId, failureReason },
  amount: { amount, currency },
})

const getRefund = route({
  method: 'GET',
  path: '/api/payments/refunds/{id}',
  operationId: 'getRefund',
  summary: 'Read a refund',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The refund.', body: refundSchema } },
  problems: ['not_found'],
  async handle({ params, principal }, { objects }) {
    const refund = await objects.get<Refund>('refund', principal.workspaceId, params.id)
    if (refund === undefined) throw unknownRefund(params.id)
    return { status: 200, body: refundView(refund) }
  },
})

const unknownRefund = (id: string): Problem =>
  new Problem('not_found', `this workspace has no refund ${id.slice(0, 64)}`)

const decideRefund = route({
  method: 'POST',
  path: '/api/payments/refunds/{id}/decide',
  operationId: 'decideRefund',
  summary: 'Decide a refund in the place of the bank',
  description:
    'Test mode: a pending refund arrives, or a pending or succeeded one fails. A failed refund is booked back, and its ' +
    'amount may be refunded again.',
  permission: 'payments:write',
  params: idParams,
  body: z
    .strictObject({
      outcome: z.enum(['succeeded', 'failed']),
      reason: z.enum(REFUND_FAILURES).default('unknown').meta({ description: 'Why it failed.' }),
    })
    .meta({ id: 'DecideRefund', description: 'What the bank does.' }),
  answers: { 200: { description: 'The refund as it is now.', body: refundSchema } },
  problems: ['not_found', 'payment_state'],
  async handle({ params, body, principal, requestId, trace, now }, services) {
    const { objects, changes, ids, random } = services
    const cause = { now, requestId, idempotencyKey: null, traceparent: formatTraceparent(trace) }
    const outcome = await changes.settle(async (collected) => {
      const loaded = await loadRefund(objects, principal.workspaceId, params.id)
      if (loaded === undefined) throw unknownRefund(params.id)
      const operation: Operation = { changes: collected, ids, random, cause }
      return body.outcome === 'failed'
        ? failRefund(operation, loaded, body.reason)
        : settleRefund(operation, loaded.refund)
    })
    if (!outcome.ok) throw new Problem('payment_state', outcome.message)
    return { status: 200, body: refundView(outcome.refund) }
  },
})

export const refundRoutes = [getRefund, decideRefund]
