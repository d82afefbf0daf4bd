/**
 * Events as Stripe has them: something happened to one object, told with the object as it was then. The payload is
 * frozen when the event is made, as text; every reader and every delivery gets these bytes. Pure.
 */
import { epochSeconds } from '#core/clock.ts'
import type { Ids } from '#core/ids.ts'
import type { StoredObject } from '../objects/objects.ts'

/** The version of Stripe's API whose shapes the payloads have: that of the `stripe` package this repository tests with. */
export const API_VERSION = '2026-10-28.endive'

/** What events of ours begin with. Clients of Stripe get them only when they ask for them: their SDK knows no such types. */
const OWN_TYPES = ['order.', 'webhook_endpoint.'] as const
export const isStripeType = (type: string): boolean => !OWN_TYPES.some((prefix) => type.startsWith(prefix))

export interface EventRow {
  readonly id: string
  readonly workspaceId: string
  /** `payment_intent.succeeded`; `order.…` is ours, Stripe has no such events. */
  readonly type: string
  readonly objectId: string
  /** The object's version: rises with every event about one object. */
  readonly sequence: number
  readonly createdAt: string
  /** JSON of Stripe's event object. */
  readonly payload: string
  readonly traceparent: string
}

/** What led to the event: goes into its payload and its trace. */
export interface Cause {
  readonly now: Date
  /** Of the request, `req_…` on the wire; null when a clock or a webhook was the reason. */
  readonly requestId: string | null
  readonly idempotencyKey: string | null
  readonly traceparent: string
}

export interface EventSubject {
  readonly type: string
  /** Which object, in which version. */
  readonly object: Pick<StoredObject, 'id' | 'workspaceId' | 'version'>
  /** The object as the API shows it. */
  readonly body: Readonly<Record<string, unknown>>
  /** Stripe's `previous_attributes`: what the fields were that changed, for `….updated`. */
  readonly previous?: Readonly<Record<string, unknown>> | undefined
}

export function newEvent({ type, object, body, previous }: EventSubject, cause: Cause, ids: Ids): EventRow {
  const id = ids('evt')
  const payload = {
    id,
    object: 'event',
    api_version: API_VERSION,
    created: epochSeconds(cause.now),
    data: { object: body, ...(previous !== undefined && { previous_attributes: previous }) },
    livemode: false,
    pending_webhooks: 0,
    request: { id: cause.requestId, idempotency_key: cause.idempotencyKey },
    type,
  }
  return {
    id,
    workspaceId: object.workspaceId,
    type,
    objectId: object.id,
    sequence: object.version,
    createdAt: cause.now.toISOString(),
    payload: JSON.stringify(payload),
    traceparent: cause.traceparent,
  }
}
