/** The routes of received webhooks: what came, what became of it, once more. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { pageOfRows } from '../../objects/listing.ts'
import type { PaymentsServices } from '../../payments-services.ts'
import { fateWrite, MESSAGE_ID, type ReceivedWebhook, receivedId } from './received.ts'
import {
  receivedBody,
  receivedDetail,
  receivedListBody,
  receivedListQuery,
  receivedParams,
  receivedSummary,
  receivedView,
} from './received-schemas.ts'
import { isSourceId } from './source.ts'
import { SOURCES_PATH } from './source-routes.ts'

const route = routeOf<PaymentsServices>()

const PATH = `${SOURCES_PATH}/{id}/received/{message}` as const

const listReceived = route({
  method: 'GET',
  path: '/api/payments/received-webhooks',
  operationId: 'listReceivedWebhooks',
  summary: 'List received webhooks',
  description: 'Of all sources, newest first. They are kept for 90 days. A change may take a moment to show.',
  permission: 'payments:read',
  query: receivedListQuery,
  answers: { 200: { description: 'A page of webhooks.', body: receivedListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors }) {
    const { workspaceId } = principal
    const { status } = query
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listReceivedWebhooks', workspaceId, status ?? ''],
      query,
      (range) => objects.rows<ReceivedWebhook>('received', workspaceId, { ...range, ownerId: status }),
      (webhook) => ({ createdAt: webhook.receivedAt, id: receivedId(webhook) }),
    )
    return { status: 200, body: { items: items.map(receivedView), nextCursor } }
  },
})

const getReceived = route({
  method: 'GET',
  path: PATH,
  operationId: 'getReceivedWebhook',
  summary: 'Read a received webhook',
  description: 'With its body.',
  permission: 'payments:read',
  params: receivedParams,
  answers: { 200: { description: 'The webhook.', body: receivedBody } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    return { status: 200, body: receivedDetail(await found(services, principal.workspaceId, params)) }
  },
})

const replayReceived = route({
  method: 'POST',
  path: `${PATH}/replay`,
  operationId: 'replayReceivedWebhook',
  summary: 'Apply a received webhook again',
  description: 'It waits to be applied as if it had just come. What it says and was applied before moves nothing.',
  permission: 'payments:write',
  params: receivedParams,
  answers: { 202: { description: 'The webhook waits to be applied.', body: receivedSummary } },
  problems: ['not_found'],
  async handle({ params, principal, now }, services) {
    const replayed = await services.changes.settle(async (changes) => {
      const webhook = await found(services, principal.workspaceId, params)
      if (webhook.status === 'received') return webhook
      const fate = { status: 'received', reason: null, orderId: null, replays: webhook.replays + 1 } as const
      changes.also(fateWrite(webhook, fate, now))
      return { ...webhook, ...fate, since: now.toISOString() }
    })
    return { status: 202, body: receivedView(replayed) }
  },
})

export const receivedRoutes = [listReceived, getReceived, replayReceived]

async function found(
  { findWebhook }: Pick<PaymentsServices, 'findWebhook'>,
  workspaceId: string,
  { id, message }: { readonly id: string; readonly message: string },
): Promise<ReceivedWebhook> {
  const webhook = isSourceId(id) && MESSAGE_ID.test(message) ? await findWebhook(id, message) : undefined
  if (webhook?.workspaceId !== workspaceId)
    throw new Problem('not_found', `no source of this workspace sent a webhook ${message.slice(0, 64)}`)
  return webhook
}
