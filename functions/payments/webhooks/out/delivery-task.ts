/** The task that delivers: how the tasks service is asked for it. Pure. */
import type { TaskCommand } from '#core/task-command.ts'
import { type Delivery, deliveryId } from './delivery.ts'
import type { WebhookEndpoint } from './endpoint.ts'

/** Of a definition in `functions/tasks/kinds/`. */
const TASK = 'webhook.deliver'

/** Each endpoint has a queue of its own, so that one that is slow keeps nobody waiting. */
export const queueOf = ({ slot }: Pick<WebhookEndpoint, 'slot'>): string => `webhooks-${slot}`

export function deliveryTask(delivery: Delivery, endpoint: Pick<WebhookEndpoint, 'slot'>): TaskCommand {
  const { workspaceId, endpointId, eventId, round, traceparent } = delivery
  return {
    id: `webhook#${deliveryId(delivery)}#${round}`,
    workspaceId,
    name: TASK,
    input: { endpointId, eventId, round },
    queue: queueOf(endpoint),
    traceparent,
  }
}
