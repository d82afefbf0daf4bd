/** How many values stand in more than one row, for the rules `unique`; asked of the written files. */
import { type DuckDbConnection, identifier, literal, rowsOf } from '#duckdb'
import type { QualityRule } from '../catalog/dataset.ts'

/** By the rule's index, as text. */
export async function repeatedValues(
  connection: DuckDbConnection,
  rules: readonly QualityRule[],
  files: readonly { readonly path: string }[],
): Promise<Record<string, number>> {
  const counts: Record<string, number> = {}
  if (files.length === 0) return counts
  const source = `read_parquet([${files.map(({ path }) => literal(path)).join(', ')}])`
  for (const [index, rule] of rules.entries()) {
    if (rule.rule !== 'unique') continue
    const columns = rule.columns.map(identifier).join(', ')
    const [row] = await rowsOf(
      connection,
      `SELECT count(*) AS n FROM (SELECT 1 FROM ${source} GROUP BY ${columns} HAVING count(*) > 1)`,
    )
    counts[String(index)] = Number(row?.['n'] ?? 0)
  }
  return counts
}
