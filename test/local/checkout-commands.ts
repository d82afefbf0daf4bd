/** The commands of package.json as a user runs them: real processes, each test with its own home and ports. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect } from 'vitest'
import { CHECKOUT } from '../../local/home.ts'
import { freePort, isPortFree } from '../../local/ports.ts'

/** A start takes ten seconds on an idle machine; three run at once on a busy one. */
export const START_DEADLINE_MS = 120_000
const POLL_MS = 50

export interface Place {
  readonly home: string
  readonly edgePort: number
  readonly cloudPort: number
  readonly environment: Readonly<Record<string, string | undefined>>
  remove(): Promise<void>
}

/** A home and ports of its own, and none of the caller's AWS settings. */
export async function place(overrides: Readonly<Record<string, string>> = {}): Promise<Place> {
  const home = await mkdtemp(join(tmpdir(), 'backlot-commands-'))
  const [edgePort, cloudPort] = [await freePort(), await freePort()]
  const environment = {
    ...process.env,
    BACKLOT_HOME: home,
    BACKLOT_PORT: String(edgePort),
    BACKLOT_CLOUD_PORT: String(cloudPort),
    AWS_ENDPOINT_URL: undefined,
    AWS_PROFILE: undefined,
    ...overrides,
  }
  return { home, edgePort, cloudPort, environment, remove: () => rm(home, { recursive: true, force: true }) }
}

export interface Running {
  readonly child: ChildProcess
  readonly pid: number
  /** All that it wrote so far, on both channels. */
  output(): string
  /** Resolves when the output matches; rejects with the output when the process ends first. */
  until(pattern: RegExp): Promise<void>
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>
}

/** Starts `npm run <command>` without npm. */
export function command(at: Place, ...args: readonly string[]): Running {
  const child = spawn(process.execPath, [join(CHECKOUT, 'local/main.ts'), ...args], {
    cwd: CHECKOUT,
    env: at.environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  // A test that ran out of time has no say any more: nothing outlives the file.
  const end = () => void child.kill('SIGKILL')
  process.once('exit', end)
  child.once('close', () => process.off('exit', end))
  let text = ''
  const collect = (chunk: Buffer) => {
    text += chunk.toString()
  }
  child.stdout.on('data', collect)
  child.stderr.on('data', collect)
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.on('close', (code, signal) => resolve({ code, signal }))
  })
  return {
    child,
    pid: child.pid ?? 0,
    output: () => text,
    ended,
    until: (pattern) =>
      Promise.race([
        eventually(`output matching ${pattern}`, () => pattern.test(text), START_DEADLINE_MS),
        ended.then(() => {
          if (!pattern.test(text)) throw new Error(`expected ${pattern}, but the command ended:\n${text}`)
        }),
      ]),
  }
}

/** Runs a command to its end. */
export async function run(at: Place, ...args: readonly string[]): Promise<{ code: number | null; output: string }> {
  const running = command(at, ...args)
  const { code } = await running.ended
  return { code, output: running.output() }
}

/** Waits until the condition holds; says what was expected when it does not within the deadline. */
export async function eventually(
  what: string,
  holds: () => boolean | Promise<boolean>,
  deadlineMs = 15_000,
): Promise<void> {
  const deadline = performance.now() + deadlineMs
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`expected ${what} within ${deadlineMs / 1_000} s`)
    await delay(POLL_MS)
  }
}

/** The process and everything that it started, directly or not. */
export async function family(pid: number): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid='])
  const rows = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
  const found = [pid]
  for (const parent of found) found.push(...rows.filter(([, ppid]) => ppid === parent).map(([child = 0]) => child))
  return found
}

/** Of these processes, those that still run. One that ended and waits for its parent's notice does not. */
export async function alive(pids: readonly number[]): Promise<readonly number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,stat='])
  const running = stdout.split('\n').map((line) => line.trim().split(/\s+/))
  return pids.filter((pid) => running.some(([id, state]) => Number(id) === pid && !state?.startsWith('Z')))
}

/** Neither one of these processes nor a port of the place is in use. */
export async function expectNothingLeft(at: Place, pids: readonly number[], deadlineMs?: number): Promise<void> {
  await eventually('no process to be left', async () => (await alive(pids)).length === 0, deadlineMs)
  expect(await isPortFree(at.edgePort), 'edge port free').toBe(true)
  expect(await isPortFree(at.cloudPort), 'cloud port free').toBe(true)
}
