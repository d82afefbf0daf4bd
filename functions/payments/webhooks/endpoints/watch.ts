/**
 * What the clock does with an endpoint that is not well (`health.ts`): tells its owners, sends a probe when the breaker's time
 * is over, and once it answers again, makes tasks of what waited.
 *
 * A task is asked for before the row says so: whoever dies between the two asks again, for a task of the same id.
 */
import type { Member } from '#core/access.store.ts'
import type { EnqueueTask } from '#core/task-commands.store.ts'
import type { ChangesStore } from '../../changes/changes.store.ts'
import type { ObjectsStore } from '../../objects/objects.store.ts'
import type { DueEntry } from '../../payments-keys.ts'
import type { DeliveriesStore } from '../out/deliveries.store.ts'
import { type Delivery, type DeliveryRef, deliveryWrite, giveUp, isParked, unpark } from '../out/delivery.ts'
import { deliveryTask, probeTask } from '../out/delivery-task.ts'
import type { Health, WebhookEndpoint } from './endpoint.ts'
import { closeBreaker, halfOpen, healthOf, noticeSent } from './health.ts'
import { noticeCommand } from './notice.ts'

export interface WatchServices {
  readonly objects: Pick<ObjectsStore, 'get'>
  readonly changes: Pick<ChangesStore, 'settle'>
  readonly deliveries: Pick<DeliveriesStore, 'find' | 'parked'>
  readonly enqueueTask: EnqueueTask
  readonly ownersOf: (workspaceId: string) => Promise<readonly Pick<Member, 'userId' | 'email'>[]>
  readonly traceparent: string
}

/** Of one endpoint in one tick. The next tick goes on. */
const RELEASED_AT_ONCE = 500
/** The index is a moment behind: among so many of the oldest one still waits. */
const PROBE_CANDIDATES = 10
/** At once: each is a message and a transaction. */
const AT_ONCE = 10

type Ref = Pick<DueEntry, 'workspaceId' | 'id'>

/** Resolves to how many deliveries were released. */
export async function watchEndpoint(ref: Ref, services: WatchServices, now: Date): Promise<number> {
  const endpoint = await load(ref, services)
  if (endpoint === undefined) return 0
  const { notice, breaker } = healthOf(endpoint)
  if (notice !== null) await sendNotice(endpoint, notice, services, now)
  if (breaker === null || Date.parse(breaker.at) > now.getTime()) return 0
  if (breaker.state === 'releasing') return release(endpoint, services, now)
  await probe(endpoint, services, now)
  return 0
}

const load = ({ workspaceId, id }: Ref, { objects }: WatchServices): Promise<WebhookEndpoint | undefined> =>
  objects.get<WebhookEndpoint>('webhook_endpoint', workspaceId, id)

/** Changes the endpoint unless what was decided on is no longer so. */
function settle(
  ref: Ref,
  services: WatchServices,
  isStillSo: (health: Health) => boolean,
  decide: (endpoint: WebhookEndpoint) => WebhookEndpoint,
): Promise<WebhookEndpoint | undefined> {
  return services.changes.settle(async (changes) => {
    const latest = await load(ref, services)
    if (latest === undefined || !isStillSo(healthOf(latest))) return undefined
    const after = decide(latest)
    changes.update(latest, after)
    return after
  })
}

/** A workspace of keys alone has no owner with an address; then nobody is told. */
async function sendNotice(
  endpoint: WebhookEndpoint,
  { stage, at }: NonNullable<Health['notice']>,
  services: WatchServices,
  now: Date,
): Promise<void> {
  const owners = await services.ownersOf(endpoint.workspaceId)
  for (const owner of owners) await services.enqueueTask(noticeCommand(endpoint, stage, owner, services.traceparent))
  const isSame = ({ notice }: Health) => notice?.stage === stage && notice.at === at
  await settle(endpoint, services, isSame, (latest) => noticeSent(latest, now))
}

/** The oldest that waits is sent; without one there is nothing to wait for. */
async function probe(endpoint: WebhookEndpoint, services: WatchServices, now: Date): Promise<void> {
  const at = healthOf(endpoint).breaker?.at
  const isSame = ({ breaker }: Health) => breaker !== null && breaker.state !== 'releasing' && breaker.at === at
  const delivery = await oldestParked(endpoint, services)
  if (delivery === undefined) {
    await settle(endpoint, services, isSame, (latest) => closeBreaker(latest, now))
    return
  }
  // The row first: a task that comes before it would find the breaker open. One that is lost is made again after its time.
  const probing = await settle(endpoint, services, isSame, (latest) => halfOpen(latest, delivery.eventId, now))
  if (probing !== undefined) await services.enqueueTask(probeTask(delivery, probing, now.toISOString()))
}

async function oldestParked(endpoint: WebhookEndpoint, { deliveries }: WatchServices): Promise<Delivery | undefined> {
  const candidates = await deliveries.parked(placeOf(endpoint), PROBE_CANDIDATES)
  for (const ref of candidates) {
    const delivery = await deliveries.find(ref)
    if (delivery !== undefined && isParked(delivery)) return delivery
  }
  return undefined
}

const placeOf = ({ workspaceId, id: endpointId }: WebhookEndpoint): Omit<DeliveryRef, 'eventId'> => ({
  workspaceId,
  endpointId,
})

/** Closed when nothing waits any more. */
async function release(endpoint: WebhookEndpoint, services: WatchServices, now: Date): Promise<number> {
  const waiting = await services.deliveries.parked(placeOf(endpoint), RELEASED_AT_ONCE)
  if (waiting.length === 0) {
    await settle(endpoint, services, isReleasing, (latest) => closeBreaker(latest, now))
    return 0
  }
  let released = 0
  for (let start = 0; start < waiting.length; start += AT_ONCE) {
    const some = waiting.slice(start, start + AT_ONCE)
    const done = await Promise.all(some.map((ref) => releaseOne(ref, endpoint, services, now)))
    released += done.filter(Boolean).length
  }
  return released
}

const isReleasing = ({ breaker }: Health): boolean => breaker?.state === 'releasing'

async function releaseOne(
  ref: DeliveryRef,
  endpoint: WebhookEndpoint,
  { deliveries, changes, enqueueTask }: WatchServices,
  now: Date,
): Promise<boolean> {
  const delivery = await deliveries.find(ref)
  if (delivery === undefined || !isParked(delivery)) return false
  const { disabled } = endpoint
  if (disabled === null) await enqueueTask(deliveryTask(delivery, endpoint))
  await changes.settle(async (collected) => {
    const latest = await deliveries.find(ref)
    // Tried already, sent again by hand, or parked anew.
    if (latest === undefined || !isParked(latest) || latest.parkings !== delivery.parkings) return
    const after = disabled === null ? unpark(latest, now) : giveUp(latest, 'endpoint_disabled', now)
    collected.also(deliveryWrite(latest, after))
  })
  return true
}
