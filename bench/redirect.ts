/**
 * `bench/redirect`: the processor time of our code for one redirect, with the network faked at the socket, and then,
 * when a local cloud is running, redirects a second and latencies through the edge, API Gateway and the function URL.
 */
import { fork } from 'node:child_process'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { bundleFunctions } from '../infra/bundle.ts'
import { functionEnvironment } from './function-environment.ts'
import { median, percentile, report, rounded } from './measure.ts'
import type { CpuFigures } from './redirect-cpu.ts'
import { endToEnd } from './redirect-load.ts'
import { runningCloud } from './running-cloud.ts'

/** Microseconds of our code for one request: handler, signing, HTTP client, log line. */
const BUDGET_US = 150
const DEFAULT_SECONDS = 5

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { seconds: { type: 'string', default: String(DEFAULT_SECONDS) }, json: { type: 'string' } },
  })
  const seconds = Number(values.seconds)
  if (!(seconds > 0)) throw new Error(`expected --seconds to be more than 0, got ${values.seconds}`)
  await bundleFunctions()
  const within = await reportCpu(await cpuFigures(), values.json)
  await reportLoad(seconds, values.json)
  return within ? 0 : 1
}

async function cpuFigures(): Promise<CpuFigures> {
  const child = fork(path.join(import.meta.dirname, 'redirect-cpu.ts'), {
    execPath: process.execPath,
    env: await functionEnvironment(),
    // The log lines are written, but to nowhere: what a terminal does with them is not ours.
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  })
  return new Promise((resolve, reject) => {
    child.on('message', (figures) => resolve(figures as CpuFigures))
    child.on('exit', (code) => reject(new Error(`expected figures from redirect-cpu.ts, got exit code ${code}`)))
  })
}

async function reportCpu(figures: CpuFigures, json: string | undefined): Promise<boolean> {
  const row = (name: string, values: readonly number[], budget?: number) => ({
    redirect: name,
    'median (µs)': rounded(median(values)),
    'p90 (µs)': rounded(percentile(values, 0.9)),
    ...(budget !== undefined && { 'budget (µs)': budget, within: median(values) <= budget ? 'yes' : 'NO' }),
  })
  const rows = [
    row('function URL event', figures.functionUrl, BUDGET_US),
    row('API Gateway event', figures.restApi, BUDGET_US),
    row('of which: two exchanges by Node’s client', figures.bareExchanges),
  ]
  const notes = [
    'Processor time of one request: a slug that is found, its click sent, the log line written. Real handler, signing and HTTP client; the socket answers from memory.',
  ]
  await report({ name: 'Redirect, processor time', rows, notes }, json)
  return median(figures.functionUrl) <= BUDGET_US
}

async function reportLoad(seconds: number, json: string | undefined): Promise<void> {
  const outputs = await runningCloud('Redirect, end to end')
  if (outputs === undefined) return
  const rows = await endToEnd(outputs, seconds)
  const notes = [`${seconds} s each, one after the other, the load made by the same machine; every answer a 302.`]
  await report({ name: 'Redirect, end to end', rows, notes }, json?.replace(/(\.json)?$/, '.end-to-end.json'))
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
