/**
 * The bad rows of a file with what is wrong with them, as gzipped NDJSON in the order of the file: `{line, text,
 * faults: [{column?, code}]}`. The guard's faults and the types' faults (found by DuckDB) are joined by line.
 */
import { once } from 'node:events'
import { createReadStream, createWriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { RowFault } from './faults.ts'
import type { OnRecord } from './guard.ts'

export interface QuarantinedRow {
  /** From 1; the header counts. */
  readonly line: number
  /** As it came, cut at 64 KiB. */
  readonly text: string
  readonly faults: readonly RowFault[]
}

export interface QuarantineOptions {
  /** NDJSON `{line, faults}` of the rows that passed the guard, in the order of the file. */
  readonly badTyped: string | undefined
  readonly path: string
  /** How many rows are bad. */
  readonly expected: number
  /** No more are kept, and no more are counted in `faults`. */
  readonly maxRows: number
  /** Reads every record of the file again. */
  records(onRecord: OnRecord): Promise<void>
}

export interface Quarantined {
  readonly path: string | undefined
  readonly faults: Readonly<Record<string, number>>
}

interface BadLine {
  readonly line: number
  readonly faults: readonly RowFault[]
}

export async function quarantine(options: QuarantineOptions): Promise<Quarantined> {
  if (options.expected === 0) return { path: undefined, faults: {} }
  const typed = await badLines(options.badTyped, options.maxRows)
  const gzip = createGzip()
  const target = createWriteStream(options.path)
  gzip.pipe(target)
  const faults: Record<string, number> = {}
  let kept = 0
  let at = 0
  const full = new Error('enough')
  try {
    await options.records((record) => {
      const bad = typed[at]?.line === record.line ? typed[at++]?.faults : undefined
      const all = record.faults.length > 0 ? record.faults : (bad ?? [])
      if (all.length === 0) return
      for (const { code } of all) faults[code] = (faults[code] ?? 0) + 1
      gzip.write(
        `${JSON.stringify({ line: record.line, text: record.text(), faults: all } satisfies QuarantinedRow)}\n`,
      )
      kept += 1
      if (kept >= options.maxRows) throw full
    })
  } catch (error) {
    if (error !== full) throw error
  }
  gzip.end()
  await finished(target)
  const wanted = Math.min(options.expected, options.maxRows)
  if (kept !== wanted) throw new Error(`expected ${wanted} rows in quarantine, got ${kept}`)
  return { path: options.path, faults }
}

/** In memory: at the largest share that a dataset allows, a file of ten million rows has them in some hundred MB. */
async function badLines(path: string | undefined, maxRows: number): Promise<readonly BadLine[]> {
  if (path === undefined) return []
  const lines: BadLine[] = []
  const reader = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY })
  const closed = once(reader, 'close')
  for await (const line of reader) {
    lines.push(JSON.parse(line) as BadLine)
    if (lines.length >= maxRows) break
  }
  reader.close()
  await closed
  return lines
}
