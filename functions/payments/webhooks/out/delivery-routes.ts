/** The routes of deliveries: what was sent, how it was answered, once more. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { pageOfRows } from '../../objects/listing.ts'
import { idParams } from '../../payments-schemas.ts'
import type { PaymentsServices } from '../../payments-services.ts'
import type { WebhookEndpoint } from '../endpoints/endpoint.ts'
import { healthOf, missedSent } from '../endpoints/health.ts'
import { changeEndpoint, ENDPOINTS_PATH, ownEndpoint } from '../endpoints/own-endpoint.ts'
import { type Delivery, type DeliveryRef, deliveryId, deliveryWrite, resend } from './delivery.ts'
import {
  deliveryBody,
  deliveryDetail,
  deliveryListBody,
  deliveryListQuery,
  deliveryParams,
  deliverySummary,
  deliveryView,
  resendBody,
  resentBody,
} from './delivery-schemas.ts'
import { deliveryTask } from './delivery-task.ts'

const route = routeOf<PaymentsServices>()

const PATH = `${ENDPOINTS_PATH}/{id}/deliveries` as const
/** The caller asks again while there may be more, and its rate limit is the limit of this. */
const RESENT_AT_ONCE = 100
/** Pages that are looked through for them: 1,000 deliveries. */
const MAX_PAGES = 10

const listDeliveries = route({
  method: 'GET',
  path: PATH,
  operationId: 'listWebhookDeliveries',
  summary: 'List the deliveries of a webhook endpoint',
  description: 'Newest first. They are kept for 60 days. A change may take a moment to show.',
  permission: 'payments:read',
  params: idParams,
  query: deliveryListQuery,
  answers: { 200: { description: 'A page of deliveries.', body: deliveryListBody } },
  problems: ['not_found', 'invalid_cursor'],
  async handle({ params, query, principal }, services) {
    const { workspaceId } = principal
    const { id: ownerId } = await ownEndpoint(services, workspaceId, params.id)
    const { items, nextCursor } = await pageOfRows(
      services.cursors,
      ['listWebhookDeliveries', workspaceId, ownerId, query.status ?? ''],
      query,
      (range) => services.objects.rows<Delivery>('delivery', workspaceId, { ...range, ownerId }),
      (delivery) => ({ createdAt: delivery.createdAt, id: deliveryId(delivery) }),
    )
    const wanted = items.filter(({ status }) => query.status === undefined || status === query.status)
    return { status: 200, body: { items: wanted.map(deliveryView), nextCursor } }
  },
})

const getDelivery = route({
  method: 'GET',
  path: `${PATH}/{event}`,
  operationId: 'getWebhookDelivery',
  summary: 'Read a delivery and its attempts',
  permission: 'payments:read',
  params: deliveryParams,
  answers: { 200: { description: 'The delivery.', body: deliveryBody } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    const delivery = await found(services, { ...principal, endpointId: params.id, eventId: params.event })
    return { status: 200, body: deliveryDetail(delivery, await services.deliveries.attempts(delivery)) }
  },
})

const resendDelivery = route({
  method: 'POST',
  path: `${PATH}/{event}/resend`,
  operationId: 'resendWebhookDelivery',
  summary: 'Send a delivery again',
  description: 'The same event with the same id, tried anew from the start, whatever became of it before.',
  permission: 'payments:write',
  params: deliveryParams,
  answers: { 202: { description: 'It is on its way.', body: deliverySummary } },
  problems: ['not_found'],
  async handle({ params, principal, now }, services) {
    const endpoint = await ownEndpoint(services, principal.workspaceId, params.id)
    const ref = { ...principal, endpointId: params.id, eventId: params.event }
    return { status: 202, body: deliveryView(await sendAgain(services, ref, endpoint, now)) }
  },
})

