/** The event that `POST …/test` sends: made, fanned out and delivered as any other, to one endpoint. Pure. */
import type { Ids } from '#core/ids.ts'
import { type Cause, type EventRow, newEvent } from '../../changes/stripe-event.ts'
import type { WebhookEndpoint } from './endpoint.ts'

const TEST_TYPE = 'webhook_endpoint.test'

export const isTestEvent = (type: string): boolean => type === TEST_TYPE

export function testEvent(endpoint: WebhookEndpoint, cause: Cause, ids: Ids): EventRow {
  const body = { id: endpoint.id, object: 'webhook_endpoint', url: endpoint.url, message: 'Hello from Backlot.' }
  return newEvent({ type: TEST_TYPE, object: endpoint, body }, cause, ids)
}
