/** Columns of a dataset: what a value must look like, and what it is stored as. Pure. */
import * as z from 'zod'

/** DuckDB is not case-sensitive about names; those with a leading underscore are ours. */
export const COLUMN_NAME = /^[a-zA-Z][a-zA-Z0-9_]{0,62}$/

/** Above it DuckDB, Parquet and Athena disagree. https://duckdb.org/docs/stable/sql/data_types/numeric#fixed-point-decimals */
export const MAX_DECIMAL_PRECISION = 38
/** Allowed values are written into the check of every row. */
const MAX_VALUES = 100
const MAX_VALUE_LENGTH = 200
const MAX_PATTERN_LENGTH = 500

const bound = z.string().min(1).max(64)

const common = {
  name: z.string().regex(COLUMN_NAME).meta({ description: 'As in the header, or the JSON field. Case counts.' }),
  required: z.boolean().optional().meta({ description: 'Whether a missing value is a fault. Default: no.' }),
  description: z.string().max(500).optional(),
}

const bounds = {
  min: bound.optional().meta({ description: 'Least value, as text in the form of the type.' }),
  max: bound.optional().meta({ description: 'Greatest value, as text in the form of the type.' }),
}

const plain = <const Type extends string>(type: Type, description: string) =>
  z.strictObject({ ...common, type: z.literal(type).meta({ description }), ...bounds })

export const column = z.discriminatedUnion('type', [
  z.strictObject({
    ...common,
    type: z.literal('string').meta({ description: 'Text.' }),
    maxLength: z.int().min(1).max(1_000_000).optional().meta({ description: 'In characters.' }),
    pattern: z
      .string()
      .max(MAX_PATTERN_LENGTH)
      .optional()
      .meta({ description: 'RE2 expression that the whole text must match.' }),
    values: z.array(z.string().max(MAX_VALUE_LENGTH)).min(1).max(MAX_VALUES).optional(),
  }),
  plain('integer', '64 bits, in the form `-12`.'),
  z.strictObject({
    ...common,
    ...bounds,
    type: z.literal('decimal').meta({ description: 'Exact, in the form `-12.50`, never rounded.' }),
    precision: z.int().min(1).max(MAX_DECIMAL_PRECISION),
    scale: z.int().min(0).max(MAX_DECIMAL_PRECISION),
  }),
  plain('number', 'A binary floating point number (64 bits).'),
  z.strictObject({ ...common, type: z.literal('boolean').meta({ description: '`true` or `false`.' }) }),
  plain('date', '`2026-11-21`.'),
  plain('datetime', 'A local time without an offset: `2026-11-21T10:15:00.123456`.'),
  plain('instant', 'A moment, with its offset: `2026-11-21T10:15:00Z`. Stored in UTC.'),
  z.strictObject({ ...common, type: z.literal('json').meta({ description: 'Any JSON value, kept as text.' }) }),
])

export type Column = z.infer<typeof column>

/** What the column is stored as. No HUGEINT, unsigned or nanosecond types: other engines can't read them. */
export function duckType(of: Column): string {
  switch (of.type) {
    case 'string':
    case 'json':
      return 'VARCHAR'
    case 'integer':
      return 'BIGINT'
    case 'decimal':
      return `DECIMAL(${of.precision},${of.scale})`
    case 'number':
      return 'DOUBLE'
    case 'boolean':
      return 'BOOLEAN'
    case 'date':
      return 'DATE'
    case 'datetime':
      return 'TIMESTAMP'
    case 'instant':
      return 'TIMESTAMPTZ'
    default:
      return of satisfies never
  }
}

const TIME = String.raw`([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,6})?`
const DAY = String.raw`\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])`
const OFFSET = String.raw`(Z|[+-]([01]\d|2[0-3]):[0-5]\d)`

/**
 * What a value may look like, as an RE2 and JavaScript expression. DuckDB's casts alone take `0x10`, `1_000`, `1.5` for an
 * integer, `infinity` for a date, and drop offsets without a word. Undefined where any text will do.
 */
export function lexicalForm(of: Column): string | undefined {
  switch (of.type) {
    case 'string':
    case 'json':
      return undefined
    case 'integer':
      return String.raw`-?(0|[1-9]\d{0,18})`
    case 'decimal': {
      const whole = of.precision - of.scale
      const left = whole === 0 ? '0' : String.raw`(0|[1-9]\d{0,${whole - 1}})`
      return of.scale === 0 ? `-?${left}` : String.raw`-?${left}(\.\d{1,${of.scale}})?`
    }
    case 'number':
      return String.raw`-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d{1,3})?`
    case 'boolean':
      return 'true|false'
    case 'date':
      return DAY
    case 'datetime':
      return `${DAY}[T ]${TIME}`
    case 'instant':
      return `${DAY}[T ]${TIME}${OFFSET}`
    default:
      return of satisfies never
  }
}
