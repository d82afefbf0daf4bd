/** Answers one query of the API, in a process of its own that may run out of memory alone. Entry and wiring. */
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { queryEnvironment } from './environment.ts'
import { queryAnswer, queryRequest } from './query/contract.ts'
import { createFileCache } from './query/file-cache.ts'
import { CACHE_BYTES } from './query/limits.ts'
import { runQuery } from './query/run-query.ts'
import { readManifest } from './runs/commit.store.ts'

const { ETL_TABLE, LAKE_BUCKET, DUCKDB_MEMORY_MB } = queryEnvironment.read()
const lake = createObjectsStore(objectsClient(), LAKE_BUCKET)
const dependencies = {
  datasets: createDatasetsStore(documentClient(), ETL_TABLE),
  manifestFiles: (key: string | undefined) => readManifest(lake, key),
  cache: createFileCache(lake, join(tmpdir(), 'lake'), CACHE_BYTES, () => systemClock.now()),
  temporaryRoot: tmpdir(),
  memoryMb: Number(DUCKDB_MEMORY_MB),
}

export const handler = stepHandler({
  name: 'etl/query',
  clock: systemClock,
  random: systemRandom,
  input: queryRequest,
  output: queryAnswer,
  async handle(request, { log, now }) {
    log.set({ workspaceId: request.workspaceId, format: request.format })
    const answer = await runQuery(request, dependencies, now)
    if (answer.kind === 'refused') log.set({ refusal: answer.code })
    else {
      log.metric(
        'queryBytesRead',
        answer.datasets.reduce((sum, { bytesRead }) => sum + bytesRead, 0),
        'Bytes',
      )
      log.set({ rows: answer.rowCount, truncated: answer.truncated })
    }
    return answer
  },
})
