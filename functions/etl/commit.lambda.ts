/** Fourth step of a run: readers see it from here on. Entry and wiring; how is in `runs/commit.store.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { StepError, stepHandler } from '#core/step.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { commitEnvironment } from './environment.ts'
import { createCommit } from './runs/commit.store.ts'
import { runAndResult } from './runs/run-and-result.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { checkedRun, runInput } from './runs/step-schemas.ts'

const { ETL_TABLE, LAKE_BUCKET } = commitEnvironment.read()
const client = documentClient()
const runs = createRunsStore(client, ETL_TABLE)
const datasets = createDatasetsStore(client, ETL_TABLE)
const lake = createObjectsStore(objectsClient(), LAKE_BUCKET)
const commit = createCommit({ client, table: ETL_TABLE, lake, datasets, runs, random: systemRandom })

export const handler = stepHandler({
  name: 'etl/commit',
  clock: systemClock,
  random: systemRandom,
  input: checkedRun,
  output: runInput,
  async handle({ warnings, ...input }, { log, now }) {
    log.set(input)
    const { run, result } = await runAndResult(input, runs, lake)
    // This step was repeated: it is done.
    if (run.status !== 'running') return input
    const { mode } = await datasets.definitionOf(run.workspaceId, run.dataset, run.datasetVersion)
    const { files, counts, sha256 } = result
    const done = await commit({ run, addition: { runId: run.id, mode, files }, sha256, counts, warnings }, now)
    log.set({ outcome: done.kind })
    if (done.kind === 'contended') throw new StepError('Contended', 'expected to publish, others kept publishing')
    if (done.kind === 'duplicate')
      await runs.change(run, ['running'], 'duplicate', { counts, duplicateOf: done.of }, now)
    return input
  },
})
