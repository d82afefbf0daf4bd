/** The routes of receipts. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { timestamp } from '#core/timestamp.ts'
import { pageOfRows } from '../objects/listing.ts'
import { orderLine } from '../orders/order-schemas.ts'
import { idParams, money, paymentsId } from '../payments-schemas.ts'
import type { PaymentsServices } from '../payments-services.ts'
import type { Receipt } from './receipt.ts'
import { receiptPage } from './receipt-page.ts'

const route = routeOf<PaymentsServices>()

const PATH = '/api/payments/receipts'
const HTML = 'text/html; charset=utf-8'

const receiptSchema = z
  .strictObject({
    id: paymentsId('rct', 'The id of the receipt.'),
    number: z.string().meta({ description: 'Without gaps, for each year anew.', examples: ['2026-000001'] }),
    orderId: paymentsId('ord', 'What was paid.'),
    workspaceName: z.string().meta({ description: 'Of the workspace, as it was then.' }),
    issuedAt: timestamp('When it was issued.'),
    paidAt: timestamp('When it was paid.'),
    email: z.string().nullable().meta({ description: 'Where it was sent.' }),
    lines: z.array(orderLine),
    amount: money('What was paid.'),
    source: z.string().meta({ description: '`backlot`, or the id of the webhook source that told of it.' }),
    externalId: z.string(),
  })
  .meta({ id: 'Receipt', description: 'What was paid, as it was when it was paid. It never changes.' })

function receiptView(receipt: Receipt) {
  const { id, number, orderId, workspaceName, paidAt, email, currency, amount, source, externalId } = receipt
  return {
    ...{ id, number, orderId, workspaceName, paidAt, email, source, externalId },
    issuedAt: receipt.createdAt,
    amount: { amount, currency },
    lines: receipt.lines.map(({ description, quantity, ...line }) => ({
      ...{ description, quantity },
      unitAmount: { amount: line.unitAmount, currency },
      amount: { amount: line.amount, currency },
    })),
  }
}

const listReceipts = route({
  method: 'GET',
  path: PATH,
  operationId: 'listReceipts',
  summary: 'List receipts',
  description: 'Newest first. One appears a moment after its order was paid.',
  permission: 'payments:read',
  query: z.object({
    ...pageParameters,
    orderId: z.string().min(1).max(64).optional().meta({ description: 'Only the one of this order.' }),
  }),
  answers: {
    200: {
      description: 'A page of receipts.',
      body: pageOf(receiptSchema).meta({ id: 'ReceiptList', description: 'Receipts, newest first.' }),
    },
  },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors }) {
    const { workspaceId } = principal
    const { orderId } = query
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listReceipts', workspaceId, orderId ?? ''],
      query,
      (range) => objects.list<Receipt>('receipt', workspaceId, { ...range, ownerId: orderId }),
      (receipt) => receipt,
    )
    return { status: 200, body: { items: items.map(receiptView), nextCursor } }
  },
})

const getReceipt = route({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'getReceipt',
  summary: 'Read a receipt',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The receipt.', body: receiptSchema } },
  problems: ['not_found'],
  async handle({ params, principal }, { objects }) {
    const receipt = await found(objects, principal.workspaceId, params.id)
    return { status: 200, body: receiptView(receipt) }
  },
})

const readReceiptPage = route({
  method: 'GET',
  path: `${PATH}/{id}/page`,
  operationId: 'readReceiptPage',
  summary: 'Read a receipt as a page',
  description: 'To be shown or printed.',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The page.', contentType: HTML, body: z.string() } },
  problems: ['not_found'],
  async handle({ params, principal }, { objects }) {
    const { body, headers } = receiptPage(await found(objects, principal.workspaceId, params.id))
    return { status: 200, body, headers }
  },
})

async function found(objects: PaymentsServices['objects'], workspaceId: string, id: string): Promise<Receipt> {
  const receipt = await objects.get<Receipt>('receipt', workspaceId, id)
  if (receipt === undefined) throw new Problem('not_found', `this workspace has no receipt ${id.slice(0, 64)}`)
  return receipt
}

export const receiptRoutes = [listReceipts, getReceipt, readReceiptPage]
