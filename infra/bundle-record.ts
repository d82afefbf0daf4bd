/**
 * What a bundle was made of, kept beside it (`.backlot/bundles/<service>/<name>.json`): while none of that has changed,
 * building it again would give the same bytes. Own sources are compared by content; packages by npm's own account of
 * what it installed, because hashing thousands of their files would take as long as bundling.
 */
import { createHash, randomUUID } from 'node:crypto'
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Metafile } from 'esbuild'
import { bundleFolder, type FunctionSource } from './sources.ts'

/** Files that decide about every bundle, beside the sources: how packages resolve, and what the compiler is told. */
const SETTINGS = ['package.json', 'tsconfig.json', 'node_modules/.package-lock.json']
const PACKAGES = 'node_modules/'
/** A plugin's module, such as `builtin-imported:node:http`: no file, and given by the plugin alone. */
const VIRTUAL = /^[a-z-]+:/
/** File systems note the time of a change by a clock that ticks this seldom (Linux: 4 ms at most). */
const CLOCK_TICK_MS = 10

export interface BundleRecord {
  /** Hash of the settings and of the way of building. */
  readonly key: string
  /** Every file that the entry point leads to, from the checkout. */
  readonly inputs: readonly string[]
  /** Those of them that have code in the bundle. */
  readonly parts: readonly string[]
  /** Own sources among the inputs, and the outputs `index.mjs` and `index.mjs.map` → hash of their content. */
  readonly hashes: Readonly<Record<string, string>>
}

export interface FinishedBuild {
  readonly metafile: Metafile
  readonly began: number
  /** Absolute path → text. */
  readonly outputs: ReadonlyMap<string, string>
}

const hashOf = (...parts: readonly (string | Buffer)[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part).update('\0')
  return hash.digest('hex')
}

const recordFile = (entry: FunctionSource, root: string): string => `${bundleFolder(entry, root)}.json`

const outputsOf = (entry: FunctionSource, root: string): readonly string[] =>
  ['index.mjs', 'index.mjs.map'].map((name) => path.relative(root, path.join(bundleFolder(entry, root), name)))

/** The records of one checkout. Reads each file once, so it is made anew for every run. */
export class BundleRecords {
  readonly #root: string
  readonly #hashes = new Map<string, Promise<string>>()
  readonly #key: Promise<string>
  /** Without npm's account, packages are sources like any others. */
  readonly #packagesAreKnown: Promise<boolean>

  /** `way` is whatever decides about a bundle beside files: options, versions. */
  constructor(root: string, way: string) {
    this.#root = root
    this.#packagesAreKnown = this.#hash('node_modules/.package-lock.json').then((hash) => hash !== '')
    this.#key = Promise.all(SETTINGS.map((file) => this.#hash(file))).then((hashes) => hashOf(way, ...hashes))
  }

  /** The record of a bundle that is as it would be built now. */
  async fresh(entry: FunctionSource): Promise<BundleRecord | undefined> {
    const text = await readFile(recordFile(entry, this.#root), 'utf8').catch(() => undefined)
    if (text === undefined) return undefined
    const record = JSON.parse(text) as BundleRecord
    if (record.key !== (await this.#key)) return undefined
    const same = await Promise.all(
      Object.entries(record.hashes).map(async ([file, hash]) => (await this.#hash(file)) === hash),
    )
    return same.every(Boolean) ? record : undefined
  }

  /**
   * Call it when the outputs are written. Of a build that a source may have changed under nothing is kept, because nobody
   * knows what the compiler read. `began` is in epoch milliseconds.
   */
  async write(
    entry: FunctionSource,
    { metafile, began, outputs: built }: FinishedBuild,
  ): Promise<Pick<BundleRecord, 'inputs' | 'parts'>> {
    const inputs = reachable(entry.source, metafile)
    const output = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === entry.source)
    const known = await this.#packagesAreKnown
    const own = inputs.filter((file) => !VIRTUAL.test(file) && !(known && file.startsWith(PACKAGES)))
    const sources = await Promise.all(own.map(async (file) => [file, await this.#hash(file)] as const))
    const outputs = outputsOf(entry, this.#root).map(
      (file) => [file, hashOf(built.get(path.join(this.#root, file)) ?? '')] as const,
    )
    const record: BundleRecord = {
      key: await this.#key,
      inputs,
      parts: Object.keys(output?.inputs ?? {}),
      hashes: Object.fromEntries([...sources, ...outputs]),
    }
    const file = recordFile(entry, this.#root)
    if (await this.#anyChangedSince(own, began)) {
      await rm(file, { force: true })
      return record
    }
    const temporary = `${file}.${randomUUID()}.tmp`
    await writeFile(temporary, JSON.stringify(record))
    await rename(temporary, file)
    return record
  }

  async #anyChangedSince(files: readonly string[], since: number): Promise<boolean> {
    const times = await Promise.all(
      files.map((file) =>
        stat(path.join(this.#root, file)).then(
          ({ mtimeMs }) => mtimeMs,
          () => Infinity,
        ),
      ),
    )
    return times.some((time) => time > since - CLOCK_TICK_MS)
  }

  /** Empty for a file that is not there. */
  #hash(file: string): Promise<string> {
    const known = this.#hashes.get(file)
    if (known) return known
    const hash = readFile(path.join(this.#root, file)).then(hashOf, () => '')
    this.#hashes.set(file, hash)
    return hash
  }
}

/** Every input that the entry point leads to, also those that left no code in the bundle: they may tomorrow. */
function reachable(entry: string, { inputs }: Metafile): readonly string[] {
  const found = new Set([entry])
  for (const file of found)
    for (const { path: imported, external } of inputs[file]?.imports ?? []) if (!external) found.add(imported)
  return [...found]
}
