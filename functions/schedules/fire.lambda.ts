/** Hints from the queue → runs, each occurrence once: entry and wiring. How is in `firing/fire.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { sqsHandler } from '#core/sqs.ts'
import { fireEnvironment } from './environment.ts'
import { fireAll } from './firing/fire.ts'
import { hintSchema } from './firing/hint.ts'
import { createSendHints } from './firing/hints.store.ts'
import { createSchedulesStore } from './schedules.store.ts'

const { SCHEDULES_TABLE, DUE_QUEUE_URL } = fireEnvironment.read()
const services = {
  schedules: createSchedulesStore(documentClient(), SCHEDULES_TABLE),
  sendHints: createSendHints(queueClient(), DUE_QUEUE_URL),
  now: () => systemClock.now(),
  tzdata: process.versions['tz'] ?? 'unknown',
}

export const handler = sqsHandler({
  name: 'schedules/fire',
  clock: systemClock,
  random: systemRandom,
  schema: hintSchema,
  handle: (messages, { log }) => fireAll(messages, services, log),
})
