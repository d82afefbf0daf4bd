/** The task that delivers: how the tasks service is asked for it. Pure. */
import type { TaskCommand } from '#core/task-command.ts'
import type { WebhookEndpoint } from '../endpoints/endpoint.ts'
import { type Delivery, deliveryId } from './delivery.ts'

/** Of a definition in `functions/tasks/kinds/`. */
const TASK = 'webhook.deliver'

/** Each endpoint has a queue of its own, so that one that is slow keeps nobody waiting. */
export const queueOf = ({ slot }: Pick<WebhookEndpoint, 'slot'>): string => `webhooks-${slot}`

export function deliveryTask(delivery: Delivery, endpoint: Pick<WebhookEndpoint, 'slot'>): TaskCommand {
  const { workspaceId, endpointId, eventId, round, parkings = 0, traceparent } = delivery
  const nth = parkings === 0 ? '' : `#${parkings}`
  return {
    id: `webhook#${deliveryId(delivery)}#${round}${nth}`,
    workspaceId,
    name: TASK,
    input: { endpointId, eventId, round },
    queue: queueOf(endpoint),
    traceparent,
  }
}

/** The same, as the probe of its endpoint. `at` is of the probe: each is a task of its own. */
export const probeTask = (delivery: Delivery, endpoint: Pick<WebhookEndpoint, 'slot'>, at: string): TaskCommand => ({
  ...deliveryTask(delivery, endpoint),
  id: `webhook#${deliveryId(delivery)}#probe#${at}`,
})
