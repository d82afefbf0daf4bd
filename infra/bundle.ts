/**
 * Bundles every `*.lambda.ts` below `functions/` into `.backlot/bundles/<service>/<name>/index.mjs`, one esbuild call.
 *
 * The output depends on the sources alone: no absolute path, no time, no order of the file system, so that two
 * checkouts deploy the same asset hash. Files are replaced atomically and only when their content changes, so that
 * two synths of one checkout can run at once and an unchanged function is not restarted by hot reload.
 */
import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { type BuildOptions, type BuildResult, build, type Metafile } from 'esbuild'
import { leanBuiltins } from './builtins.ts'
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
}

export interface Bundles {
  readonly bundles: readonly Bundle[]
  /** esbuild's account of every input's share, for budgets and their explanation. */
  readonly metafile: Metafile
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
    plugins: [leanBuiltins, fewMediaTypes],
  } as const satisfies BuildOptions
}

/**
 * Builds the bundles and writes those that changed.
 * @throws esbuild's BuildFailure, whose message lists every error with file and line.
 */
export async function bundleFunctions({
  root = ROOT,
  functions = listFunctions(root),
}: {
  readonly root?: string
  /** Default: all. */
  readonly functions?: readonly FunctionSource[]
} = {}): Promise<Bundles> {
  return writeBundles(root, functions, await build(buildOptions(root, functions)))
}

async function writeBundles(root: string, functions: readonly FunctionSource[], result: Result): Promise<Bundles> {
  const bundles = await Promise.all(functions.map((entry) => writeBundle(root, entry, result)))
  return { bundles, metafile: result.metafile }
}

async function writeBundle(root: string, entry: FunctionSource, result: Result): Promise<Bundle> {
  const folder = bundleFolder(entry, root)
  const file = path.join(folder, 'index.mjs')
  const code = textOf(result, file)
  const map = textOf(result, `${file}.map`)
  await mkdir(folder, { recursive: true })
  // The map first: a process that starts in between must not read a map that is older than its code.
  await replaceIfChanged(folder, 'index.mjs.map', map)
  const changed = await replaceIfChanged(folder, 'index.mjs', code)
  return { ...entry, folder, bytes: Buffer.byteLength(code), changed }
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
