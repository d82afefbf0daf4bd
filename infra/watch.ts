/**
 * Rebuilds functions while their sources change: only those that a changed file is part of, so that a small function
 * is live in the time that its own bundle takes, however many others there are.
 */
import { readdirSync, watch as watchFolder } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { BuildFailure } from 'esbuild'
import { type Bundle, bundleFunctions } from './bundle.ts'
import { type FunctionSource, listFunctions, ROOT } from './sources.ts'

export interface Rebuild {
  /** The functions whose code changed with this rebuild; empty when a change left every bundle as it was. */
  readonly changed: readonly Bundle[]
  /** What does not compile, ready to print; the bundles then stay as they were. */
  readonly errors: readonly string[]
  /** From the seen change to the written bundles. */
  readonly durationMs: number
}

export interface Watch {
  stop(): Promise<void>
}

/** What functions are made of, beside packages. */
const FOLDERS = ['functions', 'layers']
/** Editors write a file in several steps, and "save all" writes several files: they are built together. */
const SETTLE_MS = 15

/**
 * Every folder with sources, from the checkout, with `/`. Each is watched by itself: Node's own recursive watch loses
 * a file on Linux once an editor has replaced it by renaming.
 */
const foldersBelow = (root: string): readonly string[] =>
  FOLDERS.flatMap((top) => [
    top,
    ...readdirSync(path.join(root, top), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/')),
  ])

/** Entry point → the files that its bundle was made of, from the checkout. */
type Inputs = Map<string, ReadonlySet<string>>

const isBuildFailure = (error: unknown): error is BuildFailure => error instanceof Error && 'errors' in error

/** Whatever goes wrong is for the person at the editor; it never ends the cloud that runs beside. */
const describe = (error: unknown): readonly string[] =>
  isBuildFailure(error)
    ? error.errors.map(({ text, location }) => `${location ? `${location.file}:${location.line}: ` : ''}${text}`)
    : [String(error)]

/**
 * Rebuilds on every change of a source until stopped; the first build of all functions is reported too. A function
 * added while watching is picked up by the next start, because it needs a deploy in any case.
 */
export async function watchFunctions(
  onRebuild: (rebuild: Rebuild) => void | Promise<void>,
  { root = ROOT }: { readonly root?: string } = {},
): Promise<Watch> {
  const functions = listFunctions(root)
  const inputs: Inputs = new Map()
  /** What could not be built is tried again with every change: the missing file may be any. */
  const broken = new Set<FunctionSource>()

  const rebuild = async (stale: readonly FunctionSource[]): Promise<void> => {
    if (stale.length === 0) return
    const began = performance.now()
    const took = () => performance.now() - began
    try {
      const bundles = await bundleFunctions({ root, functions: stale })
      for (const bundle of bundles) inputs.set(bundle.source, new Set(bundle.inputs))
      for (const entry of stale) broken.delete(entry)
      await onRebuild({ changed: bundles.filter((bundle) => bundle.changed), errors: [], durationMs: took() })
    } catch (error) {
      for (const entry of stale) broken.add(entry)
      await onRebuild({ changed: [], errors: describe(error), durationMs: took() })
    }
  }
  const affected = (files: readonly string[]): readonly FunctionSource[] =>
    functions.filter((entry) => broken.has(entry) || files.some((file) => inputs.get(entry.source)?.has(file)))

  const pending = new Set<string>()
  const stopped = new AbortController()
  let working: Promise<void> | undefined
  const work = async (): Promise<void> => {
    while (pending.size > 0 && !stopped.signal.aborted) {
      await delay(SETTLE_MS)
      const files = [...pending]
      pending.clear()
      await rebuild(affected(files))
    }
    working = undefined
  }
  for (const folder of foldersBelow(root))
    watchFolder(path.join(root, folder), { signal: stopped.signal }, (_, name) => {
      pending.add(`${folder}/${name ?? ''}`)
      working ??= work()
    }).on('error', (error) => void onRebuild({ changed: [], errors: describe(error), durationMs: 0 }))
  working = rebuild(functions).then(work)
  await working
  return {
    async stop() {
      stopped.abort()
      await working
    },
  }
}
