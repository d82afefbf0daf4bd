/** Where a run ends that can't be published: rejected for the file's fault, failed for ours. Entry and wiring. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { failRunEnvironment } from './environment.ts'
import { readResult } from './runs/convert-run.ts'
import { failureOf } from './runs/failure.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { failedInput, runInput } from './runs/step-schemas.ts'

const { ETL_TABLE, LAKE_BUCKET } = failRunEnvironment.read()
const runs = createRunsStore(documentClient(), ETL_TABLE)
const lake = createObjectsStore(objectsClient(), LAKE_BUCKET)

export const handler = stepHandler({
  name: 'etl/fail-run',
  clock: systemClock,
  random: systemRandom,
  input: failedInput,
  output: runInput,
  async handle({ error, ...input }, { log, now }) {
    const run = await runs.get(input.workspaceId, input.runId)
    if (run === undefined) throw new Error(`expected the run ${input.runId}, got none`)
    const { status, ...failure } = failureOf(error)
    log.set({ ...input, status, ...failure })
    const counts = (await readResult(lake, run))?.counts
    await runs.change(run, ['accepted', 'running'], status, { error: failure, ...(counts && { counts }) }, now)
    return input
  },
})
