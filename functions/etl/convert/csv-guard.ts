/**
 * Cuts CSV (RFC 4180) into records ahead of DuckDB, which loses giant rows in silence and refuses whole files for a
 * mixed line ending. A quote opens a field only where the field begins; counting quotes alone loses most of a file at the
 * first stray one. What leaves the guard has one line ending, the right number of fields, closed quotes, valid UTF-8
 * and a bounded size. Pure.
 */
import type { RowFault } from './faults.ts'
import { byteFaults, CARRIAGE_RETURN, LINE_FEED, MAX_RECORD_BYTES, type OnRecord } from './guard.ts'
import { type Chunk, RecordGuard } from './record-guard.ts'
import { RowsOut } from './rows-out.ts'

const QUOTE = 0x22

export interface CsvGuardOptions {
  /** One character of ASCII. */
  readonly delimiter: string
  /** Gets the first record, and may throw. */
  readonly onHeader: (names: readonly string[]) => void
  readonly onRecord?: OnRecord
}

interface Scanned {
  /** Behind the last byte of the record. */
  readonly end: number
  /** The first byte of the next one. */
  readonly next: number
  readonly fields: number
  readonly fault: RowFault['code'] | undefined
}

export class CsvGuard extends RecordGuard {
  readonly #options: CsvGuardOptions
  readonly #delimiter: number
  /** Fields of the header; 0 before it. */
  #fields = 0
  /** Within a record that is too large: until the next line feed. */
  #skipping = false

  constructor(options: CsvGuardOptions) {
    const delimiter = options.delimiter.charCodeAt(0)
    super(new RowsOut(delimiter), options.onRecord)
    this.#options = options
    this.#delimiter = delimiter
  }

  protected override next({ data, isLast, fine }: Chunk, start: number): number | undefined {
    if (this.#skipping) {
      const feed = data.indexOf(LINE_FEED, start)
      this.#skipping = feed < 0
      if (!this.#skipping) this.line += 1
      return feed < 0 ? data.length : feed + 1
    }
    const scanned = this.#scan(data, start, isLast)
    if (scanned !== undefined) return this.#record(data, start, scanned, fine)
    return data.length - start <= MAX_RECORD_BYTES ? undefined : this.#tooLarge(data, start)
  }

  /** The record at `start`; undefined when its end is not in `data`. */
  #scan(data: Buffer, start: number, isLast: boolean): Scanned | undefined {
    const delimiter = this.#delimiter
    const length = data.length
    let fields = 1
    let fault: Scanned['fault']
    let fieldStart = true
    for (let at = start; at < length; at += 1) {
      const byte = data[at]
      if (byte === delimiter) {
        fields += 1
        fieldStart = true
        continue
      }
      if (byte === LINE_FEED) return { end: at, next: at + 1, fields, fault }
      if (byte === CARRIAGE_RETURN) {
        if (at + 1 === length && !isLast) return undefined
        if (at + 1 === length) return { end: at, next: length, fields, fault }
        if (data[at + 1] === LINE_FEED) return { end: at, next: at + 2, fields, fault }
        fault ??= 'stray_carriage_return'
      } else if (byte === QUOTE) {
        if (fieldStart) {
          const closed = closingQuote(data, at + 1)
          if (closed < 0 || (closed + 1 === length && !isLast)) {
            if (!isLast) return undefined
            return { end: length, next: length, fields, fault: fault ?? 'unterminated_quote' }
          }
          at = closed
          if (!endsField(data, closed + 1, delimiter)) fault ??= 'bad_quoting'
        } else fault ??= 'bad_quoting'
      }
      fieldStart = false
    }
    return isLast ? { end: length, next: length, fields, fault } : undefined
  }

  #record(data: Buffer, start: number, { end, next, fields, fault }: Scanned, fine: boolean): number {
    const line = this.line
    this.line += feedsIn(data, start, next)
    if (end === start) return next
    if (this.#fields === 0) {
      this.#fields = fields
      this.#options.onHeader(fieldsOf(data.toString('utf8', start, end), this.#options.delimiter))
      return next
    }
    const faults = this.#faults(data, start, end, fields, fault, fine)
    if (faults.length === 0) this.out.row(line, data, start, end)
    this.tell(line, faults, data, start, end)
    return next
  }

  #faults(
    data: Buffer,
    start: number,
    end: number,
    fields: number,
    fault: Scanned['fault'],
    fine: boolean,
  ): readonly RowFault[] {
    if (end - start > MAX_RECORD_BYTES) return [{ code: 'record_too_large' }]
    if (fault !== undefined) return [{ code: fault }]
    if (!fine) {
      const broken = byteFaults(data.subarray(start, end))
      if (broken.length > 0) return broken
    }
    return fields === this.#fields ? [] : [{ code: 'wrong_field_count' }]
  }

  /** A record whose end is not in sight: what there is of it is one bad record, and so is all up to the line's end. */
  #tooLarge(data: Buffer, start: number): number {
    const line = this.line
    this.line += feedsIn(data, start, data.length)
    this.#skipping = data.at(-1) !== LINE_FEED
    if (this.#fields === 0) this.#options.onHeader([])
    this.tell(line, [{ code: 'record_too_large' }], data, start, data.length)
    return data.length
  }
}

/** The quote that closes a field, doubled ones skipped; −1 when it is not in `data`. */
function closingQuote(data: Buffer, from: number): number {
  let at = data.indexOf(QUOTE, from)
  while (at >= 0 && data[at + 1] === QUOTE) at = data.indexOf(QUOTE, at + 2)
  return at
}

const endsField = (data: Buffer, at: number, delimiter: number): boolean => {
  const byte = data[at]
  return byte === undefined || byte === delimiter || byte === LINE_FEED || byte === CARRIAGE_RETURN
}

function feedsIn(data: Buffer, start: number, end: number): number {
  let feeds = 0
  for (let at = data.indexOf(LINE_FEED, start); at >= 0 && at < end; at = data.indexOf(LINE_FEED, at + 1)) feeds += 1
  return feeds
}

/** The fields of one record as text, quotes removed. */
export function fieldsOf(record: string, delimiter: string): readonly string[] {
  const fields: string[] = []
  let at = 0
  for (;;) {
    if (record[at] === '"') {
      let text = ''
      let close = record.indexOf('"', at + 1)
      while (close >= 0 && record[close + 1] === '"') {
        text += record.slice(at + 1, close + 1)
        at = close + 1
        close = record.indexOf('"', at + 1)
      }
      if (close < 0) close = record.length
      fields.push(text + record.slice(at + 1, close))
      at = close + 1
    } else {
      const next = record.indexOf(delimiter, at)
      fields.push(record.slice(at, next < 0 ? record.length : next))
      at = next < 0 ? record.length : next
    }
    if (at >= record.length) return fields
    at += delimiter.length
  }
}
