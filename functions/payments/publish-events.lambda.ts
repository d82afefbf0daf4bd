/** The table's stream → PaymentSucceeded, OrderPaid, RefundSucceeded … on the bus: entry and wiring. What an event says is in `events.ts`. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { systemClock } from '#core/clock.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { eventBus } from '#core/event-bus.store.ts'
import { outbox } from '#core/outbox.ts'
import { systemRandom } from '#core/random.ts'
import { streamHandler } from '#core/stream.ts'
import { publishEventsEnvironment } from './environment.ts'
import { type EventItem, eventItem, eventOf } from './events.ts'
import { isEventKey } from './payments-keys.ts'

const { EVENT_BUS } = publishEventsEnvironment.read()

export const handler = streamHandler({
  name: 'payments/publish-events',
  clock: systemClock,
  random: systemRandom,
  schema: eventItem,
  wants: isEventKey,
  handle: outbox<EventItem>({
    source: 'backlot.payments',
    put: eventBus(new EventBridgeClient(CLIENT_LIMITS), EVENT_BUS),
    eventOf,
  }),
})
