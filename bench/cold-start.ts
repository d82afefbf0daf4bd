/**
 * `bench/cold-start`: what each function adds to the start of an empty one. Every measurement is a fresh process of the
 * project's Node that imports a built bundle until its handler is there; the empty handler runs in between, so that a
 * busy machine slows both. The figure is the median over the rounds of the difference within a round.
 */
import { execFile } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { parseArgs, promisify } from 'node:util'
import { type Bundle, bundleFunctions } from '../infra/bundle.ts'
import { functionEnvironment } from './function-environment.ts'
import { median, percentile, type Row, report, rounded } from './measure.ts'

/** Milliseconds over the empty handler. */
const BUDGET_MS = { redirect: 15, other: 120 }
/** Enough for a median that moves by less than a millisecond between runs of an otherwise idle machine. */
const DEFAULT_ROUNDS = 21

const CHILD = path.join(import.meta.dirname, 'handler-ready.mjs')
const EMPTY = path.join(import.meta.dirname, 'empty-handler.mjs')
const run = promisify(execFile)

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string', default: String(DEFAULT_ROUNDS) }, json: { type: 'string' } },
  })
  const rounds = Number(values.rounds)
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new Error(`expected --rounds to be 1 or more, got ${values.rounds}`)
  const bundles = await bundleFunctions()
  const api = await serveExtensionsApi()
  try {
    const environment = { ...(await functionEnvironment()), AWS_LAMBDA_RUNTIME_API: api.address }
    const measured = await measure(bundles, environment, rounds)
    const rows = bundles.map((bundle) => rowOf(bundle, measured))
    await report({ name: 'Cold start over an empty handler', rows, notes: [noteOf(measured, rounds)] }, values.json)
    return rows.every((row) => row['within'] === 'yes') ? 0 : 1
  } finally {
    api.close()
  }
}

interface Start {
  readonly ms: number
  /** Of all threads, V8's own too. */
  readonly cpuMs: number
}

/** Every round, by the path of the bundle. */
type Measured = ReadonlyMap<string, readonly Start[]>

const fileOf = ({ folder }: Bundle): string => path.join(folder, 'index.mjs')

async function measure(
  bundles: readonly Bundle[],
  environment: Record<string, string>,
  rounds: number,
): Promise<Measured> {
  const files = [EMPTY, ...bundles.map(fileOf)]
  const all = new Map(files.map((file): [string, Start[]] => [file, []]))
  // One round more: the first fills the disk cache and is dropped.
  for (let round = 0; round <= rounds; round += 1)
    for (const file of files) {
      const start = await startOnce(file, environment)
      if (round > 0) all.get(file)?.push(start)
    }
  return all
}

async function startOnce(file: string, environment: Record<string, string>): Promise<Start> {
  const { stdout } = await run(process.execPath, [CHILD, pathToFileURL(file).href], { env: environment })
  // Functions may log while they start; the figure is what was written last.
  const [ms, cpuMs] = stdout.split('\n').at(-1)?.split(' ').map(Number) ?? []
  if (!ms || !cpuMs) throw new Error(`expected two numbers of milliseconds from ${file}, got ${stdout}`)
  return { ms, cpuMs }
}

function rowOf(bundle: Bundle, measured: Measured): Row {
  const empty = measured.get(EMPTY) ?? []
  const own = measured.get(fileOf(bundle)) ?? []
  const difference = (key: keyof Start) => own.map((start, round) => start[key] - (empty[round]?.[key] ?? Number.NaN))
  const over = difference('ms')
  const budget = bundle.name === 'redirect' ? BUDGET_MS.redirect : BUDGET_MS.other
  return {
    function: `${bundle.service}/${bundle.name}`,
    'bundle (kB)': rounded(bundle.bytes / 1000),
    'over empty, median (ms)': rounded(median(over)),
    'p90 (ms)': rounded(percentile(over, 0.9)),
    'CPU, median (ms)': rounded(median(difference('cpuMs'))),
    'budget (ms)': budget,
    within: median(over) <= budget ? 'yes' : 'NO',
  }
}

const noteOf = (measured: Measured, rounds: number): string =>
  `Process start to handler ready; ${rounds} rounds, each with the empty handler (median ${rounded(median((measured.get(EMPTY) ?? []).map(({ ms }) => ms)))} ms).`

/** Functions that register as an extension do so while they start: it has to answer, as Lambda's own does. */
async function serveExtensionsApi(): Promise<{ readonly address: string; close(): void }> {
  const server = createServer((request, response) => {
    // The next event never comes: the process ends before it would.
    if (request.url?.endsWith('/register')) response.setHeader('Lambda-Extension-Identifier', 'bench').end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    address: `127.0.0.1:${port}`,
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
