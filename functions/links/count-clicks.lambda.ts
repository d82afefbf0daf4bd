/** Clicks from the queue → counters, each click once, then ClicksRecorded: entry and wiring. How is in `clicks/clicks.store.ts`. */
import { EventBridgeClient } from '@aws-sdk/client-eventbridge'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import type { BusEvent } from '#core/event.ts'
import { eventBus } from '#core/event-bus.store.ts'
import type { BusEntry } from '#core/outbox.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { clickMessage } from './clicks/click-message.ts'
import { createClicksStore, SHARDS } from './clicks/clicks.store.ts'
import { clicksRecordedBy } from './clicks/clicks-recorded.ts'
import { countClicksEnvironment } from './environment.ts'

const { LINKS_TABLE, EVENT_BUS } = countClicksEnvironment.read()
const clicks = createClicksStore(documentClient(), LINKS_TABLE)
const put = eventBus(new EventBridgeClient(CLIENT_LIMITS), EVENT_BUS)

export const handler = sqsHandler({
  name: 'links/count-clicks',
  clock: systemClock,
  random: systemRandom,
  schema: clickMessage,
  async handle(messages, { log, now }) {
    const shard = (systemRandom.bytes(1)[0] ?? 0) % SHARDS
    const visits = messages.map(({ body }) => body)
    const { counted, duplicates, forgotten } = await clicks.count(visits, shard, now)
    log.metric('countedClicks', counted)
    log.metric('duplicateClicks', duplicates)
    log.set({ forgotten })
    const refused = (await put(clicksRecordedBy(visits).map(entryOf))).find((code) => code !== undefined)
    if (refused !== undefined) throw new Error(`expected the bus to take every ClicksRecorded, got ${refused}`)
    // A refused transaction throws: the whole batch comes back, and what was counted is recognised by its markers. So it is
    // when the bus is away: the clicks are then told again, never too little.
    return []
  },
})

function entryOf(event: BusEvent): BusEntry {
  const { type: detailType, occurredAt } = event
  return { source: 'backlot.links', detailType, occurredAt: new Date(occurredAt), detail: JSON.stringify(event) }
}
