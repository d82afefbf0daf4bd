/**
 * Which files of a manifest a statement can need, by the least and greatest value of each column. A file is left out only
 * when no row of it can fulfil a condition; anything not understood keeps it. Pure.
 */
import type { Column } from '../catalog/column.ts'
import type { ManifestFile } from '../catalog/manifest.ts'
import type { Condition, Literal, TableUse } from './statement.ts'

export interface Prunable {
  readonly columns: readonly Column[]
  /** With keys, an older row must not come back because the newer one was left out: then only key columns count. */
  readonly keys: readonly string[]
}

/** The files that at least one mention of the dataset can need. */
export function neededFiles(
  files: readonly ManifestFile[],
  uses: readonly TableUse[],
  dataset: Prunable,
): readonly ManifestFile[] {
  const tests = uses.map(({ conditions }) => conditions.flatMap((condition) => testOf(condition, dataset)))
  return files.filter((file) => tests.some((all) => all.every((test) => test(file))))
}

type Test = (file: ManifestFile) => boolean
type Value = bigint | number | string

function testOf({ column: name, compare, literal }: Condition, { columns, keys }: Prunable): readonly Test[] {
  const column = columns.find((one) => one.name.toLowerCase() === name.toLowerCase())
  if (column === undefined || (keys.length > 0 && !keys.includes(column.name))) return []
  const wanted = literalValue(column, literal)
  if (wanted === undefined) return []
  return [
    (file) => {
      const stats = file.columns[column.name]
      // A file from before the column has nothing but nulls in it, which fulfil no comparison.
      if (stats === undefined) return false
      const [min, max] = [statsValue(column, stats.min), statsValue(column, stats.max)]
      if (min === undefined || max === undefined) return true
      switch (compare) {
        case '=':
          return !isLess(wanted, min) && !isLess(max, wanted)
        case '<':
          return isLess(min, wanted)
        case '<=':
          return !isLess(wanted, min)
        case '>':
          return isLess(wanted, max)
        case '>=':
          return !isLess(max, wanted)
        default:
          return compare satisfies never
      }
    },
  ]
}

/** Texts by their UTF-8 bytes, as DuckDB and Parquet compare them. */
const isLess = (a: Value, b: Value): boolean =>
  typeof a === 'string' && typeof b === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0 : a < b

/** Undefined for what this does not compare: then the file is kept. */
function literalValue(column: Column, { value, cast }: Literal): Value | undefined {
  switch (column.type) {
    case 'integer':
      return typeof value === 'number' && cast === undefined ? BigInt(value) : undefined
    case 'string':
      return typeof value === 'string' && cast === undefined ? value : undefined
    case 'date':
    case 'datetime':
    case 'instant':
      return typeof value === 'string' ? timeLiteral(column.type, value, cast) : undefined
    default:
      return undefined
  }
}

const CASTS: Readonly<Record<string, 'date' | 'datetime' | 'instant'>> = {
  DATE: 'date',
  TIMESTAMP: 'datetime',
  'TIMESTAMP WITH TIME ZONE': 'instant',
}

/** In microseconds; a text without a cast takes the column's type. An offset counts for instants and is odd elsewhere. */
function timeLiteral(type: 'date' | 'datetime' | 'instant', text: string, cast: string | undefined) {
  const as = cast === undefined ? type : CASTS[cast]
  const time = TIME.exec(text)
  if (as === undefined || time === null) return undefined
  const [, day, hours, , offset] = time
  if (as === 'date' && hours !== undefined) return undefined
  if (as === 'datetime' && offset !== undefined) return undefined
  return day === undefined ? undefined : micros(text)
}

function statsValue(column: Column, text: string | undefined): Value | undefined {
  if (text === undefined) return undefined
  if (column.type === 'integer') return BigInt(text)
  if (column.type === 'string') return text
  if (column.type === 'date' || column.type === 'datetime' || column.type === 'instant') return micros(text)
  return undefined
}

/** Day; with a time hours, minutes, seconds, a fraction, and an offset. Sessions are in UTC. */
const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(\.\d{1,6})?(Z|[+-]\d\d(?::?\d\d)?)?)?$/

const MICROS_PER_MILLISECOND = 1_000n
const MICROS_PER_MINUTE = 60_000_000n

function micros(text: string): bigint | undefined {
  const [, day, time = '00:00:00', fraction = '.', offset = 'Z'] = TIME.exec(text) ?? []
  if (day === undefined) return undefined
  const start = Date.parse(`${day}T${time}Z`)
  if (Number.isNaN(start)) return undefined
  return BigInt(start) * MICROS_PER_MILLISECOND + BigInt(fraction.slice(1).padEnd(6, '0')) - offsetMicros(offset)
}

function offsetMicros(offset: string): bigint {
  if (offset === 'Z') return 0n
  const minutes = Number(offset.slice(1, 3)) * 60 + Number(offset.slice(3).replace(':', '') || 0)
  return BigInt(offset.startsWith('-') ? -minutes : minutes) * MICROS_PER_MINUTE
}
