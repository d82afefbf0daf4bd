/** What `COPY … RETURN_STATS` says about the files it wrote, as the manifest keeps it. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import * as path from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Column } from '../catalog/column.ts'
import type { Partition } from '../catalog/dataset.ts'
import { partitionLabel } from './rows-sql.ts'

/** As DuckDB writes values; absent when the file has no value, or one too long to be kept. */
export interface ColumnStats {
  readonly min?: string
  readonly max?: string
  readonly nulls: number
}

export interface ParquetFile {
  readonly path: string
  /** `country=DE/occurredAt_day=2026-11-21`; empty without partitions. */
  readonly part: string
  readonly rows: number
  readonly bytes: number
  readonly sha256: string
  readonly columns: Readonly<Record<string, ColumnStats>>
}

/** Longer texts say little, and Parquet writers may cut them. */
const MAX_STATS_LENGTH = 64

interface MapEntry {
  readonly key: string
  readonly value: unknown
}

/** In the order of their partitions, so that the same rows give the same list. */
export async function parquetFiles(
  copied: readonly Record<string, unknown>[],
  folder: string,
  partitions: readonly Partition[],
  columns: readonly Column[],
): Promise<readonly ParquetFile[]> {
  const files: ParquetFile[] = []
  for (const row of copied) {
    const rows = Number(row['count'])
    if (rows === 0) continue
    const file = String(row['filename'])
    files.push({
      path: file,
      part: partOf(path.relative(folder, file), partitions),
      rows,
      bytes: Number(row['file_size_bytes']),
      sha256: await sha256Of(file),
      columns: statsOf(row['column_statistics'] as readonly MapEntry[], columns),
    })
  }
  return files.sort((a, b) => (a.part < b.part ? -1 : a.part > b.part ? 1 : a.sha256 < b.sha256 ? -1 : 1))
}

/** `_p0=DE/_p1=2026/data_0.parquet` → `country=DE/occurredAt_year=2026`. */
function partOf(relative: string, partitions: readonly Partition[]): string {
  const segments = relative.split(path.sep).slice(0, partitions.length)
  return segments
    .map((segment, index) => {
      const partition = partitions[index]
      const value = decodeURIComponent(segment.slice(segment.indexOf('=') + 1))
      return partition === undefined ? '' : `${partitionLabel(partition)}=${encodeURIComponent(value)}`
    })
    .join('/')
}

async function sha256Of(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}

function statsOf(entries: readonly MapEntry[], columns: readonly Column[]): Readonly<Record<string, ColumnStats>> {
  const byName = new Map(entries.map(({ key, value }) => [unquoted(key), value as readonly MapEntry[]]))
  return Object.fromEntries(
    columns.map(({ name }) => {
      const values = new Map((byName.get(name) ?? []).map(({ key, value }) => [key, String(value)]))
      const [min, max] = [values.get('min'), values.get('max')]
      const known =
        min !== undefined && max !== undefined && min.length <= MAX_STATS_LENGTH && max.length <= MAX_STATS_LENGTH
      return [name, { ...(known && { min, max }), nulls: Number(values.get('null_count') ?? 0) }]
    }),
  )
}

const unquoted = (name: string): string => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)
