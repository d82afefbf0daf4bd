/**
 * Bundles every `*.lambda.ts` below `functions/` into `.backlot/bundles/<service>/<name>/index.mjs`, one esbuild call.
 *
 * The output depends on the sources alone: no absolute path, no time, no order of the file system, so that two
 * checkouts deploy the same asset hash. Files are replaced atomically and only when their content changes, so that
 * two synths of one checkout can run at once and an unchanged function is not restarted by hot reload. What would come
 * out the same is not built again (`bundle-record.ts`).
 */
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type BuildOptions, type BuildResult, build, version } from 'esbuild'
import { leanBuiltins } from './builtins.ts'
import { type BundleRecord, BundleRecords } from './bundle-record.ts'
import { environmentCredentials } from './credentials.ts'
import { fewMediaTypes } from './mime-types.ts'
import { bundleFolder, type FunctionSource, listFunctions, ROOT } from './sources.ts'

/** Lambda's runtime `nodejs24.x`; the same version runs here (package.json). */
const TARGET = 'node24'

export interface Bundle extends FunctionSource {
  readonly folder: string
  /** Size of `index.mjs`, minified, in bytes. */
  readonly bytes: number
  /** Whether this run wrote a new `index.mjs`. */
  readonly changed: boolean
  /** Every file that it was made of, from the checkout. */
  readonly inputs: readonly string[]
  /** Those of them that have code in it. */
  readonly parts: readonly string[]
}

type Result = BuildResult<{ write: false; metafile: true }>

const entryName = ({ service, name }: FunctionSource): string => `${service}/${name}/index`

function buildOptions(root: string, functions: readonly FunctionSource[]) {
  return {
    absWorkingDir: root,
    entryPoints: functions.map((entry) => ({ in: entry.source, out: entryName(entry) })),
    outdir: '.backlot/bundles',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: TARGET,
    format: 'esm',
    // Packages that ship both formats are taken as ESM: it is smaller, because it can be tree-shaken.
    mainFields: ['module', 'main'],
    minify: true,
    keepNames: true,
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'silent',
    plugins: [leanBuiltins, fewMediaTypes, environmentCredentials],
  } as const satisfies BuildOptions
}

/** Everything but the files that decides about a bundle. */
const wayOfBuilding = (root: string): string =>
  JSON.stringify({
    ...buildOptions(root, []),
    absWorkingDir: undefined,
    plugins: ['./builtins.ts', './mime-types.ts', './credentials.ts'].map((file) =>
      readFileSync(new URL(file, import.meta.url), 'utf8'),
    ),
    version,
    node: process.version,
  })

/**
 * Builds the bundles that are not up to date and writes those that changed.
 * @returns all of them, in the order of `functions`
 * @throws esbuild's BuildFailure, whose message lists every error with file and line.
 */
export async function bundleFunctions({
  root = ROOT,
  functions = listFunctions(root),
}: {
  readonly root?: string
  /** Default: all. */
  readonly functions?: readonly FunctionSource[]
} = {}): Promise<readonly Bundle[]> {
  const records = new BundleRecords(root, wayOfBuilding(root))
  const fresh = new Map(await Promise.all(functions.map(async (entry) => [entry, await records.fresh(entry)] as const)))
  const stale = functions.filter((entry) => !fresh.get(entry))
  const began = Date.now()
  const result = stale.length > 0 ? await build(buildOptions(root, stale)) : undefined
  return Promise.all(
    functions.map((entry) => {
      const record = fresh.get(entry)
      return record || !result ? keptBundle(root, entry, record) : writeBundle(root, entry, { result, began, records })
    }),
  )
}

async function keptBundle(root: string, entry: FunctionSource, record: BundleRecord | undefined): Promise<Bundle> {
  const folder = bundleFolder(entry, root)
  const { size } = await stat(path.join(folder, 'index.mjs'))
  return { ...entry, folder, bytes: size, changed: false, inputs: record?.inputs ?? [], parts: record?.parts ?? [] }
}

async function writeBundle(
  root: string,
  entry: FunctionSource,
  { result, began, records }: { result: Result; began: number; records: BundleRecords },
): Promise<Bundle> {
  const folder = bundleFolder(entry, root)
  const file = path.join(folder, 'index.mjs')
  const built = new Map([file, `${file}.map`].map((output) => [output, textOf(result, output)]))
  const code = built.get(file) ?? ''
  await mkdir(folder, { recursive: true })
  // The map first: a process that starts in between must not read a map that is older than its code.
  await replaceIfChanged(folder, 'index.mjs.map', built.get(`${file}.map`) ?? '')
  const changed = await replaceIfChanged(folder, 'index.mjs', code)
  const { inputs, parts } = await records.write(entry, { metafile: result.metafile, began, outputs: built })
  return { ...entry, folder, bytes: Buffer.byteLength(code), changed, inputs, parts }
}

function textOf(result: Result, file: string): string {
  const output = result.outputFiles.find((candidate) => candidate.path === file)
  if (!output)
    throw new Error(`expected esbuild to write ${file}, got ${result.outputFiles.map((o) => o.path).join(', ')}`)
  return output.text
}

/** Writes beside the folder first: whoever hashes or zips the folder meanwhile must see no half-written file in it. */
async function replaceIfChanged(folder: string, name: string, text: string): Promise<boolean> {
  const file = path.join(folder, name)
  const before = await readFile(file, 'utf8').catch(() => undefined)
  if (before === text) return false
  const temporary = `${folder}.${randomUUID()}.tmp`
  await writeFile(temporary, text)
  await rename(temporary, file)
  return true
}
