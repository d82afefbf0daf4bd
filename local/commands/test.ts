/** `npm test`: every vitest project, on a cloud of its own; arguments go to vitest. Closes with the count. */
import { DefaultReporter, parseCLI, startVitest } from 'vitest/node'
import { ensureSetUp } from '../cloud/setup.ts'
import { CHECKOUT } from '../home.ts'
import type { Progress } from '../progress.ts'
import { type Count, closingLine, Tally } from './tally.ts'

/** What can't start or finds nothing to run is a failure, never a success of nothing. */
const BROKEN: Count = { passed: 0, failed: 1, skipped: 0 }

async function run(args: readonly string[]): Promise<Count> {
  const { filter, options } = parseCLI(['vitest', 'run', ...args])
  const tally = new Tally()
  const { reporters = new DefaultReporter(), ...rest } = options
  const vitest = await startVitest('test', filter, {
    ...rest,
    root: CHECKOUT,
    watch: false,
    reporters: [reporters, tally].flat(),
  })
  try {
    const { count = BROKEN } = tally
    // Vitest has its own reasons to fail, such as finding no test at all.
    return process.exitCode && count.failed === 0 ? { ...count, failed: 1 } : count
  } finally {
    // Takes the tests' cloud down too.
    await vitest.close()
  }
}

/** @returns the exit code */
export async function test(args: readonly string[], progress: Progress): Promise<number> {
  await ensureSetUp(progress)
  const count = await run(args).catch((error: unknown) => {
    console.error(error)
    return BROKEN
  })
  console.log(`\n${closingLine(count)}`)
  return count.failed > 0 ? 1 : 0
}
