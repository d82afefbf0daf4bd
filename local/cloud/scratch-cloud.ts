/** A cloud for tests: its own home, on free ports, beside a developer's `npm start` and without touching it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { homeAt } from '../home.ts'
import type { Outputs } from '../outputs.ts'
import { freePort } from '../ports.ts'
import type { Progress } from '../progress.ts'
import { bringUp } from './cloud.ts'
import { ensureSetUp } from './setup.ts'

export interface ScratchCloud {
  readonly outputs: Outputs
  /** Its home: `<folder>/logs/functions/<function name>.log` and so on. */
  readonly folder: string
  stop(): Promise<void>
}

export async function startScratchCloud(progress: Progress): Promise<ScratchCloud> {
  await ensureSetUp(progress)
  const folder = await mkdtemp(join(tmpdir(), 'backlot-test-'))
  const { cloud } = await bringUp({
    home: homeAt(folder),
    progress,
    edgePort: 0,
    cloudPort: await freePort(),
    hotReload: false,
  })
  return {
    outputs: cloud.outputs(),
    folder,
    async stop() {
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
