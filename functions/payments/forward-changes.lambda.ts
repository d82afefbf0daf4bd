/** The table's stream → the queues of received webhooks, of events and of paid orders: entry and wiring. Which is in `forwarding/`. */
import { systemClock } from '#core/clock.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { streamHandler } from '#core/stream.ts'
import { forwardChangesEnvironment } from './environment.ts'
import { forwardChanges, forwardedItem, isForwarded } from './forwarding/forward-changes.ts'
import { createSendMessages } from './forwarding/messages.store.ts'

const { PAID_QUEUE_URL, RECEIVED_QUEUE_URL, EVENTS_QUEUE_URL } = forwardChangesEnvironment.read()
const client = queueClient()
const queues = {
  paid: createSendMessages(client, PAID_QUEUE_URL),
  received: createSendMessages(client, RECEIVED_QUEUE_URL),
  events: createSendMessages(client, EVENTS_QUEUE_URL),
}

export const handler = streamHandler({
  name: 'payments/forward-changes',
  clock: systemClock,
  random: systemRandom,
  schema: forwardedItem,
  wants: isForwarded,
  handle: (changes, { log }) => forwardChanges(changes, queues, log),
})
