/**
 * What the local cloud needs beside node_modules: LocalStack's packages in a private Python environment under
 * `.backlot/venv/<key>`, and dynoxide's binary. The key is a hash of everything that decides the contents, and a
 * folder appears under its key only when it is finished: so an interrupted set-up starts over, a changed one
 * doesn't touch a running cloud, and a finished one costs a look at two files.
 */
import { type SpawnOptions, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { CHECKOUT, CHECKOUT_STATE } from '../home.ts'
import { withLock } from '../lock.ts'
import type { Progress } from '../progress.ts'
import { Refusal } from '../refusal.ts'
import { findPython, type Python } from './python.ts'

/** Installs the packages in seconds where pip takes a minute. */
const UV = 'uv==0.13.8'
/** A line that is down is told in seconds; pip's own five retries take fifteen. */
const PIP_RETRIES = '2'
const SOURCES = join(CHECKOUT, 'local/localstack')
const REQUIREMENTS = join(SOURCES, 'requirements.txt')
const REWRITE = join(SOURCES, 'python311.py')
const PREPARE = join(SOURCES, 'prepared.py')
/** 150 MB over a slow line. */
const SET_UP_DEADLINE_MS = 15 * 60_000

export interface SetUp {
  /** The Python of the private environment. */
  readonly python: string
  /** What LocalStack computes once and for all: see prepared.py. */
  readonly prepared: string
  readonly dynoxide: string
}

export interface SetUpOptions {
  /** Default: the checkout's `.backlot`. */
  readonly state?: string
  readonly environment?: Readonly<Record<string, string | undefined>>
  /** `<platform>-<arch>` of this machine. */
  readonly platform?: string
}

/** @throws Refusal when Python, dynoxide or the network is missing; each says what to do */
export async function ensureSetUp(progress: Progress, options: SetUpOptions = {}): Promise<SetUp> {
  const { state = CHECKOUT_STATE, environment = process.env } = options
  const dynoxide = findDynoxide(options.platform)
  const folder = join(state, 'venv')
  const finished = await finishedSetUp(folder, environment)
  if (finished) return { ...finished, dynoxide }
  const python = await findPython(environment)
  const lock = {
    deadlineMs: SET_UP_DEADLINE_MS,
    onWait: (owner: number) => progress.line(`Another process (${owner}) installs LocalStack, waiting for it`),
  }
  await withLock(join(state, 'venv.lock'), lock, () => install(folder, python, environment, progress, state))
  const installed = await finishedSetUp(folder, environment)
  if (!installed) throw new Error(`expected a finished environment in ${folder}`)
  return { ...installed, dynoxide }
}

/** @throws Refusal `dynoxide_missing` when there is no binary for the platform */
export function findDynoxide(platform = `${process.platform}-${process.arch}`): string {
  try {
    return createRequire(import.meta.url).resolve(`@dynoxide/${platform}/dynoxide`)
  } catch {
    throw new Refusal(
      'dynoxide_missing',
      `expected the package @dynoxide/${platform} in node_modules: there is no DynamoDB binary for ${platform}`,
      'Use LocalStack in Docker instead: docker compose -f docker-compose.localstack.yml up -d && npm run deploy -- --env localstack',
    )
  }
}

const pythonIn = (environmentFolder: string): string => join(environmentFolder, 'bin', 'python')
const preparedIn = (environmentFolder: string): string => join(environmentFolder, 'prepared')

const hashOf = (...parts: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)

/** What a finished set-up was made from, beside the Python itself. */
async function inputs(environment: SetUpOptions['environment']): Promise<string> {
  const sources = await Promise.all([REQUIREMENTS, REWRITE, PREPARE].map((file) => readFile(file, 'utf8')))
  return hashOf(UV, ...sources, environment?.['BACKLOT_PYTHON'] ?? '')
}

/** Doesn't run Python: `bin/python` is a link to the interpreter, so an interpreter that is gone counts as unfinished. */
async function finishedSetUp(
  folder: string,
  environment: SetUpOptions['environment'],
): Promise<Omit<SetUp, 'dynoxide'> | undefined> {
  const current = await readFile(join(folder, 'current.json'), 'utf8').catch(() => '{}')
  const { key, inputs: madeFrom } = JSON.parse(current) as { key?: string; inputs?: string }
  if (key === undefined || madeFrom !== (await inputs(environment))) return undefined
  const python = pythonIn(join(folder, key))
  return existsSync(python) ? { python, prepared: preparedIn(join(folder, key)) } : undefined
}

async function install(
  folder: string,
  python: Python,
  environment: NonNullable<SetUpOptions['environment']>,
  progress: Progress,
  state: string,
): Promise<void> {
  if (await finishedSetUp(folder, environment)) return
  await mkdir(folder, { recursive: true })
  const madeFrom = await inputs(environment)
  const key = hashOf(madeFrom, python.path, python.version)
  const target = join(folder, key)
  for (const left of (await readdir(folder)).filter((name) => name.endsWith('.new')))
    await rm(join(folder, left), { recursive: true })
  if (!existsSync(pythonIn(target))) {
    const unfinished = `${target}.new`
    await rm(target, { recursive: true, force: true })
    await fill(unfinished, python, environment, progress, join(state, 'logs', 'setup.log'))
    await rename(unfinished, target)
  }
  const current = join(folder, 'current.json')
  await writeFile(
    `${current}.new`,
    JSON.stringify({ key, inputs: madeFrom, python: python.path, version: python.version }),
  )
  await rename(`${current}.new`, current)
}

async function fill(
  target: string,
  python: Python,
  environment: NonNullable<SetUpOptions['environment']>,
  progress: Progress,
  logFile: string,
): Promise<void> {
  const inside = pythonIn(target)
  const env = {
    ...environment,
    UV_DEFAULT_INDEX: environment['UV_DEFAULT_INDEX'] ?? environment['PIP_INDEX_URL'],
    PYTHONPATH: undefined,
  }
  const run = (command: string, ...args: string[]) => runLogged(command, args, logFile, { env, cwd: CHECKOUT })
  await progress.step(`Python environment (${python.version})`, () => run(python.path, '-m', 'venv', target))
  await progress.step('Package installer (uv)', () =>
    run(inside, '-m', 'pip', 'install', '--disable-pip-version-check', '--retries', PIP_RETRIES, UV),
  )
  await progress.step('LocalStack 4.14.0, 106 packages', () =>
    run(
      inside,
      '-m',
      'uv',
      'pip',
      'install',
      '--python',
      inside,
      '--no-deps',
      '--compile-bytecode',
      '-r',
      REQUIREMENTS,
    ),
  )
  await progress.step('Index of AWS services', async () => {
    await run(inside, REWRITE)
    await run(inside, PREPARE, preparedIn(target))
  })
}

/** @throws Refusal `no_network` or `set_up_failed`, with the command's last line and the log that has the rest */
async function runLogged(
  command: string,
  args: readonly string[],
  logFile: string,
  options: SpawnOptions,
): Promise<void> {
  await mkdir(join(logFile, '..'), { recursive: true })
  const log = createWriteStream(logFile, { flags: 'a' })
  log.write(`\n$ ${[command, ...args].join(' ')}\n`)
  let output = ''
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn(command, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => {
        log.write(chunk)
        output = (output + chunk.toString()).slice(-OUTPUT_KEPT)
      })
    child.once('error', reject).once('close', resolve)
  }).finally(() => log.end())
  if (code !== 0) throw failed(output, code, logFile)
}

/** Enough for the reason, which stands near the end. */
const OUTPUT_KEPT = 20_000
/** How pip and uv say that the package index can't be reached. */
const NETWORK =
  /NewConnectionError|ConnectionError|Could not connect|error sending request|dns error|Failed to fetch|Connection refused|Temporary failure in name resolution|timed? ?out|No route to host|client error \(Connect\)/i

function failed(output: string, code: number | null, logFile: string): Refusal {
  const last = output.trim().split('\n').at(-1)?.trim() ?? ''
  if (NETWORK.test(output))
    return new Refusal(
      'no_network',
      'expected to reach the Python package index for the first set-up, got no answer',
      `Connect to the network and run it again; behind a mirror set PIP_INDEX_URL. The whole output: ${logFile}`,
    )
  return new Refusal(
    'set_up_failed',
    `expected the Python packages to install, got exit code ${code}: ${last}`,
    `The whole output: ${logFile}`,
  )
}
