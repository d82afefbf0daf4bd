/** Second step of a run: the file becomes Parquet and quarantine in the lake. Entry and wiring; how is in `runs/convert-run.ts`. */
import { tmpdir } from 'node:os'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { convertEnvironment } from './environment.ts'
import { convertRun } from './runs/convert-run.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { runInput } from './runs/step-schemas.ts'

const { ETL_TABLE, LANDING_BUCKET, LAKE_BUCKET, DUCKDB_MEMORY_MB } = convertEnvironment.read()
const client = documentClient()
const objects = objectsClient()
const dependencies = {
  runs: createRunsStore(client, ETL_TABLE),
  datasets: createDatasetsStore(client, ETL_TABLE),
  landing: createObjectsStore(objects, LANDING_BUCKET),
  lake: createObjectsStore(objects, LAKE_BUCKET),
  temporaryRoot: tmpdir(),
  memoryMb: Number(DUCKDB_MEMORY_MB),
}

export const handler = stepHandler({
  name: 'etl/convert',
  clock: systemClock,
  random: systemRandom,
  input: runInput,
  output: runInput,
  async handle(input, { log }) {
    log.set(input)
    const { result, resumed } = await convertRun(input, dependencies)
    const { recordsIn, good, quarantined } = result.counts
    log.set({ resumed, files: result.files.length, bytesIn: result.bytesIn })
    log.metric('recordsIn', recordsIn)
    log.metric('goodRows', good)
    log.metric('quarantinedRows', quarantined)
    return input
  },
})
