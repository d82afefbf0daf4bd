/** `npm run reset`: a fresh LocalStack with all stacks and the seeded data, whoever runs the cloud. */
import { askToReset, requireCloud } from '../cloud/control.ts'
import { elapsed, type Progress } from '../progress.ts'
import type { Settings } from '../settings.ts'

/** @throws Refusal `not_running`, `not_ours`, or whatever the deployment was refused with. */
export async function reset({ home }: Settings, progress: Progress): Promise<void> {
  const { edgeUrl } = await requireCloud(home)
  const began = performance.now()
  await askToReset(home, progress)
  progress.line(`The seeded state is back at ${edgeUrl} (${elapsed(performance.now() - began)}).`)
}
