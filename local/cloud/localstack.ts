/**
 * LocalStack as a child process (local/localstack/launch.py): starts it, waits until it is healthy, stops it. Its
 * stdin is a pipe that this process holds, so it ends with this process, whatever way that goes.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { CHECKOUT, type Home } from '../home.ts'
import { portHolder, requirePort } from '../ports.ts'
import { silentProgress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { ensureSetUp, type SetUp } from './setup.ts'

const LAUNCHER = join(CHECKOUT, 'local/localstack/launch.py')
/** 2 to 3 s on two cores when nothing else runs; the first start after an installation reads everything from disk. */
const HEALTHY_DEADLINE_MS = 90_000
/** It answers requests from the moment it can, so this only paces the tries before its socket is open. */
const POLL_MS = 50
/** It kills its children and exits at once; only a stopped or swapped-out process takes longer. */
const STOP_GRACE_MS = 3_000
/** Exit code of launch.py when another process took the port in between. */
const EXIT_PORT_TAKEN = 69
const LOG_TAIL_LINES = 15
/** What the launcher sees of our environment: no AWS profile, proxy or Python setting may reach LocalStack. */
const PASSED_ON = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'LS_LOG', 'DEBUG', 'BACKLOT_LAMBDA_ENVIRONMENTS']

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface LocalStack {
  readonly endpoint: string
  readonly pid: number
  readonly logFile: string
  /** Resolves when the process has ended, for whatever reason. */
  readonly exited: Promise<Exit>
  /** Ends it with all its children and removes what it kept. Returns when that is done; may be called again. */
  stop(): Promise<void>
  /** The end of its log. */
  logTail(lines?: number): Promise<string>
}

export interface LocalStackOptions {
  readonly home: Home
  /** Of the gateway, on 127.0.0.1. */
  readonly port: number
  /** Called once when it ended without `stop` being called. */
  readonly onExit?: (exit: Exit) => void
  readonly healthyDeadlineMs?: number
}

/**
 * Starts LocalStack and returns when it is healthy.
 * @throws Refusal `port_taken`, `cloud_running` (its home is in use), `localstack_unhealthy`, or one of the set-up's
 */
export async function startLocalStack(options: LocalStackOptions): Promise<LocalStack> {
  const { home, port } = options
  const setUp = await ensureSetUp(silentProgress)
  await requirePort(port, 'BACKLOT_CLOUD_PORT')
  await prepareFolders(home)
  const child = await launch(setUp, home, port)
  const localStack = handleOf(child, options)
  try {
    await healthy(localStack, options.healthyDeadlineMs ?? HEALTHY_DEADLINE_MS)
    return localStack
  } catch (error) {
    await localStack.stop()
    throw error
  }
}

/** The last lines of a file; empty when there is none. */
export async function tail(file: string, lines: number = LOG_TAIL_LINES): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '')
  return text.trimEnd().split('\n').slice(-lines).join('\n')
}

/** The volume is this cloud's alone; the logs of the run before are kept beside the new ones. */
async function prepareFolders(home: Home): Promise<void> {
  await mkdir(home.logs, { recursive: true })
  await rm(home.volume, { recursive: true, force: true })
  await mkdir(home.volume, { recursive: true })
  for (const log of [home.localStackLog, home.functionLogs]) {
    await rm(`${log}.before`, { recursive: true, force: true })
    await rename(log, `${log}.before`).catch(() => {})
  }
  await mkdir(home.functionLogs)
}

async function launch({ python, prepared, dynoxide }: SetUp, home: Home, port: number): Promise<ChildProcess> {
  const log = await open(home.localStackLog, 'a')
  const flags = ['-s', '-E']
  const settings = ['--port', `${port}`, '--node', process.execPath, '--dynoxide', dynoxide]
  const folders = ['--state', home.volume, '--prepared', prepared, '--function-logs', home.functionLogs]
  const passed = PASSED_ON.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
  try {
    return spawn(python, [...flags, LAUNCHER, ...settings, ...folders], {
      cwd: CHECKOUT,
      // Plugin lists are cached beside the packages, not in the user's home folder.
      env: { ...Object.fromEntries(passed), XDG_CACHE_HOME: join(prepared, 'cache') },
      stdio: ['pipe', log.fd, log.fd],
      // A group of its own: Ctrl-C at the terminal reaches the command, which stops LocalStack in order.
      detached: true,
    })
  } finally {
    await log.close()
  }
}

function handleOf(child: ChildProcess, { home, port, onExit }: LocalStackOptions): LocalStack {
  let stopping = false
  const exited = new Promise<Exit>((resolve) => {
    child.once('error', () => resolve({ code: null, signal: null }))
    child.once('exit', (code, signal) => resolve({ code, signal }))
  })
  void exited.then((exit) => stopping || onExit?.(exit))
  return {
    endpoint: `http://127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    logFile: home.localStackLog,
    exited,
    logTail: (lines) => tail(home.localStackLog, lines),
    async stop() {
      stopping = true
      child.kill('SIGTERM')
      await Promise.race([exited, delay(STOP_GRACE_MS, undefined, { ref: false })])
      child.kill('SIGKILL')
      await exited
      await rm(home.volume, { recursive: true, force: true, maxRetries: 5 })
    },
  }
}

async function healthy(localStack: LocalStack, deadlineMs: number): Promise<void> {
  const deadline = performance.now() + deadlineMs
  let exit: Exit | undefined
  void localStack.exited.then((it) => {
    exit = it
  })
  while (!(await answersHealth(localStack.endpoint, deadline - performance.now()))) {
    if (exit) throw await ended(localStack, exit)
    if (performance.now() > deadline)
      throw await unhealthy(localStack, `expected LocalStack to be healthy within ${deadlineMs / 1000} s, it is not`)
    await delay(POLL_MS)
  }
  if (exit) throw await ended(localStack, exit)
}

/** The socket is open from the start, so one request waits out the whole start. */
async function answersHealth(endpoint: string, timeoutMs: number): Promise<boolean> {
  const signal = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMs)))
  const answer = await fetch(`${endpoint}/_localstack/health`, { signal }).catch(() => undefined)
  return answer?.ok ?? false
}

async function ended(localStack: LocalStack, exit: Exit): Promise<Refusal> {
  if (exit.code === EXIT_PORT_TAKEN) {
    const port = Number(new URL(localStack.endpoint).port)
    const holder = await portHolder(port)
    const whom = holder ? `process ${holder.pid} (${holder.command})` : 'another process'
    return new Refusal('port_taken', `expected port ${port} to be free; ${whom} listens on it`)
  }
  return unhealthy(localStack, `expected LocalStack to start, it ended with ${exit.signal ?? `code ${exit.code}`}`)
}

const unhealthy = async (localStack: LocalStack, message: string): Promise<Refusal> =>
  new Refusal('localstack_unhealthy', `${message}. The end of ${localStack.logFile}:\n${await localStack.logTail()}`)
