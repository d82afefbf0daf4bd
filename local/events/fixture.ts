/** Event fixtures: `events/<service>/<function>.<scenario>.json`, found by name and read with errors that point. */
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { relative, resolve, sep } from 'node:path'
import { transform } from 'esbuild'
import { CHECKOUT } from '../home.ts'
import { nearest } from '../names.ts'
import { Refusal } from '../refusal.ts'

export interface Fixture {
  /** Relative to the checkout, or as given when it lies elsewhere. */
  readonly name: string
  /** The function that the name tells: `links/redirect`; undefined for files outside `events/`. */
  readonly functionName: string | undefined
  readonly event: unknown
  /** Of the object that an S3 event tells of: the file of the fixture's name without `.json`. */
  readonly content: () => Promise<Buffer>
}

/** Every fixture of the checkout, sorted: `events/links/redirect.get.json`. */
export const listFixtures = (root = CHECKOUT): readonly string[] =>
  globSync('events/*/*.json', { cwd: root })
    .map((file) => file.split(sep).join('/'))
    .sort()

/** `events/links/redirect.get.json` → `links/redirect`. */
export function functionOf(name: string): string | undefined {
  const [, service, functionName] = /^events\/([^/]+)\/([^/.]+)\.[^/]+\.json$/.exec(name) ?? []
  return service && functionName ? `${service}/${functionName}` : undefined
}

/** esbuild reads JSON too and, unlike JSON.parse, always says where it stopped and what it expected. */
async function refuseMalformed(name: string, text: string): Promise<never> {
  const failure: unknown = await transform(text, { loader: 'json', logLevel: 'silent' }).catch(
    (error: unknown) => error,
  )
  const [first] =
    (failure as { errors?: { text: string; location: { line: number; column: number; lineText: string } }[] }).errors ??
    []
  if (!first) throw new Refusal('malformed_fixture', `${name} is not valid JSON.`)
  const { line, column, lineText } = first.location
  const pointer = `  ${lineText}\n  ${' '.repeat(column)}^`
  throw new Refusal('malformed_fixture', `${name}:${line}:${column + 1}: ${first.text}\n${pointer}`)
}

async function contentOf(name: string, file: string): Promise<Buffer> {
  try {
    return await readFile(file.replace(/\.json$/, ''))
  } catch {
    throw new Refusal(
      'unknown_fixture',
      `expected what ${name} tells of beside it, as ${name.replace(/\.json$/, '')}; there is no such file.`,
    )
  }
}

/**
 * Reads a fixture by its path, from the checkout or the current folder.
 * @throws Refusal `unknown_fixture` with the nearest names, or `malformed_fixture` with line and column
 */
export async function readFixture(path: string, root = CHECKOUT): Promise<Fixture> {
  // npm runs its scripts in the checkout and says in INIT_CWD where the user was.
  const candidates = [resolve(root, path), resolve(process.env['INIT_CWD'] ?? '.', path)]
  for (const file of candidates) {
    const text = await readFile(file, 'utf8').catch(() => undefined)
    if (text === undefined) continue
    const fromRoot = relative(root, file).split(sep).join('/')
    const name = fromRoot.startsWith('..') ? path : fromRoot
    try {
      const event = JSON.parse(text) as unknown
      return { name, functionName: functionOf(name), event, content: () => contentOf(name, file) }
    } catch {
      return refuseMalformed(name, text)
    }
  }
  throw new Refusal(
    'unknown_fixture',
    `There is no fixture ${path}.`,
    `Did you mean ${nearest(path, listFixtures(root)).join(', ')}?`,
  )
}
