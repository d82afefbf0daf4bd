/**
 * When the clock shall look at an object: the end of the state that it is in, as the object itself has it. The index of
 * what is due is made of this alone, with every write, so it can't say anything else than the objects do. Pure.
 *
 *   checkout session   open         → expires_at
 *   charge             authorised   → captured before
 *   webhook endpoint   not well     → its next probe, or notice to its owners
 */
import type { Session } from '../checkout/session.ts'
import type { Charge } from '../intents/intent.ts'
import type { StoredObject } from '../objects/objects.ts'
import type { WebhookEndpoint } from '../webhooks/endpoints/endpoint.ts'
import { endpointDueAt } from '../webhooks/endpoints/health.ts'

/** RFC 3339; undefined for an object that waits for nothing. */
export function dueAtOf(object: StoredObject): string | undefined {
  switch (object.kind) {
    case 'checkout.session': {
      const { status, expiresAt } = object as Session
      return status === 'open' ? expiresAt : undefined
    }
    case 'charge':
      return (object as Charge).captureBefore ?? undefined
    case 'webhook_endpoint':
      return endpointDueAt(object as WebhookEndpoint)
    default:
      return undefined
  }
}
