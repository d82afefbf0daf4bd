/**
 * One try of one delivery, for the task `webhook.deliver`:
 * 1. the delivery, its event and its endpoint are read; what is done, void or unwanted ends here, and while the endpoint's
 *    breaker is open it waits with the endpoint
 * 2. the frozen event is signed anew: the same id on every try, the time of this one
 * 3. sent by the guarded client; a redirect is a failure
 * 4. the attempt, the delivery and what it says about the endpoint are written in one transaction
 * A process that ends between 3 and 4 sends again: receivers know a message by its id.
 */
import type { Clock } from '#core/clock.ts'
import type { HttpClient, HttpOutcome } from '#core/http-client.ts'
import type { Delivered, DeliverWebhook, DeliveryOrder } from '#core/webhook-delivery.ts'
import type { ChangesStore } from '../../changes/changes.store.ts'
import type { EventRow } from '../../changes/stripe-event.ts'
import type { ObjectsStore } from '../../objects/objects.store.ts'
import type { WebhookEndpoint } from '../endpoints/endpoint.ts'
import { afterTry, isHeld, isProbe, mayTry } from '../endpoints/health.ts'
import type { SecretBox } from '../secrets.ts'
import type { DeliveriesStore } from './deliveries.store.ts'
import {
  type Attempt,
  afterAttempt,
  attemptWrite,
  type Delivery,
  deliveryWrite,
  giveUp,
  KEPT_ANSWER_BYTES,
  park,
  type Verdict,
} from './delivery.ts'
import { signedMessage } from './signed-message.ts'

export interface DeliverServices {
  readonly objects: Pick<ObjectsStore, 'get' | 'event'>
  readonly deliveries: Pick<DeliveriesStore, 'find'>
  readonly changes: Pick<ChangesStore, 'settle'>
  readonly secrets: SecretBox
  readonly http: HttpClient
  readonly clock: Clock
}

/** The specification: 15 to 30 seconds for connecting and answering. */
export const TRY_TIMEOUT_MS = 15_000

export const createDeliverWebhook =
  (services: DeliverServices): DeliverWebhook =>
  (order, signal) =>
    deliver(order, services, signal)

async function deliver(order: DeliveryOrder, services: DeliverServices, signal: AbortSignal): Promise<Delivered> {
  const { objects, deliveries, clock } = services
  const { workspaceId, endpointId, eventId } = order
  const [delivery, endpoint, event] = await Promise.all([
    deliveries.find(order),
    objects.get<WebhookEndpoint>('webhook_endpoint', workspaceId, endpointId),
    objects.event(workspaceId, eventId),
  ])
  if (delivery === undefined || event === undefined) return over('unknown_delivery', 'its delivery or event expired')
  // Sent again since, or done by a try whose end was not recorded with the task.
  if (delivery.round !== order.round || delivery.status !== 'pending') return { kind: 'done', status: null }
  const unwanted = endpoint === undefined ? 'endpoint_deleted' : endpoint.disabled && 'endpoint_disabled'
  if (endpoint === undefined || unwanted) return end(delivery, unwanted || 'endpoint_deleted', services)
  if (!mayTry(endpoint, event) && (await waits(order, event, services))) return { kind: 'done', status: null }
  const began = clock.now()
  const outcome = await send(endpoint, event, services, began, signal)
  const { verdict, attempt } = judge(outcome)
  const at = { at: began.toISOString(), durationMs: clock.now().getTime() - began.getTime() }
  const recorded = await record(order, { ...attempt, ...at }, verdict, services)
  if (recorded?.parked === true && !(await mayStart(order, event, services))) return { kind: 'done', status: null }
  if (verdict === 'succeeded') return { kind: 'done', status: attempt.status }
  const code = attempt.error ?? verdict
  const detail = attempt.answer ?? code
  if (recorded?.status !== 'pending') return over(code, detail)
  const retryAfter = outcome.kind === 'answered' ? outcome.headers['retry-after'] : undefined
  return { kind: 'again', code, detail, retryAfter }
}

const endpointOf = (
  { workspaceId, endpointId }: DeliveryOrder,
  { objects }: Pick<DeliverServices, 'objects'>,
): Promise<WebhookEndpoint | undefined> => objects.get<WebhookEndpoint>('webhook_endpoint', workspaceId, endpointId)

