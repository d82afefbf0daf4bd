/** `npm run bench -- [name] [options]`: a benchmark is a file of `bench/` with a `main`; without a name all run in turn. */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CHECKOUT } from '../home.ts'
import { nearest } from '../names.ts'
import { Refusal } from '../refusal.ts'

/** Prints its table; returns 1 when a budget is missed. */
type Main = (args: readonly string[]) => Promise<number>

async function benchmarks(root: string): Promise<ReadonlyMap<string, Main>> {
  const found = new Map<string, Main>()
  for (const file of globSync('bench/*.ts', { cwd: root }).sort()) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as { main?: Main }
    if (module.main) found.set(basename(file, '.ts'), module.main)
  }
  return found
}

/** @returns the exit code: 1 when any budget is missed */
export async function bench(args: readonly string[], root = CHECKOUT): Promise<number> {
  const all = await benchmarks(root)
  const [name] = args
  const named = name !== undefined && !name.startsWith('-')
  const main = named ? all.get(name) : undefined
  if (named && !main) {
    const hint = `Did you mean ${nearest(name, [...all.keys()]).join(', ')}?`
    throw new Refusal('unknown_bench', `There is no benchmark ${name}.`, hint)
  }
  if (main) return main(args.slice(1))
  const codes: number[] = []
  for (const run of all.values()) codes.push(await run(args))
  return Math.max(0, ...codes)
}
