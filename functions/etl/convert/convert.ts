/**
 * One file → Parquet files and quarantine, in a folder of its own:
 * 1. the text is read, guarded record by record, and written as rows that DuckDB can't misread
 * 2. the good rows are written as Parquet, by partition
 * 3. when some are missing: the bad ones are found, the file is read a second time for their text, and both are joined
 * 4. the guard's count of records must be good + quarantined; both sides are counted by different programs
 * In one thread: the same file gives the same bytes, so that a repeated run ends in the same manifest.
 */
import { createWriteStream } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { type DuckDbConnection, literal, rowsOf, withDuckDb } from '#duckdb'
import type { Column } from '../catalog/column.ts'
import type { Definition } from '../catalog/dataset.ts'
import { CsvGuard } from './csv-guard.ts'
import { InputFault } from './faults.ts'
import type { Guard, OnRecord } from './guard.ts'
import { columnsOfHeader } from './header.ts'
import { JsonGuard } from './json-guard.ts'
import { type ParquetFile, parquetFiles } from './parquet-files.ts'
import { quarantine } from './quarantine.ts'
import { badRows, goodRows, type RowsFile, readRows } from './rows-sql.ts'
import { sourceText } from './source.ts'

/** A run's files are listed in one manifest, and each costs a request to write and one to read. */
export const MAX_PARTITIONS = 400
/** Rows of one Parquet row group: DuckDB's default, a multiple of its vectors. */
const ROW_GROUP_ROWS = 122_880
/** Of a file that is rejected for its bad rows, the owner gets this many to see why. */
export const REJECTED_SAMPLE_ROWS = 1_000

export interface ConvertInput {
  readonly definition: Definition
  /** Opens the file; called twice when it has bad rows. */
  read(): Promise<AsyncIterable<Uint8Array>>
  /** Empty, and the caller removes it. */
  readonly folder: string
  readonly memoryMb: number
}

export interface Converted {
  readonly recordsIn: number
  readonly good: number
  readonly quarantined: number
  readonly sha256: string
  readonly bytesIn: number
  readonly textBytes: number
  readonly files: readonly ParquetFile[]
  /** Gzipped NDJSON. Undefined when every row is good. */
  readonly quarantinePath: string | undefined
  /** Faults by code; a row may have several. */
  readonly faults: Readonly<Record<string, number>>
}

interface Guarded {
  readonly rows: RowsFile
  readonly records: number
  readonly bad: number
  readonly sha256: string
  readonly bytes: number
  readonly textBytes: number
}

/** @throws InputFault for a file that no retry makes better */
export async function convert(input: ConvertInput): Promise<Converted> {
  const { definition, folder, memoryMb } = input
  const guarded = await guardFile(input)
  const temporaryFolder = join(folder, 'spill')
  await mkdir(temporaryFolder)
  return withDuckDb({ memoryMb, temporaryFolder, threads: 1 }, async (connection) => {
    const files = await writeGood(connection, guarded.rows, definition, join(folder, 'data'))
    const good = files.reduce((sum, { rows }) => sum + rows, 0)
    const quarantined = guarded.records - good
    const counted = await countBad(connection, guarded, definition.columns, join(folder, 'bad.ndjson'), quarantined)
    if (good + counted !== guarded.records)
      throw new Error(`expected ${guarded.records} rows, got ${good} good and ${counted} quarantined`)
    const rejected = quarantined > definition.maxQuarantinedShare * guarded.records
    const kept = await quarantine({
      badTyped: quarantined > guarded.bad ? join(folder, 'bad.ndjson') : undefined,
      path: join(folder, 'quarantine.ndjson.gz'),
      expected: quarantined,
      maxRows: rejected ? REJECTED_SAMPLE_ROWS : Number.POSITIVE_INFINITY,
      records: (onRecord) => reread(input, guarded.sha256, onRecord),
    })
    return {
      recordsIn: guarded.records,
      good,
      quarantined,
      sha256: guarded.sha256,
      bytesIn: guarded.bytes,
      textBytes: guarded.textBytes,
      files,
      quarantinePath: kept.path,
      faults: kept.faults,
    }
  })
}

