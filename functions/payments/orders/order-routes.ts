/** The routes of orders. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { pageOfRows } from '../objects/listing.ts'
import { idParams } from '../payments-schemas.ts'
import type { PaymentsServices } from '../payments-services.ts'
import type { Order } from './order.ts'
import { orderListBody, orderListQuery, orderSchema } from './order-schemas.ts'
import { orderBody } from './order-view.ts'

const route = routeOf<PaymentsServices>()

const PATH = '/api/payments/orders'

const listOrders = route({
  method: 'GET',
  path: PATH,
  operationId: 'listOrders',
  summary: 'List orders',
  description: 'Newest first. A change may take a moment to show.',
  permission: 'payments:read',
  query: orderListQuery,
  answers: { 200: { description: 'A page of orders.', body: orderListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors }) {
    const { workspaceId } = principal
    const { externalId } = query
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listOrders', workspaceId, externalId ?? ''],
      query,
      (range) => objects.list<Order>('order', workspaceId, { ...range, ownerId: externalId }),
      (order) => order,
    )
    return { status: 200, body: { items: items.map(orderBody), nextCursor } }
  },
})

const getOrder = route({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'getOrder',
  summary: 'Read an order',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The order.', body: orderSchema, headers: { ETag: 'Its version.' } } },
  problems: ['not_found'],
  async handle({ params, principal }, { objects }) {
    const order = await objects.get<Order>('order', principal.workspaceId, params.id)
    if (order === undefined) throw new Problem('not_found', `this workspace has no order ${params.id.slice(0, 64)}`)
    return { status: 200, etag: String(order.version), body: orderBody(order) }
  },
})

export const orderRoutes = [listOrders, getOrder]
