/** A page of a run's quarantine, read from its gzipped NDJSON. No AWS: bytes come from any stream. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { createGunzip } from 'node:zlib'
import type { QuarantinedRow } from '../convert/quarantine.ts'

export interface QuarantinePage {
  readonly rows: readonly QuarantinedRow[]
  /** How many rows to skip for the next page; undefined behind the last. */
  readonly next: number | undefined
}

/** Far below Lambda's 6 MB answer, whatever the texts are. */
const MAX_PAGE_BYTES = 2_000_000

export async function quarantinePage(file: Readable, limit: number, skip: number): Promise<QuarantinePage> {
  const gunzip = createGunzip()
  file.on('error', (error) => gunzip.destroy(error))
  const lines = createInterface({ input: file.pipe(gunzip), crlfDelay: Number.POSITIVE_INFINITY })
  const rows: QuarantinedRow[] = []
  let bytes = 0
  let index = 0
  try {
    for await (const line of lines) {
      index += 1
      if (index <= skip) continue
      bytes += Buffer.byteLength(line)
      if (rows.length >= limit || (rows.length > 0 && bytes > MAX_PAGE_BYTES)) return { rows, next: skip + rows.length }
      rows.push(JSON.parse(line) as QuarantinedRow)
    }
    return { rows, next: undefined }
  } finally {
    lines.close()
    file.destroy()
    gunzip.destroy()
  }
}
