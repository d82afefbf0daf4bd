/** A vitest globalSetup: one folder for whatever the infra tests write, gone when they are done. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  interface ProvidedContext {
    /** An existing folder. */
    temporary: string
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await mkdtemp(path.join(tmpdir(), 'backlot-infra-'))
  provide('temporary', folder)
  return () => rm(folder, { recursive: true, force: true })
}
