/** A dataset: what lands in it must look like, and which manifest readers see. Pure. */
import { isDeepStrictEqual } from 'node:util'
import * as z from 'zod'
import type { FieldError } from '#core/problem.ts'
import { type Column, column, lexicalForm } from './column.ts'

/** A table name in SQL that needs no quotes, and a path segment. */
export const DATASET_NAME = /^[a-z][a-z0-9_]{0,62}$/

/** A row's check is one SQL expression; far wider tables are better split. */
export const MAX_COLUMNS = 200
export const MAX_PARTITION_COLUMNS = 3

/**
 * A file of which more than this share is bad is not in this format at all; a dataset may be stricter. High, so that a
 * file of five rows may have two bad ones.
 */
export const DEFAULT_MAX_QUARANTINED_SHARE = 0.5

export const partition = z.strictObject({
  column: z.string(),
  by: z.enum(['value', 'day', 'month', 'year']).default('value'),
})
export type Partition = z.infer<typeof partition>

const rule = z.discriminatedUnion('rule', [
  z.strictObject({ rule: z.literal('rowCount'), min: z.int().min(0).optional(), max: z.int().min(0).optional() }),
  z.strictObject({ rule: z.literal('unique'), columns: z.array(z.string()).min(1).max(10) }),
  z.strictObject({ rule: z.literal('nullShare'), column: z.string(), max: z.number().min(0).max(1) }),
])

export const qualityRule = z.intersection(
  rule,
  z.object({
    onFailure: z
      .enum(['abort', 'warn'])
      .default('abort')
      .meta({ description: 'Whether a failure keeps the file out.' }),
  }),
)
export type QualityRule = z.infer<typeof qualityRule>

export const format = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('csv'),
    delimiter: z.enum([',', ';', '\t', '|']).default(','),
    nullValues: z
      .array(z.string().max(20))
      .max(10)
      .default([''])
      .meta({ description: 'Unquoted texts that mean no value. A quoted empty text is a text.' }),
  }),
  z.strictObject({ type: z.literal('ndjson') }),
])
export type Format = z.infer<typeof format>

/** Of a file that has no byte order mark. */
export const ENCODINGS = ['utf-8', 'utf-16le', 'utf-16be', 'windows-1252', 'iso-8859-1', 'iso-8859-15'] as const

/** What the owner declares. */
export const definition = z.strictObject({
  description: z.string().max(500).optional(),
  format: format.meta({ description: 'Of the files that land. Gzip and Zstandard are recognised.' }),
  encoding: z.enum(ENCODINGS).default('utf-8'),
  columns: z.array(column).min(1).max(MAX_COLUMNS),
  keys: z
    .array(z.string())
    .max(10)
    .default([])
    .meta({ description: 'Columns that name a row. Of rows with the same key, queries see the one that landed last.' }),
  partitions: z.array(partition).max(MAX_PARTITION_COLUMNS).default([]),
  mode: z.enum(['append', 'replacePartitions', 'replaceAll']).default('append').meta({
    description:
      'Whether a file adds rows, or takes the place of the partitions that it has rows in, or of everything.',
  }),
  unknownColumns: z
    .enum(['refuse', 'ignore'])
    .default('refuse')
    .meta({ description: 'What to do with columns, or JSON fields, that are not declared.' }),
  maxQuarantinedShare: z
    .number()
    .min(0)
    .max(1)
    .default(DEFAULT_MAX_QUARANTINED_SHARE)
    .meta({ description: 'A file with a larger share of bad rows is rejected as a whole.' }),
  rules: z.array(qualityRule).max(20).default([]),
})
export type Definition = z.infer<typeof definition>

/** Which manifest readers see. Version 0: nothing was published yet. */
export interface Pointer {
  readonly manifestVersion: number
  readonly manifestKey?: string
  readonly rows: number
  readonly bytes: number
  readonly files: number
}

export interface Dataset extends Definition, Pointer {
  readonly name: string
  readonly workspaceId: string
  /** Made by Backlot, not by its workspace: it can't be changed or deleted. */
  readonly builtIn: boolean
  /** Rises with every change of the definition: the ETag. A run keeps the one that it began with. */
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
}

/** Nothing is published in a new dataset. */
export const NO_POINTER: Pointer = { manifestVersion: 0, rows: 0, bytes: 0, files: 0 }