async function guardFile(input: ConvertInput): Promise<Guarded> {
  const { definition, folder } = input
  const { format } = definition
  let fields: readonly (string | undefined)[] = definition.columns.map(({ name }) => name)
  const guard = guardOf(definition, (header) => {
    fields = columnsOfHeader(header, definition)
  })
  const source = sourceText(await input.read(), definition)
  const path = join(folder, 'rows.csv')
  await pipeline(Readable.from(guardedChunks(source.chunks, guard)), createWriteStream(path))
  const { sha256, bytes, textBytes } = source.digest()
  const rows = { path, fields, format }
  return { rows, records: guard.records, bad: guard.bad, sha256, bytes, textBytes }
}

async function* guardedChunks(chunks: AsyncIterable<Buffer>, guard: Guard): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    const rows = guard.push(chunk)
    if (rows.length > 0) yield rows
  }
  const rows = guard.end()
  if (rows.length > 0) yield rows
}

function guardOf(definition: Definition, onHeader: (names: readonly string[]) => void, onRecord?: OnRecord): Guard {
  const { format, columns, unknownColumns } = definition
  const more = onRecord === undefined ? {} : { onRecord }
  return format.type === 'csv'
    ? new CsvGuard({ delimiter: format.delimiter, onHeader, ...more })
    : new JsonGuard({ columns, refuseUnknown: unknownColumns === 'refuse', ...more })
}

/** The records once more, with their text. The file must be what it was. */
async function reread(input: ConvertInput, sha256: string, onRecord: OnRecord): Promise<void> {
  const source = sourceText(await input.read(), input.definition)
  const guard = guardOf(input.definition, () => undefined, onRecord)
  for await (const chunk of source.chunks) guard.push(chunk)
  guard.end()
  if (source.digest().sha256 !== sha256)
    throw new InputFault('InputChanged', 'expected the file to stay as it was while it was read')
}

async function writeGood(
  connection: DuckDbConnection,
  rows: RowsFile,
  { columns, partitions, keys }: Definition,
  folder: string,
): Promise<readonly ParquetFile[]> {
  await mkdir(folder)
  const by = partitions.map((_, index) => `_p${index}`)
  const target = partitions.length > 0 ? folder : join(folder, 'data.parquet')
  const options = [
    'FORMAT parquet',
    'COMPRESSION zstd',
    // Version 2 is a tenth smaller, and many engines can't read it.
    'PARQUET_VERSION v1',
    `ROW_GROUP_SIZE ${ROW_GROUP_ROWS}`,
    'RETURN_STATS',
    ...(by.length > 0 ? [`PARTITION_BY (${by.join(', ')})`] : []),
  ]
  const select = goodRows(rows, columns, partitions, keys.length > 0)
  const stats = await rowsOf(connection, `COPY (${select}) TO ${literal(target)} (${options.join(', ')})`)
  const files = await parquetFiles(stats, folder, partitions, columns)
  const parts = new Set(files.map(({ part }) => part)).size
  if (parts > MAX_PARTITIONS)
    throw new InputFault('TooManyPartitions', `expected at most ${MAX_PARTITIONS} partitions, got ${parts}`)
  return files
}

/** Writes the bad ones among the guard's rows, and counts them and those that the guard kept back. */
async function countBad(
  connection: DuckDbConnection,
  { rows, bad, records }: Guarded,
  columns: readonly Column[],
  path: string,
  expected: number,
): Promise<number> {
  if (expected === bad) {
    const [counted] = await rowsOf(connection, `SELECT count(*) AS n FROM ${readRows(rows)}`)
    return bad + (records - bad - Number(counted?.['n'] ?? 0))
  }
  const [copied] = await rowsOf(connection, `COPY (${badRows(rows, columns)}) TO ${literal(path)} (FORMAT json)`)
  return bad + Number(copied?.['Count'] ?? 0)
}
