/** What the CSV and the NDJSON guard have in common. Pure. */
import { isUtf8 } from 'node:buffer'
import type { RowFault } from './faults.ts'

/** Half of DuckDB's default limit of a line; far above any real row. Larger ones it can lose without a word. */
export const MAX_RECORD_BYTES = 1024 * 1024

/** What is kept of a bad row's text. */
export const MAX_TEXT_BYTES = 64 * 1024

export const LINE_FEED = 0x0a
export const CARRIAGE_RETURN = 0x0d

/** Called for every record, in order. `faults` is empty when the guard has nothing against it. */
export type OnRecord = (record: GuardedRecord) => void

export interface GuardedRecord {
  /** Of its first byte, from 1; the header counts. */
  readonly line: number
  readonly faults: readonly RowFault[]
  /** The record as it came, cut at `MAX_TEXT_BYTES`. Only until the next record. */
  text(): string
}

/** Takes the decoded text of a file in chunks and gives the rows for DuckDB. One instance reads one file. */
export interface Guard {
  /** Rows for DuckDB; may be empty. */
  push(chunk: Buffer): Buffer
  end(): Buffer
  /** Records so far without the header, good or bad. Empty lines are none. */
  readonly records: number
  /** Of those the bad ones. */
  readonly bad: number
}

export const textOf = (data: Buffer, start: number, end: number): string =>
  data.toString('utf8', start, Math.min(end, start + MAX_TEXT_BYTES))

/** What is wrong with the bytes of a record. Looked at only when something is wrong with the chunk. */
export function byteFaults(record: Buffer): readonly RowFault[] {
  if (record.includes(0)) return [{ code: 'nul_character' }]
  return isUtf8(record) ? [] : [{ code: 'invalid_utf8' }]
}

/** Whether every record of these bytes is fine; what is behind the last line feed may be cut within a character. */
export const bytesAreFine = (data: Buffer): boolean =>
  !data.includes(0) && isUtf8(data.subarray(0, data.lastIndexOf(LINE_FEED) + 1))