const fault = (pointer: string, code: string, detail: string): FieldError => ({ pointer, code, detail })

/** What a schema alone can't say about a definition. */
export function faultsOf(of: Definition): readonly FieldError[] {
  const byName = new Map(of.columns.map((one) => [one.name, one]))
  return [...columnFaults(of), ...keyFaults(of, byName), ...partitionFaults(of, byName), ...ruleFaults(of, byName)]
}

function columnFaults({ columns }: Definition): FieldError[] {
  const faults: FieldError[] = []
  const seen = new Set<string>()
  for (const [index, one] of columns.entries()) {
    const lower = one.name.toLowerCase()
    if (seen.has(lower)) faults.push(fault(`/columns/${index}/name`, 'column_twice', `expected one column ${lower}`))
    seen.add(lower)
    if (one.type === 'decimal' && one.scale > one.precision)
      faults.push(fault(`/columns/${index}/scale`, 'scale_too_large', `expected at most ${one.precision} digits`))
    for (const bound of ['min', 'max'] as const) {
      const value = bound in one ? (one as { min?: string; max?: string })[bound] : undefined
      if (value !== undefined && !fits(one, value))
        faults.push(fault(`/columns/${index}/${bound}`, 'bound_invalid', `expected a value of the type ${one.type}`))
    }
  }
  return faults
}

const fits = (of: Column, text: string): boolean => {
  const form = lexicalForm(of)
  return form === undefined || new RegExp(`^(?:${form})$`).test(text)
}

function keyFaults({ keys }: Definition, byName: ReadonlyMap<string, Column>): FieldError[] {
  return keys.flatMap((name, index) => {
    const found = byName.get(name)
    if (found === undefined)
      return [fault(`/keys/${index}`, 'column_unknown', `expected a declared column, got ${name}`)]
    if (!found.required)
      return [fault(`/keys/${index}`, 'key_not_required', 'expected a required column: a key has a value')]
    return []
  })
}

const DATED = new Set<string>(['date', 'datetime', 'instant'])

function partitionFaults({ partitions }: Definition, byName: ReadonlyMap<string, Column>): FieldError[] {
  return partitions.flatMap(({ column: name, by }, index) => {
    const found = byName.get(name)
    const pointer = `/partitions/${index}`
    if (found === undefined)
      return [fault(`${pointer}/column`, 'column_unknown', `expected a declared column, got ${name}`)]
    if (by !== 'value' && !DATED.has(found.type))
      return [
        fault(`${pointer}/by`, 'partition_invalid', `expected a date or time to part by ${by}, got ${found.type}`),
      ]
    return []
  })
}

function ruleFaults({ rules }: Definition, byName: ReadonlyMap<string, Column>): FieldError[] {
  return rules.flatMap((one, index) => {
    const names = one.rule === 'unique' ? one.columns : one.rule === 'nullShare' ? [one.column] : []
    return names
      .filter((name) => !byName.has(name))
      .map((name) => fault(`/rules/${index}`, 'column_unknown', `expected a declared column, got ${name}`))
  })
}

/**
 * Whether files of the old definition can be read by the new one: columns may be added, but not required; none may go
 * away or change its type, and what partitions and keys mean stays.
 */
export function incompatibilities(before: Definition, after: Definition): readonly FieldError[] {
  const faults: FieldError[] = []
  const now = new Map(after.columns.map((one) => [one.name, one]))
  for (const old of before.columns) {
    const found = now.get(old.name)
    const same = found !== undefined && isDeepStrictEqual(storedAs(found), storedAs(old))
    if (!same) faults.push(fault('/columns', 'column_changed', `expected ${old.name} to stay a column of its type`))
  }
  const known = new Set(before.columns.map(({ name }) => name))
  for (const [index, one] of after.columns.entries())
    if (!known.has(one.name) && one.required)
      faults.push(fault(`/columns/${index}/required`, 'column_required', 'expected a new column not to be required'))
  for (const part of ['keys', 'partitions'] as const)
    if (!isDeepStrictEqual(before[part], after[part]))
      faults.push(fault(`/${part}`, 'layout_changed', `expected the ${part} to stay as they are`))
  return faults
}

const storedAs = (of: Column) => (of.type === 'decimal' ? [of.type, of.precision, of.scale] : [of.type])
