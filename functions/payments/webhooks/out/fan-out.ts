/**
 * Something happened → one delivery and one task for each endpoint that wants to hear it. Repeating it changes nothing: the
 * delivery is there once, and the task's id is the delivery's. For an endpoint that was disabled because it failed the
 * delivery is written down as one that failed: it can be sent again with the others once the endpoint is enabled.
 */
import type { InvocationLog } from '#core/log.ts'
import type { EnqueueTask } from '#core/task-commands.store.ts'
import type { ChangesStore } from '../../changes/changes.store.ts'
import { Changes } from '../../changes/changes.ts'
import type { EventMessage } from '../../forwarding/messages.ts'
import type { ObjectsStore } from '../../objects/objects.store.ts'
import { MAX_ENDPOINTS, type WebhookEndpoint, wants } from '../endpoints/endpoint.ts'
import { keepsMissed } from '../endpoints/health.ts'
import { isTestEvent } from '../endpoints/test-event.ts'
import { deliveryWrite, giveUp, newDelivery } from './delivery.ts'
import { deliveryTask } from './delivery-task.ts'

export interface FanOutServices {
  readonly objects: Pick<ObjectsStore, 'list' | 'event'>
  readonly changes: Pick<ChangesStore, 'commit'>
  readonly enqueueTask: EnqueueTask
}

/** Rejects when it should be tried again. */
export async function fanOut(
  message: EventMessage,
  services: FanOutServices,
  now: Date,
  log: InvocationLog,
): Promise<void> {
  const { workspaceId, eventId, type } = message
  const { items } = await services.objects.list<WebhookEndpoint>('webhook_endpoint', workspaceId, {
    limit: MAX_ENDPOINTS,
  })
  const listening = items.filter((endpoint) => endpoint.disabled === null || keepsMissed(endpoint, now))
  const wanting = isTestEvent(type)
    ? await testedBy(message, listening, services)
    : listening.filter((endpoint) => wants(endpoint, type))
  await Promise.all(
    wanting.map(async (endpoint) => {
      const delivery = newDelivery({ workspaceId, endpointId: endpoint.id, eventId }, message, now)
      const changes = new Changes()
      const isMissed = endpoint.disabled !== null
      changes.also(deliveryWrite(undefined, isMissed ? giveUp(delivery, 'endpoint_disabled', now) : delivery))
      // A conflict: it is there, from a try before. Its task may not be.
      await services.changes.commit(changes)
      if (!isMissed) await services.enqueueTask(deliveryTask(delivery, endpoint))
    }),
  )
  log.metric('fannedOutDeliveries', wanting.length)
}

/** A test is for the endpoint that it is about, whatever that one wants to hear. */
async function testedBy(
  { workspaceId, eventId }: EventMessage,
  endpoints: readonly WebhookEndpoint[],
  { objects }: FanOutServices,
): Promise<readonly WebhookEndpoint[]> {
  const event = await objects.event(workspaceId, eventId)
  return endpoints.filter(({ id }) => id === event?.objectId)
}
