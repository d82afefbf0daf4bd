/** Everything that decides what a synthesis comes to, in one hash: equal hashes, equal assemblies. */
import { createHash } from 'node:crypto'
import { glob, readFile } from 'node:fs/promises'
import { join, sep } from 'node:path'

/** Sources of the stacks and of the bundles, and what says which packages are there. */
const INPUTS = [
  '{infra,functions,layers,docs/openapi}/**/*',
  '{cdk,package,package-lock,tsconfig}.json',
  'node_modules/.package-lock.json',
]
/** Variables that the app, the CDK or the bundler may read. */
const VARIABLES = /^(BACKLOT|CDK|AWS|NODE|ESBUILD)_/

export interface FingerprintOptions {
  readonly root: string
  /** JSON. */
  readonly context: string
  readonly environment: Readonly<Record<string, string | undefined>>
}

const sorted = <T>(entries: Iterable<readonly [string, T]>): readonly (readonly [string, T])[] =>
  [...entries].toSorted(([a], [b]) => (a < b ? -1 : 1))

export async function fingerprint({ root, context, environment }: FingerprintOptions): Promise<string> {
  const files: string[] = []
  for await (const entry of glob(INPUTS, { cwd: root, withFileTypes: true }))
    if (entry.isFile()) files.push(join(entry.parentPath, entry.name))
  const contents = await Promise.all(
    files.map(async (file) => {
      const hash = createHash('sha256')
        .update(await readFile(file))
        .digest('hex')
      return [file.slice(root.length).split(sep).join('/'), hash] as const
    }),
  )
  const variables = Object.entries(environment).filter(([name, value]) => VARIABLES.test(name) && value !== undefined)
  const machine = [process.version, process.platform, process.arch]
  return createHash('sha256')
    .update(JSON.stringify([root, machine, context, sorted(variables), sorted(contents)]))
    .digest('hex')
}
