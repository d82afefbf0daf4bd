/** The routes of webhook endpoints. Endpoints made by `/v1` are here too, with what their scheme is. */
import { HOUR } from '#core/clock.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import { pageOfRows } from '../../objects/listing.ts'
import { changed } from '../../objects/objects.ts'
import { idParams, pageQuery } from '../../payments-schemas.ts'
import type { PaymentsServices } from '../../payments-services.ts'
import { newSecret, storedSecret } from '../secrets.ts'
import { MAX_ENDPOINTS, rotate, urlFault, type WebhookEndpoint } from './endpoint.ts'
import {
  createEndpointBody,
  endpointBody,
  endpointListBody,
  endpointView,
  newEndpointBody,
  rotateBody,
  testBody,
  updateEndpointBody,
} from './endpoint-schemas.ts'
import { disable, enable, probeNow } from './health.ts'
import { makeEndpoint } from './make-endpoint.ts'
import { changeEndpoint, ENDPOINTS_PATH, etagOf, ownEndpoint } from './own-endpoint.ts'
import { testEvent } from './test-event.ts'

const route = routeOf<PaymentsServices>()

const ETAG = { ETag: 'The version of the endpoint, for `If-Match`.' }

const createEndpoint = route({
  method: 'POST',
  path: ENDPOINTS_PATH,
  operationId: 'createWebhookEndpoint',
  summary: 'Make a webhook endpoint',
  description: 'It hears of events from now on, signed as Standard Webhooks says. Its secret is shown this once.',
  permission: 'payments:write',
  body: createEndpointBody,
  // The secret is shown once: an answer that could be replayed would have to keep it.
  idempotent: false,
  answers: {
    201: {
      description: 'The endpoint and its secret.',
      body: newEndpointBody,
      headers: { Location: 'The path of the endpoint.', ...ETAG },
    },
  },
  problems: ['webhook_limit'],
  async handle({ body, principal, now }, services) {
    checkUrl(body.url, services)
    const request = { ...body, workspaceId: principal.workspaceId, scheme: 'standard-webhooks' } as const
    const made = await makeEndpoint(request, services, now)
    if (made === undefined)
      throw new Problem('webhook_limit', `expected at most ${MAX_ENDPOINTS} webhook endpoints in a workspace`)
    const { endpoint, secret } = made
    await services.changes.settle(async (changes) => changes.create(endpoint))
    return {
      status: 201,
      headers: { Location: `${ENDPOINTS_PATH}/${endpoint.id}` },
      etag: etagOf(endpoint),
      body: { ...endpointView(endpoint), secret },
    }
  },
})

const listEndpoints = route({
  method: 'GET',
  path: ENDPOINTS_PATH,
  operationId: 'listWebhookEndpoints',
  summary: 'List webhook endpoints',
  permission: 'payments:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of endpoints.', body: endpointListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors }) {
    const { workspaceId } = principal
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listWebhookEndpoints', workspaceId],
      query,
      (range) => objects.list<WebhookEndpoint>('webhook_endpoint', workspaceId, range),
      (endpoint) => endpoint,
    )
    return { status: 200, body: { items: items.map(endpointView), nextCursor } }
  },
})

const getEndpoint = route({
  method: 'GET',
  path: `${ENDPOINTS_PATH}/{id}`,
  operationId: 'getWebhookEndpoint',
  summary: 'Read a webhook endpoint',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The endpoint.', body: endpointBody, headers: ETAG } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    const endpoint = await ownEndpoint(services, principal.workspaceId, params.id)
    return { status: 200, etag: etagOf(endpoint), body: endpointView(endpoint) }
  },
})

