/** `npm run check`: everything that can be known without running the product. One line for each check. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { performance } from 'node:perf_hooks'
import { CHECKOUT } from '../home.ts'
import { elapsed } from '../progress.ts'
import { type Count, closingLine } from './tally.ts'

export interface Verdict {
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Shown unless it passed. */
  readonly output: string
}

export interface Check {
  readonly name: string
  run(): Promise<Verdict>
}

/** Vulnerabilities below this are read in the registry's own time, not when somebody lands a change. */
const AUDIT_LEVEL = 'high'
/** npm's error codes when the registry can't be reached or has no audit. */
const NO_AUDIT =
  /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|ENETUNREACH|E40[0-9]|E50[0-9]|ENOAUDIT|audit endpoint/

interface Run {
  readonly code: number | null
  readonly output: string
}

function execute(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}): Promise<Run> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: CHECKOUT,
      env: { ...process.env, ...environment, FORCE_COLOR: process.stdout.hasColors?.() ? '1' : '0' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const chunks: Buffer[] = []
    child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output: Buffer.concat(chunks).toString('utf8') }))
  })
}

const verdict = ({ code, output }: Run): Verdict => ({ state: code === 0 ? 'passed' : 'failed', output })

const bin = (name: string): string => join(CHECKOUT, 'node_modules/.bin', name)

const tool = (name: string, command: string, ...args: readonly string[]): Check => ({
  name,
  run: async () => verdict(await execute(bin(command), args)),
})

/** The CDK app with its policy checks, written to a folder that nobody reads. */
const policies = (environment: string, settings: NodeJS.ProcessEnv = {}): Check => ({
  name: `policies ${environment}`,
  async run() {
    const folder = await mkdtemp(join(tmpdir(), 'backlot-policies-'))
    try {
      const context = JSON.stringify({ env: environment, 'backlot:policies': true })
      const variables = { CDK_OUTDIR: folder, CDK_CONTEXT_JSON: context, ...settings }
      return verdict(await execute(process.execPath, [join(CHECKOUT, 'infra/app.ts')], variables))
    } finally {
      await rm(folder, { recursive: true, force: true })
    }
  },
})

const audit: Check = {
  name: 'audit',
  async run() {
    const run = await execute('npm', ['audit', `--audit-level=${AUDIT_LEVEL}`])
    if (run.code !== 0 && NO_AUDIT.test(run.output))
      return { state: 'skipped', output: 'the registry answers no audit' }
    return verdict(run)
  },
}

const CHECKS: readonly Check[] = [
  tool('types', 'tsc', '-p', '.'),
  tool('types infra', 'tsc', '-p', 'infra'),
  tool('lint types', 'oxlint', '--type-aware', '--deny-warnings'),
  policies('local'),
  policies('dev', { BACKLOT_PUBLIC_ORIGIN: 'https://backlot.example' }),
  tool('format, lint', 'biome', 'check', '--error-on-warnings'),
  tool('dead code', 'knip'),
  {
    name: 'openapi',
    run: async () => verdict(await execute(process.execPath, [join(CHECKOUT, 'local/main.ts'), 'openapi', '--check'])),
  },
  audit,
]

const MARKS = { passed: '✓', failed: '✗', skipped: '-' } as const

/** Runs the checks, a few at once, and reports each when it ends. A check that throws has failed. */
export async function runChecks(
  checks: readonly Check[],
  parallel: number,
  print: (text: string) => void,
): Promise<Count> {
  const count = { passed: 0, failed: 0, skipped: 0 }
  const waiting = [...checks]
  const work = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) {
      const began = performance.now()
      const { state, output } = await check
        .run()
        .catch((error: unknown): Verdict => ({ state: 'failed', output: String(error) }))
      count[state] += 1
      print(
        `${MARKS[state]} ${check.name.padEnd(14)} ${elapsed(performance.now() - began)}${state === 'skipped' ? `  ${output}` : ''}`,
      )
      if (state === 'failed') print(output.trimEnd().replaceAll(/^/gm, '  '))
    }
  }
  await Promise.all(Array.from({ length: parallel }, work))
  return count
}

/** @returns the exit code */
export async function check(): Promise<number> {
  const count = await runChecks(CHECKS, Math.max(2, availableParallelism()), (text) => console.log(text))
  console.log(`\n${closingLine(count)}`)
  return count.failed > 0 ? 1 : 0
}
