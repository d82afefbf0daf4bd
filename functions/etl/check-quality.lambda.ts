/** Third step of a run: may it be published? Entry and wiring; the rules are in `runs/quality.ts`. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { createDatasetsStore } from './catalog/datasets.store.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { InputFault } from './convert/faults.ts'
import { checkQualityEnvironment } from './environment.ts'
import { verdictOf } from './runs/quality.ts'
import { runAndResult } from './runs/run-and-result.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { checkedRun, runInput } from './runs/step-schemas.ts'

const { ETL_TABLE, LAKE_BUCKET } = checkQualityEnvironment.read()
const client = documentClient()
const runs = createRunsStore(client, ETL_TABLE)
const datasets = createDatasetsStore(client, ETL_TABLE)
const lake = createObjectsStore(objectsClient(), LAKE_BUCKET)

export const handler = stepHandler({
  name: 'etl/check-quality',
  clock: systemClock,
  random: systemRandom,
  input: runInput,
  output: checkedRun,
  async handle(input, { log }) {
    log.set(input)
    const { run, result } = await runAndResult(input, runs, lake)
    const definition = await datasets.definitionOf(run.workspaceId, run.dataset, run.datasetVersion)
    const verdict = verdictOf(definition, result)
    if (!verdict.ok) throw new InputFault(verdict.name, verdict.detail)
    log.set({ warnings: verdict.warnings })
    return { ...input, warnings: [...verdict.warnings] }
  },
})
