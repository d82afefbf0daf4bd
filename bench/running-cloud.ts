/** The local cloud that benchmarks ask, when one runs. */
import { type Outputs, readOutputs } from '../local/outputs.ts'
import { readSettings } from '../local/settings.ts'

/** Undefined when none answers; then it says that `what` was not measured. */
export async function runningCloud(what: string): Promise<Outputs | undefined> {
  const outputs = await readOutputs(readSettings().home.outputs).catch(() => undefined)
  const answers = outputs !== undefined && (await fetch(outputs.edge.url).catch(() => undefined)) !== undefined
  if (answers) return outputs
  console.log(`\n${what}: not measured, because no local cloud is running (npm run up).`)
  return undefined
}
