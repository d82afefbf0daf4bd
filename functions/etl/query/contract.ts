/** What the API asks the query function, and what it answers. Pure. */
import * as z from 'zod'
import { DEFAULT_RESULT_ROWS, MAX_RESULT_ROWS, MAX_SQL_LENGTH } from './limits.ts'

export const queryRequest = z.object({
  workspaceId: z.string(),
  sql: z.string().min(1).max(MAX_SQL_LENGTH),
  format: z.enum(['json', 'csv']),
  maxRows: z.int().min(1).max(MAX_RESULT_ROWS).default(DEFAULT_RESULT_ROWS),
})
export type QueryRequest = z.infer<typeof queryRequest>

export const QUERY_REFUSALS = [
  'sql_invalid',
  'statement_not_allowed',
  'function_not_allowed',
  'table_not_allowed',
  'dataset_unknown',
  'time_limit',
  'memory_limit',
  'bytes_limit',
] as const
export type QueryRefusal = (typeof QUERY_REFUSALS)[number]

const refusal = z.object({ kind: z.literal('refused'), code: z.enum(QUERY_REFUSALS), detail: z.string() })

const answer = z.object({
  kind: z.literal('answered'),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
  /** JSON: rows of values, in the order of the columns. */
  rows: z.array(z.array(z.unknown())).optional(),
  /** RFC 4180, with a header. */
  csv: z.string().optional(),
  rowCount: z.int(),
  /** Whether there were more rows than asked for, or than an answer holds. */
  truncated: z.boolean(),
  datasets: z.array(
    z.object({
      name: z.string(),
      manifestVersion: z.int(),
      files: z.int(),
      filesRead: z.int(),
      bytesRead: z.int(),
    }),
  ),
})

export const queryAnswer = z.discriminatedUnion('kind', [answer, refusal])
export type QueryAnswer = z.infer<typeof queryAnswer>
