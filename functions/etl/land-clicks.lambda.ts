/** ClicksRecorded → a file in the landing bucket, where a run finds it: entry and wiring. */
import { systemClock } from '#core/clock.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { clicksFiles, clicksMessage } from './clicks/clicks-recorded.ts'
import { landClicksEnvironment } from './environment.ts'

const { LANDING_BUCKET } = landClicksEnvironment.read()
const landing = createObjectsStore(objectsClient(), LANDING_BUCKET)

export const handler = sqsHandler({
  name: 'etl/land-clicks',
  clock: systemClock,
  random: systemRandom,
  schema: clicksMessage,
  async handle(messages, { log }) {
    const files = clicksFiles(messages.map(({ body }) => body))
    // One that was written when this batch came before stays as it is.
    for (const { key, body } of files) await landing.writeOnce(key, body, 'application/x-ndjson')
    log.set({ files: files.length })
    return []
  },
})
