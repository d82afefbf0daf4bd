/** The table's stream → PersonRegistered, WorkspaceCreated, MemberJoined … on the bus: entry and wiring. What an event says is in `events.ts`. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { systemClock } from '#core/clock.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { eventBus } from '#core/event-bus.store.ts'
import { outbox } from '#core/outbox.ts'
import { systemRandom } from '#core/random.ts'
import { streamHandler } from '#core/stream.ts'
import { publishEventsEnvironment } from './environment.ts'
import { eventOf, isOutboxKey, type OutboxItem, outboxItem } from './events.ts'

const { EVENT_BUS } = publishEventsEnvironment.read()

export const handler = streamHandler({
  name: 'auth/publish-events',
  clock: systemClock,
  random: systemRandom,
  schema: outboxItem,
  wants: isOutboxKey,
  handle: outbox<OutboxItem>({
    source: 'backlot.auth',
    put: eventBus(new EventBridgeClient(CLIENT_LIMITS), EVENT_BUS),
    eventOf,
  }),
})
