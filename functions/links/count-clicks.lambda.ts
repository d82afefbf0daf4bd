/** Clicks from the queue → counters, each click once: entry and wiring. How is in `clicks.store.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { clickMessage } from './click-message.ts'
import { createClicksStore, SHARDS } from './clicks.store.ts'
import { countClicksEnvironment } from './environment.ts'

const { LINKS_TABLE } = countClicksEnvironment.read()
const clicks = createClicksStore(documentClient(), LINKS_TABLE)

export const handler = sqsHandler({
  name: 'links/count-clicks',
  clock: systemClock,
  random: systemRandom,
  schema: clickMessage,
  async handle(messages, { log, now }) {
    const shard = (systemRandom.bytes(1)[0] ?? 0) % SHARDS
    const { counted, duplicates, forgotten } = await clicks.count(
      messages.map(({ body }) => body),
      shard,
      now,
    )
    log.metric('countedClicks', counted)
    log.metric('duplicateClicks', duplicates)
    log.set({ forgotten })
    // A refused transaction throws: the whole batch comes back, and what was counted is recognised by its markers.
    return []
  },
})
