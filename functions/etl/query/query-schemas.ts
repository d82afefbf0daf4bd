/** Input and output of the query route, described once. */
import * as z from 'zod'
import { DEFAULT_RESULT_ROWS, MAX_QUERY_MS, MAX_RESULT_ROWS, MAX_SQL_LENGTH } from './limits.ts'

export const queryBody = z
  .strictObject({
    sql: z
      .string()
      .min(1)
      .max(MAX_SQL_LENGTH)
      .meta({
        description: 'One SELECT in the SQL of DuckDB. Datasets are tables.',
        examples: ['SELECT slug, count(*) AS visits FROM clicks GROUP BY slug ORDER BY visits DESC LIMIT 10'],
      }),
    format: z.enum(['json', 'csv']).default('json'),
    maxRows: z.int().min(1).max(MAX_RESULT_ROWS).default(DEFAULT_RESULT_ROWS),
  })
  .meta({ id: 'Query', description: `A question. It may take ${MAX_QUERY_MS / 1_000} seconds.` })

export const queryResult = z
  .strictObject({
    columns: z.array(z.strictObject({ name: z.string(), type: z.string().meta({ description: 'Of DuckDB.' }) })),
    rows: z.array(z.array(z.unknown())).meta({
      description: 'Values in the order of the columns. 64 bit integers, decimals and times are text.',
    }),
    rowCount: z.int().min(0),
    truncated: z.boolean().meta({ description: 'Whether there were more rows than asked for, or than fit.' }),
    datasets: z
      .array(
        z.strictObject({
          name: z.string(),
          manifestVersion: z.int().meta({ description: 'What was published when the query began.' }),
          files: z.int(),
          filesRead: z.int().meta({ description: 'Those that no condition of the query could leave out.' }),
          bytesRead: z.int(),
        }),
      )
      .meta({ description: 'What the query read.' }),
  })
  .meta({ id: 'QueryResult', description: 'The answer.' })

/** CSV is text, and the document names it apart. */
export const queryResultBody = queryResult.or(z.string())
