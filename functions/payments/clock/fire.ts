/** What is done with each kind of object when its time has come. */
import { type WatchServices, watchEndpoint } from '../webhooks/endpoints/watch.ts'
import { type ExpireServices, expireDueAuthorisation, expireDueSession } from './expire.ts'
import type { TickServices } from './tick.ts'

export const fire =
  (services: ExpireServices & WatchServices): TickServices['fire'] =>
  async (entry, now) => {
    switch (entry.kind) {
      case 'webhook_endpoint':
        return { releasedDeliveries: await watchEndpoint(entry, services, now) }
      case 'checkout.session':
        return expireDueSession(entry, services, now)
      case 'charge':
        return expireDueAuthorisation(entry, services, now)
      default:
        throw new Error(`expected a kind of object with a time, got ${entry.kind} ${entry.id}`)
    }
  }
