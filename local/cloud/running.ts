/** The cloud that a command talks to: this checkout's own, or the one that AWS_ENDPOINT_URL names. */

import { type Outputs, readOutputs } from '../outputs.ts'
import { Refusal } from '../refusal.ts'
import type { Settings } from '../settings.ts'
import { requireAnswer } from './cloud.ts'
import { requireCloud } from './control.ts'

/** @throws Refusal `not_running`, `cloud_unreachable` or `not_deployed` */
export async function requireOutputs({ home, external }: Settings): Promise<Outputs> {
  if (external) await requireAnswer(external.endpoint)
  else await requireCloud(home)
  const outputs = await readOutputs(home.outputs).catch(() => undefined)
  if (!outputs || (external && outputs.endpoint !== external.endpoint))
    throw new Refusal(
      'not_deployed',
      `expected ${home.outputs} to tell what is deployed; it does not.`,
      'Deploy first: npm run deploy',
    )
  return outputs
}