const updateEndpoint = route({
  method: 'PATCH',
  path: `${ENDPOINTS_PATH}/{id}`,
  operationId: 'updateWebhookEndpoint',
  summary: 'Change a webhook endpoint',
  description:
    'What waits to be delivered goes to the new address. Enabled after it failed, the answer names in `missed` since when it ' +
    'missed events, and where to ask for them.',
  permission: 'payments:write',
  params: idParams,
  body: updateEndpointBody,
  answers: { 200: { description: 'The changed endpoint.', body: endpointBody, headers: ETAG } },
  problems: ['not_found', 'precondition_failed'],
  async handle({ params, body: { status, ...fields }, principal, ifMatch, now }, services) {
    if (fields.url !== undefined) checkUrl(fields.url, services)
    const endpoint = await changeEndpoint(services, { ...principal, id: params.id, ifMatch }, (before) => {
      const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
      const changedFields = changed(before, given, now)
      const isMoved = fields.url !== undefined && fields.url !== before.url
      const after = isMoved ? { ...probeNow(changedFields, now), version: changedFields.version } : changedFields
      if (status === 'enabled') return { ...enable(after, now), version: after.version }
      return status === 'disabled' ? { ...disable(after, 'manual', now), version: after.version } : after
    })
    return { status: 200, etag: etagOf(endpoint), body: endpointView(endpoint) }
  },
})

const deleteEndpoint = route({
  method: 'DELETE',
  path: `${ENDPOINTS_PATH}/{id}`,
  operationId: 'deleteWebhookEndpoint',
  summary: 'Delete a webhook endpoint',
  description: 'Nothing more is sent to it; deliveries that wait fail.',
  permission: 'payments:write',
  params: idParams,
  answers: { 204: { description: 'The endpoint was deleted.' } },
  problems: ['not_found', 'precondition_failed'],
  async handle({ params, principal, ifMatch }, services) {
    await services.changes.settle(async (changes) => {
      changes.remove(await ownEndpoint(services, principal.workspaceId, params.id, ifMatch))
    })
    return { status: 204 }
  },
})

const rotateSecret = route({
  method: 'POST',
  path: `${ENDPOINTS_PATH}/{id}/rotate`,
  operationId: 'rotateWebhookSecret',
  summary: 'Replace the secret of a webhook endpoint',
  description: 'Messages are signed with the new one at once, and with the old one too until the overlap is over.',
  permission: 'payments:write',
  params: idParams,
  body: rotateBody,
  idempotent: false,
  answers: { 200: { description: 'The endpoint and its new secret.', body: newEndpointBody, headers: ETAG } },
  problems: ['not_found', 'precondition_failed'],
  async handle({ params, body, principal, ifMatch, now }, services) {
    const secret = newSecret(services.random)
    const stored = await storedSecret(secret, params.id, services.secrets, now)
    const endpoint = await changeEndpoint(services, { ...principal, id: params.id, ifMatch }, (before) =>
      rotate(before, stored, body.overlapHours * HOUR, now),
    )
    return { status: 200, etag: etagOf(endpoint), body: { ...endpointView(endpoint), secret } }
  },
})

const testEndpoint = route({
  method: 'POST',
  path: `${ENDPOINTS_PATH}/{id}/test`,
  operationId: 'testWebhookEndpoint',
  summary: 'Send a test event to a webhook endpoint',
  description: 'An event `webhook_endpoint.test`, whatever it wants to hear, signed and tried as any other.',
  permission: 'payments:write',
  params: idParams,
  answers: {
    202: { description: 'It is on its way.', body: testBody, headers: { Location: 'The path of the delivery.' } },
  },
  problems: ['not_found'],
  async handle({ params, principal, requestId, trace, now }, services) {
    const endpoint = await ownEndpoint(services, principal.workspaceId, params.id)
    const cause = { now, requestId, idempotencyKey: null, traceparent: formatTraceparent(trace) }
    const event = testEvent(endpoint, cause, services.ids)
    await services.changes.settle(async (changes) => changes.tell(event))
    const delivery = `${ENDPOINTS_PATH}/${endpoint.id}/deliveries/${event.id}`
    return { status: 202, headers: { Location: delivery }, body: { eventId: event.id, delivery } }
  },
})

export const endpointRoutes = [
  createEndpoint,
  listEndpoints,
  getEndpoint,
  updateEndpoint,
  deleteEndpoint,
  rotateSecret,
  testEndpoint,
]

function checkUrl(url: string, { allowLoopback }: PaymentsServices): void {
  const detail = urlFault(url, allowLoopback)
  if (detail === undefined) return
  const errors = [{ pointer: '/url', code: 'invalid_url', detail }]
  throw new Problem('validation_failed', 'See errors for what to change.', { errors })
}
