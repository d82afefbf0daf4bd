/** An object landed → its run is started: entry and wiring. How is in `runs/start-run.ts`. */
import { SFNClient } from '@aws-sdk/client-sfn'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { createIds } from '#core/ids.ts'
import { eventHandler } from '#core/invocation.ts'
import { hexFrom, systemRandom } from '#core/random.ts'
import { continueTrace, formatTraceparent } from '#core/trace.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { landedAt } from './catalog/keys.ts'
import { startRunEnvironment } from './environment.ts'
import { createStartExecution } from './runs/executions.store.ts'
import { landedEvent } from './runs/landed.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { startRun } from './runs/start-run.ts'
import { createUploadsStore } from './runs/uploads.store.ts'

const { ETL_TABLE, RUNS_MACHINE } = startRunEnvironment.read()
const client = documentClient()
const uploads = createUploadsStore(client, ETL_TABLE)
const dependencies = {
  runs: createRunsStore(client, ETL_TABLE),
  datasets: createDatasetsStore(client, ETL_TABLE),
  startExecution: createStartExecution(new SFNClient(CLIENT_LIMITS), RUNS_MACHINE),
  getUpload: (workspaceId: string, uploadId: string) => uploads.get(workspaceId, uploadId),
  linkUpload: (workspaceId: string, uploadId: string, runId: string) => uploads.link(workspaceId, uploadId, runId),
  ids: createIds(systemClock, systemRandom),
  clock: systemClock,
}

export const handler = eventHandler(
  { name: 'etl/start-run', clock: systemClock, random: systemRandom },
  async (event, { log }) => {
    const { key, etag, size } = landedEvent.parse(event).detail.object
    const landed = landedAt(key)
    log.set({ key, ...landed })
    if (landed === undefined) return log.note('warn', 'expected <workspace>/<dataset>/…, the object is left alone')
    const trace = continueTrace(undefined, hexFrom(systemRandom))
    const run = await startRun(landed, { key, etag, bytes: size }, formatTraceparent(trace), dependencies)
    if (run === undefined) return log.note('warn', 'no such dataset, the object is left alone')
    log.set({ runId: run.id, status: run.status, attempt: run.attempt })
  },
)