const resendFailed = route({
  method: 'POST',
  path: `${ENDPOINTS_PATH}/{id}/resend-failed`,
  operationId: 'resendFailedWebhooks',
  summary: 'Send failed deliveries again',
  description:
    'After an outage of the receiver: up to 100 of those that failed, the latest first. Ask again while there are more. ' +
    'Of an endpoint that was disabled because it failed, events that came meanwhile are among them.',
  permission: 'payments:write',
  params: idParams,
  body: resendBody,
  answers: { 200: { description: 'How many are on their way.', body: resentBody } },
  problems: ['not_found'],
  async handle({ params, body, principal, now }, services) {
    const { workspaceId } = principal
    const endpoint = await ownEndpoint(services, workspaceId, params.id)
    const since = sinceOf(endpoint, body.since)
    const { failed, more } = await failedSince(services, workspaceId, endpoint.id, since)
    await Promise.all(failed.map((delivery) => sendAgain(services, delivery, endpoint, now)))
    const { missedSince } = healthOf(endpoint)
    if (!more && missedSince !== null && since <= missedSince) await forgetMissed(services, endpoint, now)
    return { status: 200, body: { resent: failed.length, more } }
  },
})

export const deliveryRoutes = [listDeliveries, getDelivery, resendDelivery, resendFailed]

function sinceOf(endpoint: WebhookEndpoint, asked: string | undefined): string {
  if (asked !== undefined) return new Date(asked).toISOString()
  const { missedSince } = healthOf(endpoint)
  if (missedSince !== null) return missedSince
  const detail = 'expected a time: this endpoint missed nothing that is known'
  const errors = [{ pointer: '/since', code: 'missing', detail }]
  throw new Problem('validation_failed', 'See errors for what to change.', { errors })
}

/** Unless it missed more since. */
const forgetMissed = (services: PaymentsServices, { workspaceId, id, health }: WebhookEndpoint, now: Date) =>
  changeEndpoint(services, { workspaceId, id, ifMatch: undefined }, (latest) =>
    healthOf(latest).missedSince === health?.missedSince ? missedSent(latest, now) : latest,
  )

async function failedSince({ objects }: PaymentsServices, workspaceId: string, ownerId: string, from: string) {
  const failed: Delivery[] = []
  let after: { readonly createdAt: string; readonly id: string } | undefined
  for (let page = 1; page <= MAX_PAGES && failed.length < RESENT_AT_ONCE; page += 1) {
    const range = { limit: RESENT_AT_ONCE, ownerId, from, after }
    const { items, hasMore } = await objects.rows<Delivery>('delivery', workspaceId, range)
    failed.push(...items.filter(({ status }) => status === 'failed'))
    const last = items.at(-1)
    if (!hasMore || last === undefined)
      return { failed: failed.slice(0, RESENT_AT_ONCE), more: failed.length > RESENT_AT_ONCE }
    after = { createdAt: last.createdAt, id: deliveryId(last) }
  }
  return { failed: failed.slice(0, RESENT_AT_ONCE), more: true }
}

/** The row says that it is to be sent before anybody is asked to; asking twice is asking once. */
async function sendAgain(
  services: PaymentsServices,
  ref: DeliveryRef,
  endpoint: WebhookEndpoint,
  now: Date,
): Promise<Delivery> {
  const again = await services.changes.settle(async (changes) => {
    const before = await found(services, ref)
    const after = resend(before, now)
    changes.also(deliveryWrite(before, after))
    return after
  })
  await services.enqueueTask(deliveryTask(again, endpoint))
  return again
}

/** Longer texts are no id of an event. */
const MAX_EVENT_ID_LENGTH = 64

async function found({ deliveries }: Pick<PaymentsServices, 'deliveries'>, ref: DeliveryRef): Promise<Delivery> {
  const isPossible = ref.endpointId.length <= MAX_EVENT_ID_LENGTH && ref.eventId.length <= MAX_EVENT_ID_LENGTH
  const delivery = isPossible ? await deliveries.find(ref) : undefined
  if (delivery === undefined)
    throw new Problem('not_found', `this workspace has no delivery of ${ref.eventId.slice(0, 64)} to this endpoint`)
  return delivery
}
