/**
 * `/v1/webhook_endpoints`: endpoints that are signed as Stripe signs. Those of the other scheme are not here: clients of
 * Stripe could not verify what they get. Delivery is that of `webhooks/out/`.
 */
import * as z from 'zod'
import { epochSeconds } from '#core/clock.ts'
import { API_VERSION } from '../../changes/stripe-event.ts'
import { changed } from '../../objects/objects.ts'
import {
  EVENT_PATTERN,
  MAX_ENDPOINTS,
  MAX_PATTERNS,
  MAX_URL_LENGTH,
  urlFault,
  type WebhookEndpoint,
} from '../../webhooks/endpoints/endpoint.ts'
import { disable, enable } from '../../webhooks/endpoints/health.ts'
import { makeEndpoint } from '../../webhooks/endpoints/make-endpoint.ts'
import type { Body } from '../expand.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { named } from '../object-changes.ts'
import { boolean, changedMetadata, clearable, metadata, text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { checkVersion } from '../version.ts'

const MAX_VERSION = 60

const url = text(MAX_URL_LENGTH)
const enabledEvents = z
  .array(text().regex(EVENT_PATTERN, { error: 'must be event types, or * for all' }))
  .min(1)
  .max(MAX_PATTERNS)

const endpointBody = (endpoint: WebhookEndpoint): Body => ({
  id: endpoint.id,
  object: 'webhook_endpoint',
  api_version: endpoint.apiVersion,
  application: null,
  created: epochSeconds(new Date(endpoint.createdAt)),
  description: endpoint.description,
  enabled_events: endpoint.events,
  livemode: false,
  metadata: endpoint.metadata,
  status: endpoint.disabled === null ? 'enabled' : 'disabled',
  url: endpoint.url,
})

const isOfStripe = ({ scheme }: WebhookEndpoint): boolean => scheme === 'stripe'

/** Throws 404. */
async function endpointOf(workspaceId: string, id: string, { objects }: StripeServices): Promise<WebhookEndpoint> {
  const endpoint = await objects.get<WebhookEndpoint>('webhook_endpoint', workspaceId, id)
  if (endpoint === undefined || !isOfStripe(endpoint)) throw resourceMissing('webhook endpoint', id)
  return endpoint
}

function checkUrl(address: string | undefined, { allowLoopback }: StripeServices): void {
  const fault = address === undefined ? undefined : urlFault(address, allowLoopback)
  if (fault !== undefined) throw invalidRequest(`Invalid URL: ${fault}`, { param: 'url', code: 'url_invalid' })
}

const createEndpoint = stripeRoute({
  method: 'POST',
  path: '/v1/webhook_endpoints',
  operationId: 'stripeCreateWebhookEndpoint',
  summary: 'Create a webhook endpoint; its secret is shown this once',
  permission: 'payments:write',
  shownOnce: 'secret',
  params: z.strictObject({
    url,
    enabled_events: enabledEvents,
    api_version: text(MAX_VERSION).optional(),
    description: text().optional(),
    metadata: metadata.optional(),
  }),
  async handle({ params, principal: { workspaceId }, now }, services, { changes }) {
    checkUrl(params.url, services)
    checkVersion(params.api_version)
    const made = await makeEndpoint(
      {
        ...{ workspaceId, scheme: 'stripe', url: params.url, events: params.enabled_events },
        ...{ description: params.description, apiVersion: params.api_version === undefined ? null : API_VERSION },
        metadata: changedMetadata({}, params.metadata),
      },
      services,
      now,
    )
    if (made === undefined) throw invalidRequest(`You have reached the maximum of ${MAX_ENDPOINTS} webhook endpoints.`)
    changes.create(made.endpoint)
    return { body: { ...endpointBody(made.endpoint), secret: made.secret } }
  },
})

const getEndpoint = stripeRoute({
  method: 'GET',
  path: '/v1/webhook_endpoints/{id}',
  operationId: 'stripeGetWebhookEndpoint',
  summary: 'Retrieve a webhook endpoint',
  permission: 'payments:read',
  async handle({ ids: { id = '' }, principal: { workspaceId } }, services) {
    return { body: endpointBody(await endpointOf(workspaceId, id, services)) }
  },
})

const updateEndpoint = stripeRoute({
  method: 'POST',
  path: '/v1/webhook_endpoints/{id}',
  operationId: 'stripeUpdateWebhookEndpoint',
  summary: 'Update a webhook endpoint',
  permission: 'payments:write',
  params: z.strictObject({
    url: url.optional(),
    enabled_events: enabledEvents.optional(),
    disabled: boolean.optional(),
    description: clearable(text()).optional(),
    metadata: metadata.optional(),
  }),
  async handle({ ids: { id = '' }, params, principal: { workspaceId }, now }, services, { changes }) {
    checkUrl(params.url, services)
    const before = await endpointOf(workspaceId, id, services)
    const { disabled, enabled_events: events, metadata: change, ...rest } = params
    const fields = { ...named({ ...rest, events }), metadata: changedMetadata(before.metadata, change) }
    const revised = changed<WebhookEndpoint>(before, fields, now)
    const after = disabled === undefined ? revised : disabled ? disable(revised, 'manual', now) : enable(revised, now)
    changes.update(before, after)
    return { body: endpointBody(after) }
  },
})

const deleteEndpoint = stripeRoute({
  method: 'DELETE',
  path: '/v1/webhook_endpoints/{id}',
  operationId: 'stripeDeleteWebhookEndpoint',
  summary: 'Delete a webhook endpoint',
  permission: 'payments:write',
  async handle({ ids: { id = '' }, principal: { workspaceId } }, services, { changes }) {
    changes.remove(await endpointOf(workspaceId, id, services))
    return { body: { id, object: 'webhook_endpoint', deleted: true } }
  },
})

const listEndpoints = stripeRoute({
  method: 'GET',
  path: '/v1/webhook_endpoints',
  operationId: 'stripeListWebhookEndpoints',
  summary: 'List webhook endpoints, newest first',
  permission: 'payments:read',
  params: z.strictObject(listParameters),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const shown = { url: '/v1/webhook_endpoints', show: endpointBody }
    const list = objectList<WebhookEndpoint>(objects, 'webhook_endpoint', workspaceId, shown)
    return { body: await listBody({ ...list, where: isOfStripe }, params) }
  },
})

export const endpointRoutes = [createEndpoint, getEndpoint, updateEndpoint, deleteEndpoint, listEndpoints]
