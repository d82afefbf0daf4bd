/** `/v1/charges`: read only, because charges are made by payment intents. */
import * as z from 'zod'
import type { Charge } from '../../intents/intent.ts'
import { chargeBody } from '../../intents/intent-view.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { id } from '../parameters.ts'
import { resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'

const getCharge = stripeRoute({
  method: 'GET',
  path: '/v1/charges/{id}',
  operationId: 'stripeGetCharge',
  summary: 'Retrieve a charge',
  permission: 'payments:read',
  async handle({ ids: { id: chargeId = '' }, principal: { workspaceId } }, { objects }) {
    const charge = await objects.get<Charge>('charge', workspaceId, chargeId)
    if (charge === undefined) throw resourceMissing('charge', chargeId)
    return { body: chargeBody(charge) }
  },
})

const listCharges = stripeRoute({
  method: 'GET',
  path: '/v1/charges',
  operationId: 'stripeListCharges',
  summary: 'List charges, newest first',
  permission: 'payments:read',
  params: z.strictObject({ ...listParameters, payment_intent: id.optional(), customer: id.optional() }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const { payment_intent: ownerId, customer } = params
    const where = customer === undefined ? undefined : (charge: Charge) => charge.customer === customer
    const list = objectList<Charge>(objects, 'charge', workspaceId, { url: '/v1/charges', show: chargeBody })
    return { body: await listBody({ ...list, ownerId, where }, params) }
  },
})

export const chargeRoutes = [getCharge, listCharges]