async function mayStart(order: DeliveryOrder, event: EventRow, services: DeliverServices): Promise<boolean> {
  const endpoint = await endpointOf(order, services)
  return endpoint !== undefined && mayTry(endpoint, event)
}

/**
 * Parks it, then looks again: whoever closes the breaker closes it first and looks for what is parked then. So one of the
 * two sees the other. False when it is to be tried after all.
 */
async function waits(order: DeliveryOrder, event: EventRow, services: DeliverServices): Promise<boolean> {
  const { changes, deliveries, clock } = services
  await changes.settle(async (collected) => {
    const latest = await deliveries.find(order)
    if (latest?.round !== order.round || latest.status !== 'pending') return
    // One that is parked is parked anew: whoever made this task was about to write that it no longer waits.
    collected.also(deliveryWrite(latest, park(latest, clock.now())))
  })
  return !(await mayStart(order, event, services))
}

const over = (code: string, detail: string): Delivered => ({ kind: 'over', code, detail })

async function send(
  endpoint: WebhookEndpoint,
  event: EventRow,
  { secrets, http }: DeliverServices,
  at: Date,
  signal: AbortSignal,
): Promise<HttpOutcome> {
  const { headers, body } = await signedMessage(endpoint, event, secrets, at)
  return http.send({
    method: 'POST',
    url: endpoint.url,
    headers,
    body,
    timeoutMs: TRY_TIMEOUT_MS,
    maxBytes: KEPT_ANSWER_BYTES,
    signal,
  })
}

type Judged = { readonly verdict: Verdict; readonly attempt: Pick<Attempt, 'status' | 'error' | 'answer'> }

/** Only 2xx is success. An address that may not be called is never asked, so nothing of it can be shown. */
export function judge(outcome: HttpOutcome): Judged {
  switch (outcome.kind) {
    case 'refused':
      return { verdict: 'refused', attempt: { status: null, error: outcome.code, answer: null } }
    case 'failed':
      return { verdict: 'failed', attempt: { status: null, error: outcome.code, answer: null } }
    case 'answered': {
      const { status } = outcome
      const answer = Buffer.from(outcome.body.subarray(0, KEPT_ANSWER_BYTES)).toString()
      if (status >= 200 && status < 300) return { verdict: 'succeeded', attempt: { status, error: null, answer } }
      const verdict = status === 410 ? 'gone' : 'failed'
      return { verdict, attempt: { status, error: `http_${status}`, answer } }
    }
  }
}

/** Resolves to the delivery as it is now; undefined when it is no longer of this round. */
function record(
  order: DeliveryOrder,
  made: Omit<Attempt, 'number'>,
  verdict: Verdict,
  services: DeliverServices,
): Promise<Delivery | undefined> {
  const { changes, deliveries, clock } = services
  return changes.settle(async (collected) => {
    const [delivery, endpoint] = await Promise.all([deliveries.find(order), endpointOf(order, services)])
    if (delivery === undefined) return undefined
    const now = clock.now()
    const attempt: Attempt = { number: delivery.attempts + 1, ...made }
    const isCurrent = delivery.round === order.round
    const outcome = verdict === 'refused' ? 'failed' : verdict
    const health = endpoint && afterTry(endpoint, { outcome, eventId: order.eventId }, now)
    const probe = endpoint !== undefined && isProbe(endpoint, order.eventId)
    const held = endpoint !== undefined && isHeld(health ?? endpoint)
    // A try of an earlier round is remembered, and decides nothing.
    const after = isCurrent
      ? afterAttempt(delivery, attempt, verdict, now, { probe, held })
      : { ...delivery, attempts: attempt.number, version: delivery.version + 1 }
    collected.also(deliveryWrite(delivery, after))
    collected.also(attemptWrite(after, attempt))
    if (endpoint !== undefined && health !== undefined) collected.update(endpoint, health)
    return isCurrent ? after : undefined
  })
}

async function end(delivery: Delivery, reason: string, { changes, clock, deliveries }: DeliverServices) {
  await changes.settle(async (collected) => {
    const latest = await deliveries.find(delivery)
    if (latest?.round !== delivery.round || latest.status !== 'pending') return
    collected.also(deliveryWrite(latest, giveUp(latest, reason, clock.now())))
  })
  return over(reason, `nothing was sent: ${reason}`)
}
