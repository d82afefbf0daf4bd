/** The ETL API: entry and wiring. Routes are in `etl-routes.ts`. */
import { LambdaClient } from '@aws-sdk/client-lambda'
import { systemClock } from '#core/clock.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { systemRandom } from '#core/random.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { apiEnvironment } from './environment.ts'
import { etlApi } from './etl-routes.ts'
import { createAskQuery, QUERY_ANSWER_TIMEOUT_MS } from './query/query-function.store.ts'
import { createPresignUpload } from './runs/presign.store.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { createUploadsStore } from './runs/uploads.store.ts'

const environment = apiEnvironment.read()
const kit = createKit(environment, { clock: systemClock, random: systemRandom })
const objects = objectsClient()
const patient = { ...CLIENT_LIMITS.requestHandler, requestTimeout: QUERY_ANSWER_TIMEOUT_MS }

export const handler = httpHandler({
  description: etlApi,
  services: {
    datasets: createDatasetsStore(kit.dynamo, environment.ETL_TABLE),
    runs: createRunsStore(kit.dynamo, environment.ETL_TABLE),
    uploads: createUploadsStore(kit.dynamo, environment.ETL_TABLE),
    presignUpload: createPresignUpload(objects, environment.LANDING_BUCKET),
    lake: createObjectsStore(objects, environment.LAKE_BUCKET),
    askQuery: createAskQuery(new LambdaClient({ maxAttempts: 1, requestHandler: patient }), environment.QUERY_FUNCTION),
    ids: kit.ids,
    cursors: kit.cursors,
  },
  kit,
})
