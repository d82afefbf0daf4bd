/** `/v1/events`: what happened, as it was told then. */
import * as z from 'zod'
import { type EventRow, isStripeType } from '../../changes/stripe-event.ts'
import type { Body } from '../expand.ts'
import { listBody, listParameters } from '../lists.ts'
import { text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'

const MAX_TYPE = 100
/** Stripe's limit. */
const MAX_TYPES = 20
/** `charge.succeeded`, `charge.*`, `*`. */
const eventType = text(MAX_TYPE)

/** The payload is frozen when the event is made. */
const eventBody = ({ payload }: EventRow): Body => JSON.parse(payload) as Body

const getEvent = stripeRoute({
  method: 'GET',
  path: '/v1/events/{id}',
  operationId: 'stripeGetEvent',
  summary: 'Retrieve an event',
  permission: 'payments:read',
  async handle({ ids: { id: eventId = '' }, principal: { workspaceId } }, { objects }) {
    const event = await objects.event(workspaceId, eventId)
    if (event === undefined) throw resourceMissing('event', eventId)
    return { body: eventBody(event) }
  },
})

const listEvents = stripeRoute({
  method: 'GET',
  path: '/v1/events',
  operationId: 'stripeListEvents',
  summary: 'List events of Stripe’s types, newest first; with `type` or `types` also those of orders',
  permission: 'payments:read',
  params: z.strictObject({
    ...listParameters,
    type: eventType.optional(),
    types: z.array(eventType).min(1).max(MAX_TYPES).optional(),
  }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const { type, types } = params
    if (type !== undefined && types !== undefined)
      throw invalidRequest('You may only specify one of these parameters: type, types.', { param: 'types' })
    const wanted = type === undefined ? (types ?? [ALL]) : [type]
    const list = {
      ...{ url: '/v1/events', noun: 'event', show: eventBody },
      find: (eventId: string) => objects.event(workspaceId, eventId),
      read: (range: Parameters<typeof objects.events>[1]) => objects.events(workspaceId, range),
      where: (event: EventRow) => wanted.some((pattern) => fits(event.type, pattern)),
    }
    return { body: await listBody(list, params) }
  },
})

const ALL = '*'

/** A pattern may end with a star for everything that begins so; alone it is for everything of Stripe's. */
function fits(type: string, pattern: string): boolean {
  if (pattern === ALL) return isStripeType(type)
  return pattern.endsWith('*') ? type.startsWith(pattern.slice(0, -1)) : type === pattern
}

export const eventRoutes = [getEvent, listEvents]
