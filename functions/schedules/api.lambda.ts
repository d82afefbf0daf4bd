/** The schedules API: entry and wiring. Routes are in `editing/schedule-routes.ts`, `runs/run-routes.ts` and `editing/preview-route.ts`. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { apiEnvironment } from './environment.ts'
import { createSendHints } from './firing/hints.store.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { createSchedulesStore } from './schedules.store.ts'
import { schedulesApi } from './schedules-api.ts'

const environment = apiEnvironment.read()
const kit = createKit(environment, { clock: systemClock, random: systemRandom })

export const handler = httpHandler({
  description: schedulesApi,
  services: {
    schedules: createSchedulesStore(kit.dynamo, environment.SCHEDULES_TABLE),
    runs: createRunsStore(kit.dynamo, environment.SCHEDULES_TABLE),
    sendHints: createSendHints(queueClient(), environment.DUE_QUEUE_URL),
    ids: kit.ids,
    cursors: kit.cursors,
    tzdata: process.versions['tz'] ?? 'unknown',
  },
  kit,
})
