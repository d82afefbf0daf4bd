/**
 * The SQL that gives rows their types: every field is read as text, cast, and looked at; a row is good when no column has
 * a fault. A value fits when its text has the form of its type (`lexicalForm`) and the cast succeeds. Pure.
 */
import { identifier, literal } from '#duckdb'
import { type Column, duckType, lexicalForm } from '../catalog/column.ts'
import type { Format, Partition } from '../catalog/dataset.ts'

/** The line in the file, kept in the lake: of rows with one key the one further down wins. */
export const LINE_COLUMN = '_line'

export interface RowsFile {
  /** As the guard wrote it. */
  readonly path: string
  /** The column of each field behind the line number; undefined for one that is ignored. */
  readonly fields: readonly (string | undefined)[]
  readonly format: Format
}

const fieldName = (index: number): string => `c${index}`

/** Reads the guard's rows as text, in one thread and in order, so that the same file gives the same Parquet bytes. */
export function readRows({ path, fields, format }: RowsFile): string {
  const names = ['_l', ...fields.map((_, index) => fieldName(index))]
  const nulls = format.type === 'csv' ? format.nullValues : ['']
  return `read_csv(${literal(path)}, ${[
    'header = false',
    'auto_detect = false',
    `columns = {${names.map((name) => `${name}: '${name === '_l' ? 'BIGINT' : 'VARCHAR'}'`).join(', ')}}`,
    `delim = ${literal(format.type === 'csv' ? format.delimiter : ',')}`,
    `quote = '"'`,
    `escape = '"'`,
    `new_line = '\\n'`,
    `nullstr = [${(nulls.length > 0 ? nulls : ['\u0001']).map(literal).join(', ')}]`,
    'allow_quoted_nulls = false',
    'max_line_size = 2097152',
    'parallel = false',
  ].join(', ')})`
}

/** Per column: the typed value and why it is bad, as `v_n` and `f_n`. */
export function typedRows(file: RowsFile, columns: readonly Column[]): string {
  const parts = columns.map((column, index) => {
    const at = file.fields.indexOf(column.name)
    if (at < 0)
      return `NULL::${duckType(column)} AS v_${index}, ${column.required ? "'required'" : 'NULL::VARCHAR'} AS f_${index}`
    const text = `t.${fieldName(at)}`
    const value = typedValue(column, text)
    return `${value} AS v_${index}, ${faultOf(column, text, value)} AS f_${index}`
  })
  return `SELECT t._l AS ${LINE_COLUMN}, ${parts.join(', ')} FROM ${readRows(file)} AS t`
}

function typedValue(column: Column, text: string): string {
  if (column.type === 'string' || column.type === 'json') return text
  if (column.type === 'boolean') return `(${text} = 'true')`
  return `TRY_CAST(${text} AS ${duckType(column)})`
}

function faultOf(column: Column, text: string, value: string): string {
  const cases = [
    `WHEN ${text} IS NULL THEN ${column.required ? "'required'" : 'NULL'}`,
    ...(isInvalid(column, text, value) ?? []).map((condition) => `WHEN ${condition} THEN 'invalid_type'`),
    ...limits(column, text, value),
  ]
  return `CASE ${cases.join(' ')} END`
}

function isInvalid(column: Column, text: string, value: string): readonly string[] | undefined {
  if (column.type === 'string') return undefined
  if (column.type === 'json') return [`NOT json_valid(${text})`]
  const form = `NOT regexp_full_match(${text}, ${literal(lexicalForm(column) ?? '.*')})`
  // What the cast gives back as the same text has the canonical form: far cheaper than the expression, for most rows.
  if (column.type === 'integer') return [`${value} IS NULL`, `${value}::VARCHAR <> ${text} AND ${form}`]
  if (column.type === 'boolean') return [`${text} NOT IN ('true', 'false')`]
  if (column.type === 'date')
    return [`${value} IS NULL`, `(${value}::VARCHAR <> ${text} OR length(${text}) <> 10) AND ${form}`]
  // `12.5` becomes `12.5000`: what the cast only fills up with zeros it did not round.
  if (column.type === 'decimal')
    return [`${value} IS NULL`, `(NOT starts_with(${value}::VARCHAR, ${text}) OR ends_with(${text}, '.')) AND ${form}`]
  if (column.type === 'number') return [`${value} IS NULL OR NOT isfinite(${value})`, form]
  return [`${value} IS NULL`, form]
}

function limits(column: Column, text: string, value: string): readonly string[] {
  if (column.type === 'string')
    return [
      ...(column.maxLength === undefined ? [] : [`WHEN length(${text}) > ${column.maxLength} THEN 'too_long'`]),
      ...(column.pattern === undefined
        ? []
        : [`WHEN NOT regexp_full_match(${text}, ${literal(column.pattern)}) THEN 'pattern'`]),
      ...(column.values === undefined
        ? []
        : [`WHEN ${text} NOT IN (${column.values.map(literal).join(', ')}) THEN 'not_allowed'`]),
    ]
  if (column.type === 'boolean' || column.type === 'json') return []
  const bound = (limit: string): string => `${literal(limit)}::${duckType(column)}`
  return [
    ...(column.min === undefined ? [] : [`WHEN ${value} < ${bound(column.min)} THEN 'below_minimum'`]),
    ...(column.max === undefined ? [] : [`WHEN ${value} > ${bound(column.max)} THEN 'above_maximum'`]),
  ]
}

const good = (columns: readonly Column[]): string => columns.map((_, index) => `f_${index} IS NULL`).join(' AND ')

/** The good rows with their own names, and the partition as `_p0`, `_p1`, …, which are not written. */
export function goodRows(
  file: RowsFile,
  columns: readonly Column[],
  partitions: readonly Partition[],
  keepLine: boolean,
): string {
  const parts = partitions.map(({ column, by }, index) => {
    const at = columns.findIndex(({ name }) => name === column)
    return `${partitionValue(`v_${at}`, by)} AS _p${index}`
  })
  const values = columns.map(({ name }, index) => `v_${index} AS ${identifier(name)}`)
  const selected = [...values, ...(keepLine ? [LINE_COLUMN] : []), ...parts]
  return `SELECT ${selected.join(', ')} FROM (${typedRows(file, columns)}) WHERE ${good(columns)}`
}

const PARTITION_FORMAT = { day: '%Y-%m-%d', month: '%Y-%m', year: '%Y' } as const

const partitionValue = (value: string, by: Partition['by']): string =>
  by === 'value' ? `${value}::VARCHAR` : `strftime(${value}, '${PARTITION_FORMAT[by]}')`

/** `line` and `faults: [{column, code}]` of the bad rows, in the order of the file. */
export function badRows(file: RowsFile, columns: readonly Column[]): string {
  const faults = columns.map(({ name }, index) => `{'column': ${literal(name)}, 'code': f_${index}}`)
  return (
    `SELECT ${LINE_COLUMN} AS line, list_filter([${faults.join(', ')}], fault -> fault.code IS NOT NULL) AS faults ` +
    `FROM (${typedRows(file, columns)}) WHERE NOT (${good(columns)})`
  )
}

/** `country=DE`, `occurredAt_day=2026-11-21`: the Hive form that Athena and Glue read. */
export const partitionLabel = ({ column, by }: Partition): string => (by === 'value' ? column : `${column}_${by}`)
