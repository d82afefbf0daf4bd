/** The SQL of a dataset as queries see it: its declared columns over the files of its manifest. Pure. */
import { identifier, literal } from '#duckdb'
import { type Column, duckType } from '../catalog/column.ts'
import { LINE_COLUMN } from '../convert/rows-sql.ts'

export interface LocalFile {
  readonly path: string
  /** Names of the columns that the file has; a column that was declared later is null in it. */
  readonly columns: ReadonlySet<string>
}

export interface Relation {
  readonly columns: readonly Column[]
  readonly keys: readonly string[]
  /** Named so that their paths sort by the order in which they were published. */
  readonly files: readonly LocalFile[]
}

/** Of rows with one key the one that landed last is seen, as a whole: no value of one row joins a value of another. */
export function relationSql({ columns, keys, files }: Relation): string {
  const names = columns.map(({ name }) => identifier(name))
  if (files.length === 0) {
    const nothing = columns.map((column) => `NULL::${duckType(column)} AS ${identifier(column.name)}`)
    return `SELECT ${nothing.join(', ')} WHERE false`
  }
  const more = keys.length > 0 ? [LINE_COLUMN, 'filename'] : []
  const parts = byColumns(files).map((group) => partSql(columns, group, more))
  const rows = parts.join(' UNION ALL BY NAME ')
  if (keys.length === 0) return rows
  const row = `{${names.map((name) => `${name}: ${name}`).join(', ')}}`
  const latest = `arg_max(${row}, {f: filename, l: ${LINE_COLUMN}})`
  return `SELECT unnest(kept) FROM (SELECT ${latest} AS kept FROM (${rows}) GROUP BY ${keys.map(identifier).join(', ')})`
}

/** Files that have the same columns, together. */
function byColumns(files: readonly LocalFile[]): readonly (readonly LocalFile[])[] {
  const groups = new Map<string, LocalFile[]>()
  for (const file of files) {
    const signature = [...file.columns].sort().join('\n')
    groups.set(signature, [...(groups.get(signature) ?? []), file])
  }
  return [...groups.values()]
}

function partSql(columns: readonly Column[], files: readonly LocalFile[], more: readonly string[]): string {
  const has = files[0]?.columns ?? new Set<string>()
  const selected = columns.map((column) =>
    has.has(column.name) ? identifier(column.name) : `NULL::${duckType(column)} AS ${identifier(column.name)}`,
  )
  const list = files.map(({ path }) => literal(path)).join(', ')
  const options = more.length > 0 ? ', filename = true' : ''
  // Hive partitioning off: the values of partitions are columns of the files.
  return `SELECT ${[...selected, ...more].join(', ')} FROM read_parquet([${list}]${options}, hive_partitioning = false)`
}
