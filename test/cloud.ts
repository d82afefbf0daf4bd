/**
 * The cloud of the tests: its own home, on free ports, deployed from this checkout; shared by all test files of a
 * project and taken down with it. Runs beside a developer's `npm start` without touching it.
 */
import type { TestProject } from 'vitest/node'
import { type ScratchCloud, startScratchCloud } from '../local/cloud/scratch-cloud.ts'
import type { Outputs } from '../local/outputs.ts'
import { terminalProgress } from '../local/progress.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Of the tests' cloud; the same as its outputs.json. */
    readonly outputs: Outputs
    /** Its home: `<home>/logs/functions/<function name>.log` and so on. */
    readonly home: string
  }
}

interface SharedCloud extends ScratchCloud {
  readonly users: Set<string>
}

/**
 * Vitest runs the setup once for each project, each with its own instance of this module, all in one process: the
 * projects of one run share one cloud through the global object.
 */
const registry = globalThis as { backlotTestCloud?: Promise<SharedCloud> | undefined }

const start = async (): Promise<SharedCloud> => ({
  ...(await startScratchCloud(terminalProgress(process.stderr))),
  users: new Set(),
})

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
