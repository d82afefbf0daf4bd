/**
 * `npm test`: every vitest project, on a cloud of its own; arguments go to vitest. Closes with the count.
 *
 * Without arguments there are two lanes at once, because vitest runs what must go one after the other only when all the
 * rest is done: the tests of the shared cloud, which mostly wait for it, and beside them, in a process of its own, what
 * needs no shared cloud. Its output is shown when it has ended. What failed is named once more at the end.
 */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { DefaultReporter, parseCLI, startVitest } from 'vitest/node'
import { ensureSetUp } from '../cloud/setup.ts'
import { CHECKOUT } from '../home.ts'
import type { Progress } from '../progress.ts'
import { add, type Count, closingLine, readClosingLine, readFailures, Tally } from './tally.ts'

interface Outcome {
  readonly count: Count
  /** A line each. */
  readonly failures: readonly string[]
}

/** What can't start or finds nothing to run is a failure, never a success of nothing. */
const BROKEN: Outcome = { count: { passed: 0, failed: 1, skipped: 0 }, failures: [] }
/** The projects of vitest.config.ts without the shared cloud. */
const BESIDE = ['unit', 'infra', 'local']

async function run(args: readonly string[]): Promise<Outcome> {
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
    const { count = BROKEN.count, failures } = tally
    // Vitest has its own reasons to fail, such as finding no test at all.
    return { count: process.exitCode && count.failed === 0 ? { ...count, failed: 1 } : count, failures }
  } finally {
    // Takes the tests' cloud down too.
    await vitest.close()
  }
}

const runOrBroken = (args: readonly string[]): Promise<Outcome> =>
  run(args).catch((error: unknown) => {
    console.error(error)
    return BROKEN
  })

/** `npm test` for some projects in a process of its own, which ends with this one. */
function runBeside(projects: readonly string[]): Promise<Outcome> {
  const args = projects.map((project) => `--project=${project}`)
  const child = spawn(process.execPath, [join(CHECKOUT, 'local/main.ts'), 'test', ...args], {
    cwd: CHECKOUT,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const end = () => child.kill()
  process.once('exit', end)
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => {
      process.off('exit', end)
      console.log(`\n${projects.join(', ')}, which ran beside:\n${output}`)
      const count = readClosingLine(output)
      resolve(count && (code === 0 || count.failed > 0) ? { count, failures: readFailures(output) } : BROKEN)
    })
  })
}

async function runLanes(): Promise<Outcome> {
  const [beside, shared] = await Promise.all([
    runBeside(BESIDE),
    runOrBroken(BESIDE.map((project) => `--project=!${project}`)),
  ])
  return { count: add(beside.count, shared.count), failures: [...beside.failures, ...shared.failures] }
}

/** @returns the exit code */
export async function test(args: readonly string[], progress: Progress): Promise<number> {
  await ensureSetUp(progress)
  const { count, failures } = await (args.length > 0 ? runOrBroken(args) : runLanes())
  console.log(['', ...failures, closingLine(count)].join('\n'))
  return count.failed > 0 ? 1 : 0
}
