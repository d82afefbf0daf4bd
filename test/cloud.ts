/**
 * The cloud of the tests: its own home, on free ports, deployed from this checkout; shared by all test files of a
 * project and taken down with it. Runs beside a developer's `npm start` without touching it.
 */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { bringUp } from '../local/cloud.ts'
import { homeAt } from '../local/home.ts'
import type { Outputs } from '../local/outputs.ts'
import { freePort } from '../local/ports.ts'
import { terminalProgress } from '../local/progress.ts'
import { ensureSetUp } from '../local/setup.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the tests' cloud; the same as its outputs.json. */
    readonly outputs: Outputs
    /** Its home: `<home>/logs/functions/<function name>.log` and so on. */
    readonly home: string
  }
}

interface SharedCloud {
  readonly outputs: Outputs
  readonly folder: string
  readonly users: Set<string>
  stop(): Promise<void>
}

/**
 * Vitest runs the setup once for each project, each with its own instance of this module, all in one process: the
 * projects of one run share one cloud through the global object.
 */
const registry = globalThis as { backlotTestCloud?: Promise<SharedCloud> | undefined }

async function start(): Promise<SharedCloud> {
  const progress = terminalProgress(process.stderr)
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
    users: new Set(),
    async stop() {
      await cloud.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  registry.backlotTestCloud ??= start()
  const cloud = await registry.backlotTestCloud
  cloud.users.add(project.name)
  project.provide('outputs', cloud.outputs)
  project.provide('home', cloud.folder)
  return async () => {
    cloud.users.delete(project.name)
    if (cloud.users.size > 0) return
    registry.backlotTestCloud = undefined
    await cloud.stop()
  }
}
