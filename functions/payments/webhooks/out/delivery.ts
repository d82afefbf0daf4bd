/**
 * The delivery of one event to one endpoint, and its attempts. The tasks engine tries; this is what is known of it. Pure.
 *
 *   pending ──► succeeded
 *    │ ▲  └───► failed      no more tries; the reason says why
 *    │ └─ resent, from both
 *    └► parked              still pending: its endpoint is not well, and it waits with it
 */
import { DAY, epochSeconds } from '#core/clock.ts'
import type { Write } from '../../changes/write.ts'
import { attemptSortKey, deliveryPartition, indexKeys, parkedKeys } from '../../payments-keys.ts'

export const DELIVERY_STATUSES = ['pending', 'succeeded', 'failed'] as const
export type DeliveryStatus = (typeof DELIVERY_STATUSES)[number]

/** That the task `webhook.deliver` makes before it gives up: 75.6 hours in all. */
export const MAX_TRIES = 10

/** Deliveries and attempts can be read, and sent again, for this long. */
export const DELIVERY_RETENTION_MS = 60 * DAY
/** Of an answer that is kept: enough to see what went wrong. */
export const KEPT_ANSWER_BYTES = 1_024

export interface Delivery {
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
  readonly eventType: string
  readonly status: DeliveryStatus
  /** Why there are no more tries: of the last attempt, `endpoint_disabled`, `endpoint_deleted`. */
  readonly reason: string | null
  readonly attempts: number
  /** Since it was made or sent again. */
  readonly failures: number
  /** How often it was sent again by hand. Tries of an earlier round that are still under way are void. */
  readonly round: number
  /** Its endpoint's breaker is open: there is no task for it until the clock makes one. */
  readonly parked?: boolean | undefined
  /** How often it was parked: every task of it has an id of its own. */
  readonly parkings?: number | undefined
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly traceparent: string
}

export interface Attempt {
  /** From 1. */
  readonly number: number
  readonly at: string
  readonly durationMs: number
  /** Of the answer; null when there was none. */
  readonly status: number | null
  /** Null for a 2xx answer: `http_503`, `timeout`, `ECONNREFUSED`, `url_address`. */
  readonly error: string | null
  /** The beginning of the answer's body. */
  readonly answer: string | null
}

export interface DeliveryRef {
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
}

export const newDelivery = (
  ref: DeliveryRef,
  { type, traceparent }: { readonly type: string; readonly traceparent: string },
  now: Date,
): Delivery => ({
  ...ref,
  eventType: type,
  status: 'pending',
  reason: null,
  ...{ attempts: 0, failures: 0, round: 0, version: 1 },
  createdAt: now.toISOString(),
  updatedAt: now.toISOString(),
  traceparent,
})

/** How a try ended. `gone`: the endpoint wants no more. `refused`: its address may not be called. */
export type Verdict = 'succeeded' | 'failed' | 'gone' | 'refused'

const next = (delivery: Delivery, change: Partial<Delivery>, now: Date): Delivery => ({
  ...delivery,
  ...change,
  version: delivery.version + 1,
  updatedAt: now.toISOString(),
})

/** How the endpoint is, for a try that failed. */
export interface Standing {
  /** The try was its probe, which uses up none of the delivery's tries. */
  readonly probe: boolean
  /** Its breaker is open now. */
  readonly held: boolean
}

export function afterAttempt(
  delivery: Delivery,
  { error }: Attempt,
  verdict: Verdict,
  now: Date,
  { probe, held }: Standing = { probe: false, held: false },
): Delivery {
  const attempts = delivery.attempts + 1
  const left = { attempts, parked: false }
  if (verdict === 'succeeded') return next(delivery, { ...left, status: 'succeeded', reason: null }, now)
  const failures = delivery.failures + (probe ? 0 : 1)
  const isLast = verdict !== 'failed' || failures >= MAX_TRIES
  const change = { ...left, failures, reason: error }
  if (isLast) return next(delivery, { ...change, status: 'failed' }, now)
  return held ? park({ ...delivery, ...change }, now) : next(delivery, change, now)
}

/** It waits with its endpoint. */
export const park = (delivery: Delivery, now: Date): Delivery =>
  next(delivery, { parked: true, parkings: (delivery.parkings ?? 0) + 1 }, now)

/** There is a task for it again. */
export const unpark = (delivery: Delivery, now: Date): Delivery => next(delivery, { parked: false }, now)

export const isParked = ({ status, parked }: Delivery): boolean => status === 'pending' && parked === true

export const giveUp = (delivery: Delivery, reason: string, now: Date): Delivery =>
  next(delivery, { status: 'failed', reason, parked: false }, now)

export const resend = (delivery: Delivery, now: Date): Delivery =>
  next(delivery, { status: 'pending', reason: null, failures: 0, parked: false, round: delivery.round + 1 }, now)

/** By which lists continue. */
export const deliveryId = ({ endpointId, eventId }: Pick<Delivery, 'endpointId' | 'eventId'>): string =>
  `${endpointId}.${eventId}`

const keysOf = ({ workspaceId, endpointId, eventId }: DeliveryRef) => ({
  pk: deliveryPartition(workspaceId, endpointId, eventId),
  sk: DELIVERY_KEY,
})
export const DELIVERY_KEY = 'DELIVERY'

const ttlFrom = (at: string): number => epochSeconds(new Date(Date.parse(at) + DELIVERY_RETENTION_MS))

/** Condition `new`, or `as it was read`. */
export function deliveryWrite(before: Delivery | undefined, after: Delivery): Write {
  const { workspaceId, endpointId: ownerId, createdAt } = after
  const keys = indexKeys({ workspaceId, kind: 'delivery', id: deliveryId(after), createdAt, ownerId })
  const parked = isParked(after) ? parkedKeys(after) : {}
  const Item = { ...keysOf(after), ...keys, ...parked, ...after, ttl: ttlFrom(after.updatedAt) }
  const condition =
    before === undefined
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : { ConditionExpression: 'version = :before', ExpressionAttributeValues: { ':before': before.version } }
  return { label: `delivery:${after.eventId}`, action: { Put: { Item, ...condition } } }
}

/** An attempt is written once, with the delivery that counts it. */
export function attemptWrite(delivery: Delivery, attempt: Attempt): Write {
  const pk = deliveryPartition(delivery.workspaceId, delivery.endpointId, delivery.eventId)
  const Item = { pk, sk: attemptSortKey(attempt.number), ...attempt, ttl: ttlFrom(attempt.at) }
  return { label: `attempt:${attempt.number}`, action: { Put: { Item } } }
}
