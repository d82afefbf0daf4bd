/**
 * Where functions live and what they are called: the one place that derives names from source paths. Pure but for
 * listing the folder; knows nothing of CDK, so that `local/` uses it too.
 */
import { existsSync, globSync } from 'node:fs'
import path from 'node:path'

/** The checkout: the folder of package.json. */
export const ROOT = path.resolve(import.meta.dirname, '..')

const SUFFIX = '.lambda.ts'
const PATTERN = `functions/*/**/*${SUFFIX}`

export interface FunctionSource {
  /** Path from the checkout, with `/`: `functions/links/count-clicks.lambda.ts`. */
  readonly source: string
  /** The folder below `functions/`: `links`. */
  readonly service: string
  /** Folders and file without the suffix, joined by `-`: `count-clicks`. */
  readonly name: string
}

/** `functions/links/api.lambda.ts` → `{ service: 'links', name: 'api' }`. Throws for any other shape. */
export function functionSource(source: string): FunctionSource {
  const [top, service, ...rest] = source.split('/')
  const name = rest.join('-')
  if (top !== 'functions' || !service || !name.endsWith(SUFFIX) || name === SUFFIX)
    throw new Error(`expected a path like functions/<service>/<name>${SUFFIX}, got ${source}`)
  return { source, service, name: name.slice(0, -SUFFIX.length) }
}

/** Every function of the checkout, sorted by path. */
export const listFunctions = (root = ROOT): FunctionSource[] =>
  globSync(PATTERN, { cwd: root })
    .map((file) => file.split(path.sep).join('/'))
    .sort()
    .map(functionSource)

/** The folder that is deployed as a function's code; it holds `index.mjs` and its source map. */
export const bundleFolder = ({ service, name }: FunctionSource, root = ROOT): string =>
  path.join(root, '.backlot', 'bundles', service, name)

export const sourceExists = ({ source }: FunctionSource, root = ROOT): boolean => existsSync(path.join(root, source))
