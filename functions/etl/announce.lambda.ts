/** Last step of a run: it is published, which the table's stream tells the bus. Entry and wiring. */
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { stepHandler } from '#core/step.ts'
import { announceEnvironment } from './environment.ts'
import { createRunsStore } from './runs/runs.store.ts'
import { runInput } from './runs/step-schemas.ts'

const { ETL_TABLE } = announceEnvironment.read()
const runs = createRunsStore(documentClient(), ETL_TABLE)

export const handler = stepHandler({
  name: 'etl/announce',
  clock: systemClock,
  random: systemRandom,
  input: runInput,
  output: runInput,
  async handle(input, { log, now }) {
    log.set(input)
    const run = await runs.get(input.workspaceId, input.runId)
    // A duplicate stays one; a repeated step finds the run published.
    if (run?.status === 'committed') await runs.change(run, ['committed'], 'published', {}, now)
    return input
  },
})
