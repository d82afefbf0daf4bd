/**
 * Reads NDJSON line by line and writes each object's columns as CSV for DuckDB, which reads numbers through doubles, turns
 * `true` into 1 and mistyped lines into rows of nothing. Here a number keeps its digits, and a line that is no object is
 * a bad row of its own. Pure.
 */
import type { Column } from '../catalog/column.ts'
import type { RowFault } from './faults.ts'
import { byteFaults, CARRIAGE_RETURN, LINE_FEED, MAX_RECORD_BYTES, type OnRecord } from './guard.ts'
import { type Chunk, RecordGuard } from './record-guard.ts'
import { RowsOut } from './rows-out.ts'

export interface JsonGuardOptions {
  /** The fields of a row, in this order. */
  readonly columns: readonly Column[]
  /** Whether a field that is no column is a fault. */
  readonly refuseUnknown: boolean
  readonly onRecord?: OnRecord
}

type Read = { readonly fields: string } | { readonly faults: readonly RowFault[] }

export class JsonGuard extends RecordGuard {
  readonly #options: JsonGuardOptions
  readonly #names: ReadonlySet<string>
  /** Within a record that is too large: its rest belongs to it. */
  #skipping = false

  constructor(options: JsonGuardOptions) {
    super(new RowsOut(), options.onRecord)
    this.#options = options
    this.#names = new Set(options.columns.map(({ name }) => name))
  }

  protected override next({ data, isLast, fine }: Chunk, start: number): number | undefined {
    const feed = data.indexOf(LINE_FEED, start)
    if (feed < 0 && !isLast && data.length - start <= MAX_RECORD_BYTES) return undefined
    const end = feed < 0 ? data.length : feed
    if (!this.#skipping) this.#record(data, start, data[end - 1] === CARRIAGE_RETURN ? end - 1 : end, fine)
    if (feed >= 0) this.line += 1
    this.#skipping = feed < 0
    return feed < 0 ? data.length : feed + 1
  }

  #record(data: Buffer, start: number, end: number, fine: boolean): void {
    if (isBlank(data, start, end)) return
    const read = this.#read(data, start, end, fine)
    if ('fields' in read) this.out.text(this.line, read.fields)
    this.tell(this.line, 'faults' in read ? read.faults : [], data, start, end)
  }

  #read(data: Buffer, start: number, end: number, fine: boolean): Read {
    if (end - start > MAX_RECORD_BYTES) return { faults: [{ code: 'record_too_large' }] }
    if (!fine) {
      const broken = byteFaults(data.subarray(start, end))
      if (broken.length > 0) return { faults: broken }
    }
    const text = data.toString('utf8', start, end)
    const value = parsed(text)
    if (value === undefined) return { faults: [{ code: 'invalid_json' }] }
    if (typeof value.json !== 'object' || value.json === null || Array.isArray(value.json))
      return { faults: [{ code: 'not_an_object' }] }
    return this.#fields(value.json, text)
  }

  #fields(object: object, text: string): Read {
    const faults: RowFault[] = []
    if (this.#options.refuseUnknown)
      for (const name of Object.keys(object))
        if (!this.#names.has(name)) faults.push({ code: 'unknown_field', column: name.slice(0, 100) })
    let exact: Readonly<Record<string, unknown>> | undefined
    const fields: string[] = []
    for (const column of this.#options.columns) {
      const value = Object.hasOwn(object, column.name)
        ? (object as Readonly<Record<string, unknown>>)[column.name]
        : null
      if (needsDigits(column, value)) exact ??= withDigits(text)
      const field = fieldOf(column, value, exact)
      if (field === undefined) faults.push({ code: 'invalid_type', column: column.name })
      else fields.push(field)
    }
    return faults.length > 0 ? { faults } : { fields: fields.join(',') }
  }
}

function isBlank(data: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) {
    const byte = data[at]
    if (byte !== 0x20 && byte !== 0x09 && byte !== CARRIAGE_RETURN) return false
  }
  return true
}

function parsed(text: string): { readonly json: unknown } | undefined {
  try {
    return { json: JSON.parse(text) as unknown }
  } catch {
    return undefined
  }
}

/** A double can't be trusted with the digits of this value. */
const needsDigits = ({ type }: Column, value: unknown): value is number =>
  typeof value === 'number' && (type === 'integer' || type === 'decimal') && !Number.isSafeInteger(value)

/** A number by its own digits, as the text has them. */
class Digits {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

/** Parses again, keeping the source of each number (ECMAScript proposal "JSON.parse source text access", in V8). */
function withDigits(text: string): Readonly<Record<string, unknown>> {
  const keep = (_: string, value: unknown, context?: { readonly source?: string }): unknown =>
    typeof value === 'number' && context?.source !== undefined ? new Digits(context.source) : value
  return JSON.parse(text, keep) as Readonly<Record<string, unknown>>
}

const quoted = (text: string): string => `"${text.includes('"') ? text.replaceAll('"', '""') : text}"`

/** A field of CSV; an empty one means no value. Undefined when the value is of no form that the type has. */
function fieldOf(
  column: Column,
  value: unknown,
  exact: Readonly<Record<string, unknown>> | undefined,
): string | undefined {
  if (value === null || value === undefined) return ''
  if (column.type === 'json') return quoted(JSON.stringify(value))
  if (typeof value === 'string') return value.includes('\0') ? undefined : quoted(value)
  if (column.type === 'string') return undefined
  if (typeof value === 'boolean') return column.type === 'boolean' ? String(value) : undefined
  if (typeof value !== 'number' || column.type === 'boolean') return undefined
  if (!needsDigits(column, value)) return String(value)
  const kept = exact?.[column.name]
  return kept instanceof Digits ? kept.text : undefined
}
