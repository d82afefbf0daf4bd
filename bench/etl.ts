/**
 * `bench/etl`: what our conversion costs over DuckDB alone. The same generated CSV (bigint, text with quotes and commas,
 * decimal, instant, date, boolean; one row in a thousand bad in the dirty one) goes through a bare `COPY` of DuckDB and
 * through the conversion of a run, each in a process of its own, so that its memory is its own.
 */
import { fork } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { parseArgs } from 'node:util'
import type { ConvertFigures, ConvertJob } from './etl-convert.ts'
import { median, type Row, report, rounded } from './measure.ts'

const DEFAULT_ROWS = 1_000_000
const DEFAULT_ROUNDS = 3
const ROWS_PER_PIECE = 10_000

/** arm64, us-east-1: https://aws.amazon.com/lambda/pricing/ */
const LAMBDA_GB_SECOND = 0.0000133334
/** https://aws.amazon.com/step-functions/pricing/ */
const TRANSITION = 0.000025
/** `convert` alone has memory worth counting; the others run for a tenth of a second at 256 MB. */
const CONVERT_GB = 1_769 / 1_024
const SMALL_STEPS_GB_SECONDS = 5 * 0.1 * 0.25
/** Start, five tasks, the end. */
const TRANSITIONS = 7
/** S3 writes and reads of a run with a handful of files: https://aws.amazon.com/s3/pricing/ */
const S3_REQUESTS = 10 * 0.000005
/** Writes of a run, in the table: 20 units at https://aws.amazon.com/dynamodb/pricing/on-demand/ */
const TABLE = (20 * 0.625) / 1_000_000

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: String(DEFAULT_ROWS) },
      rounds: { type: 'string', default: String(DEFAULT_ROUNDS) },
      json: { type: 'string' },
    },
  })
  const [rows, rounds] = [Number(values.rows), Number(values.rounds)]
  const folder = await mkdtemp(path.join(tmpdir(), 'backlot-bench-'))
  try {
    const [clean, dirty] = [path.join(folder, 'clean.csv'), path.join(folder, 'dirty.csv')]
    await writeCsv(clean, rows, false)
    await writeCsv(dirty, rows, true)
    const { size } = await stat(clean)
    const jobs: readonly (readonly [string, ConvertJob])[] = [
      ['bare COPY, 2 threads', { kind: 'copy', file: clean, threads: 2 }],
      ['bare COPY, 1 thread', { kind: 'copy', file: clean, threads: 1 }],
      ['a run’s conversion', { kind: 'convert', file: clean }],
      ['the same, by day', { kind: 'convert', file: clean, partitioned: true }],
      ['the same, 0.1 % bad rows', { kind: 'convert', file: dirty }],
    ]
    const table: Row[] = []
    for (const [name, job] of jobs) table.push(rowOf(name, rows, size, await measured(job, folder, rounds)))
    await report({ name: 'etl', rows: table, notes: notes(rows, size) }, values.json)
    return 0
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

function rowOf(name: string, rows: number, bytes: number, figures: readonly ConvertFigures[]): Row {
  const seconds = median(figures.map(({ ms }) => ms)) / 1_000
  const cpu = median(figures.map(({ cpuMs }) => cpuMs)) / 1_000
  return {
    way: name,
    'median (s)': rounded(seconds),
    'processor (s)': rounded(cpu),
    'k rows/s': Math.round(rows / seconds / 1_000),
    'MB/s': Math.round(bytes / seconds / 1_000_000),
    'peak memory (MB)': Math.round(Math.max(...figures.map(({ peakMb }) => peakMb))),
    'Lambda ($ per million rows)': name.startsWith('bare') ? undefined : lambdaPrice(cpu, rows),
  }
}

const lambdaPrice = (cpuSeconds: number, rows: number): string =>
  (((cpuSeconds * CONVERT_GB * LAMBDA_GB_SECOND) / rows) * 1_000_000).toFixed(6)

function notes(rows: number, bytes: number): string[] {
  const fixed = TRANSITIONS * TRANSITION + SMALL_STEPS_GB_SECONDS * LAMBDA_GB_SECOND + S3_REQUESTS + TABLE
  return [
    `${rows} rows, ${rounded(bytes / 1_000_000)} MB. Read from a local file: on AWS the network, about 62 MB/s, comes before all of it.`,
    `Price of the conversion: processor seconds × ${rounded(CONVERT_GB)} GB × $${LAMBDA_GB_SECOND} per GB-second (one vCPU at 1,769 MB).`,
    `Beside it each run costs $${fixed.toFixed(6)}: ${TRANSITIONS} transitions at $25 a million, five small steps, ten S3 requests, twenty write units; ` +
      `a million runs $${Math.round(fixed * 1_000_000)}.`,
  ]
}

async function measured(job: ConvertJob, folder: string, rounds: number): Promise<readonly ConvertFigures[]> {
  const figures: ConvertFigures[] = []
  for (let round = 0; round < rounds; round += 1) figures.push(await once(job, path.join(folder, `out-${round}`)))
  return figures
}

async function once(job: ConvertJob, folder: string): Promise<ConvertFigures> {
  const child = fork(path.join(import.meta.dirname, 'etl-convert.ts'), [JSON.stringify({ ...job, folder })], {
    execPath: process.execPath,
  })
  try {
    return await new Promise((resolve, reject) => {
      child.on('message', (figures) => resolve(figures as ConvertFigures))
      child.on('exit', (code) => reject(new Error(`expected figures from etl-convert.ts, got exit code ${code}`)))
    })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function writeCsv(file: string, rows: number, dirty: boolean): Promise<void> {
  const pieces = function* () {
    yield 'id,country,amount,placed,day,ok,note\n'
    for (let start = 0; start < rows; start += ROWS_PER_PIECE)
      yield Array.from({ length: Math.min(ROWS_PER_PIECE, rows - start) }, (_, index) =>
        csvRow(start + index, dirty && (start + index) % 1_000 === 7),
      ).join('')
  }
  await pipeline(Readable.from(pieces()), createWriteStream(file))
}

/** The same rows each time. */
function csvRow(id: number, isBad: boolean): string {
  const day = `2026-01-${String((id % 28) + 1).padStart(2, '0')}`
  const time = `${day}T${String(id % 24).padStart(2, '0')}:15:${String(id % 60).padStart(2, '0')}Z`
  const amount = isBad ? 'oops' : `${id % 10_000}.${String(id % 100).padStart(2, '0')}`
  return `${id},C${id % 40},${amount},${time},${day},${id % 2 === 0},"row ${id}, with ""quotes"" and more"\n`
}
