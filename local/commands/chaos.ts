/**
 * `npm run chaos -- [service] [--times N]`: the long fault and race tests of one service, or of all in turn, on a cloud of
 * their own. Each is a file of `test/chaos/` with a `run`; `npm test` runs their short forms.
 */
import { globSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'
import { startScratchCloud } from '../cloud/scratch-cloud.ts'
import { CHECKOUT } from '../home.ts'
import { nearest } from '../names.ts'
import type { Outputs } from '../outputs.ts'
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'

export interface ChaosOptions {
  readonly outputs: Outputs
  /** How many times in a row, each in its long form. */
  readonly times: number
}

/** Resolves when everything held, throws an error that says what did not. Prints what it measured. */
export type RunChaos = (options: ChaosOptions) => Promise<unknown>

const MAX_TIMES = 100

async function scenarios(root: string): Promise<ReadonlyMap<string, RunChaos>> {
  const found = new Map<string, RunChaos>()
  for (const file of globSync('test/chaos/*.ts', { cwd: root, exclude: ['**/*.test.ts'] }).sort()) {
    const module = (await import(pathToFileURL(join(root, file)).href)) as { run?: RunChaos }
    if (module.run) found.set(basename(file, '.ts'), module.run)
  }
  return found
}

function timesOf(text: string): number {
  const times = Number(text)
  if (Number.isInteger(times) && times >= 1 && times <= MAX_TIMES) return times
  throw new Refusal('invalid_argument', `expected --times to be a number from 1 to ${MAX_TIMES}, got ${text}`)
}

/** @returns the exit code: 1 when anything did not hold */
export async function chaos(args: readonly string[], progress: Progress, root = CHECKOUT): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { times: { type: 'string', default: '1' } },
    allowPositionals: true,
  })
  const times = timesOf(values.times)
  const all = await scenarios(root)
  const [name] = positionals
  if (name !== undefined && !all.has(name)) {
    const hint = `Did you mean ${nearest(name, [...all.keys()]).join(', ')}?`
    throw new Refusal('unknown_chaos', `There is no chaos test ${name}.`, hint)
  }
  const chosen = [...all].filter(([service]) => name === undefined || service === name)
  const cloud = await startScratchCloud(progress)
  let failed = 0
  try {
    for (const [service, run] of chosen) {
      const began = performance.now()
      const held = await run({ outputs: cloud.outputs, times }).then(
        () => true,
        (error: unknown) => {
          console.error(error)
          return false
        },
      )
      if (!held) failed += 1
      const seconds = Math.round((performance.now() - began) / 1_000)
      console.log(`${held ? 'held  ' : 'FAILED'} ${service}, ${times} time${times === 1 ? '' : 's'} in ${seconds} s`)
    }
  } finally {
    await cloud.stop()
  }
  return failed > 0 ? 1 : 0
}
