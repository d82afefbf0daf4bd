/** One measurement of `bench/etl`, in a process of its own: a conversion, or the same file through DuckDB alone. */
import { createReadStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import path from 'node:path'
import { definition } from '../functions/etl/catalog/dataset.ts'
import { convert } from '../functions/etl/convert/convert.ts'
import { literal, withDuckDb } from '../layers/duckdb/duckdb.ts'

export type ConvertJob =
  | { readonly kind: 'copy'; readonly file: string; readonly threads: number }
  | { readonly kind: 'convert'; readonly file: string; readonly partitioned?: boolean }

export interface ConvertFigures {
  readonly ms: number
  /** Of all threads. */
  readonly cpuMs: number
  readonly peakMb: number
}

/** As `infra/etl-runs.ts` gives it. */
const MEMORY_MB = 1_000

const COLUMNS = [
  { name: 'id', type: 'integer', required: true },
  { name: 'country', type: 'string' },
  { name: 'amount', type: 'decimal', precision: 18, scale: 4 },
  { name: 'placed', type: 'instant' },
  { name: 'day', type: 'date' },
  { name: 'ok', type: 'boolean' },
  { name: 'note', type: 'string' },
]
const TYPES =
  "{id: 'BIGINT', country: 'VARCHAR', amount: 'DECIMAL(18,4)', placed: 'TIMESTAMPTZ', day: 'DATE', ok: 'BOOLEAN', note: 'VARCHAR'}"

async function work(job: ConvertJob & { readonly folder: string }): Promise<void> {
  const { folder, file } = job
  await mkdir(folder)
  if (job.kind === 'convert') {
    const partitions = job.partitioned ? [{ column: 'day' }] : []
    const of = definition.parse({ format: { type: 'csv' }, columns: COLUMNS, partitions })
    await convert({ definition: of, folder, memoryMb: MEMORY_MB, read: async () => createReadStream(file) })
    return
  }
  const target = path.join(folder, 'out.parquet')
  await withDuckDb({ memoryMb: MEMORY_MB, temporaryFolder: folder, threads: job.threads }, (connection) =>
    connection.run(
      `COPY (SELECT * FROM read_csv(${literal(file)}, header = true, auto_detect = false, delim = ',', quote = '"', ` +
        `escape = '"', columns = ${TYPES})) TO ${literal(target)} (FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1)`,
    ),
  )
}

if (import.meta.main && process.send) {
  const job = JSON.parse(process.argv[2] ?? '') as ConvertJob & { readonly folder: string }
  const cpu = process.cpuUsage()
  const began = performance.now()
  await work(job)
  const { user, system } = process.cpuUsage(cpu)
  const figures: ConvertFigures = {
    ms: performance.now() - began,
    cpuMs: (user + system) / 1_000,
    peakMb: process.resourceUsage().maxRSS / 1_024,
  }
  process.send(figures)
}
