/** First step of a run: the file is still the one that landed, and small enough. Entry and wiring. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { createObjectsStore, objectsClient } from './catalog/objects.store.ts'
import { InputFault } from './convert/faults.ts'
import { MAX_INPUT_BYTES } from './convert/source.ts'
import { planEnvironment } from './environment.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { runInput } from './runs/step-schemas.ts'

const { ETL_TABLE, LANDING_BUCKET } = planEnvironment.read()
const runs = createRunsStore(documentClient(), ETL_TABLE)
const landing = createObjectsStore(objectsClient(), LANDING_BUCKET)

export const handler = stepHandler({
  name: 'etl/plan',
  clock: systemClock,
  random: systemRandom,
  input: runInput,
  output: runInput,
  async handle(input, { log, now }) {
    log.set(input)
    const run = await runs.get(input.workspaceId, input.runId)
    if (run === undefined) throw new Error(`expected the run ${input.runId}, got none`)
    // Undefined when this step is repeated: then it runs already.
    await runs.change(run, ['accepted'], 'running', {}, now)
    const object = await landing.head(run.source.key)
    if (object?.etag !== run.source.etag)
      throw new InputFault('InputChanged', `expected the object that landed, got ${object?.etag ?? 'none'}`)
    if (object.size > MAX_INPUT_BYTES)
      throw new InputFault('InputTooLarge', `expected at most ${MAX_INPUT_BYTES} bytes, got ${object.size}`)
    return input
  },
})
