import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Column } from '../../../functions/etl/catalog/column.ts'
import type { ManifestFile } from '../../../functions/etl/catalog/manifest.ts'
import { neededFiles } from '../../../functions/etl/query/prune.ts'
import { type Statement, statementOf, type TableUse } from '../../../functions/etl/query/statement.ts'
import { type DuckDbConnection, literal, rowsOf, withDuckDb } from '../../../layers/duckdb/duckdb.ts'

let connection: DuckDbConnection
let close: () => void
let closed: Promise<void>
beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
  await new Promise<void>((opened) => {
    closed = withDuckDb({ memoryMb: 500, temporaryFolder: folder, threads: 1 }, (made) => {
      connection = made
      opened()
      return new Promise<void>((resolve) => {
        close = resolve
      })
    }).then(() => rm(folder, { recursive: true }))
  })
})
afterAll(async () => {
  close()
  await closed
})

async function parsed(sql: string): Promise<Statement> {
  const [row] = await rowsOf(connection, `SELECT json_serialize_sql(${literal(sql)}) AS tree`)
  return statementOf(JSON.parse(String(row?.['tree'])))
}

async function usesOf(sql: string): Promise<readonly TableUse[]> {
  const statement = await parsed(sql)
  if (statement.kind === 'refused') throw new Error(`expected a statement, got ${statement.detail}`)
  return statement.uses
}

describe('a statement', () => {
  it.each([
    ['SELECT 1', []],
    ['SELECT * FROM Orders o JOIN clicks USING (id)', ['Orders', 'clicks']],
    ['WITH a AS (SELECT * FROM orders) SELECT * FROM a', ['orders', 'a']],
    ['SELECT (SELECT max(id) FROM orders) UNION ALL SELECT id FROM clicks', ['orders', 'clicks']],
    ['FROM orders WHERE id IN (SELECT id FROM clicks)', ['orders', 'clicks']],
    ['DESCRIBE SELECT * FROM orders', ['orders']],
    ['SUMMARIZE orders', ['orders']],
  ])('names its tables: %s', async (sql, tables) => {
    expect((await usesOf(sql)).map(({ name }) => name).sort()).toEqual([...tables].sort())
  })

  it.each([
    ['', 'statement_not_allowed'],
    ['SELECT ?', 'sql_invalid'],
    ["SELECT * FROM glob('/*')", 'function_not_allowed'],
    ["SELECT (SELECT content FROM read_text('/etc/passwd'))", 'function_not_allowed'],
    ["SELECT getenv('HOME')", 'function_not_allowed'],
    ['SELECT * FROM other.main.orders', 'table_not_allowed'],
  ])('that reaches outside is refused: %s', async (sql, code) => {
    expect(await parsed(sql)).toMatchObject({ kind: 'refused', code })
  })

  it.each([
    [
      "SELECT * FROM t WHERE a = 1 AND 'x' <= b",
      [
        ['a', '=', 1],
        ['b', '>=', 'x'],
      ],
    ],
    [
      'SELECT * FROM t AS u WHERE u.a BETWEEN 1 AND 2',
      [
        ['a', '>=', 1],
        ['a', '<=', 2],
      ],
    ],
    ["SELECT * FROM t WHERE ts > DATE '2026-01-01'", [['ts', '>', '2026-01-01']]],
    // What is not understood is no condition; a wrong one would lose rows.
    ['SELECT * FROM t WHERE a = 1 OR b = 2', []],
    ['SELECT * FROM t WHERE NOT a = 1', []],
    ['SELECT * FROM t WHERE a + 1 = 2', []],
    ['SELECT * FROM t WHERE a = b', []],
    ['SELECT * FROM t LEFT JOIN u USING (a) WHERE a = 1', []],
    ['SELECT * FROM t AS x(q) WHERE a = 1', []],
    ['SELECT (SELECT count(*) FROM t) FROM u WHERE a = 1', []],
    ['SELECT * FROM t HAVING a = 1', []],
  ])('gives the conditions on t: %s', async (sql, expected) => {
    const use = (await usesOf(sql)).find(({ name }) => name === 't')
    expect(use?.conditions.map(({ column, compare, literal: { value } }) => [column, compare, value])).toEqual(expected)
  })
})

const COLUMNS: readonly Column[] = [
  { name: 'n', type: 'integer' },
  { name: 's', type: 'string' },
  { name: 'd', type: 'date' },
  { name: 'i', type: 'instant' },
]
const SQL_TYPES = { n: 'BIGINT', s: 'VARCHAR', d: 'DATE', i: 'TIMESTAMPTZ' } as const
type Name = keyof typeof SQL_TYPES

const VALUES: Readonly<Record<Name, readonly string[]>> = {
  n: ['-5', '0', '3', '1000'],
  s: ["''", "'Z'", "'a'", "'ä'", "'zz'"],
  d: ["'2026-01-01'", "'2026-01-02'", "'2025-12-31'"],
  i: [
    "'2026-01-01T00:00:00Z'",
    "'2026-01-01 02:00:00+02:00'",
    "TIMESTAMPTZ '2026-01-02 00:00:00.000001+00'",
    "DATE '2026-01-02'",
    "TIMESTAMP '2026-01-01 12:00:00'",
  ],
}
const name = fc.constantFrom<Name>('n', 's', 'd', 'i')
const comparison = name.chain((column) =>
  fc
    .tuple(fc.constantFrom('=', '<', '<=', '>', '>='), fc.constantFrom(...VALUES[column]), fc.boolean())
    .map(([compare, value, turned]) => (turned ? `${value} ${compare} ${column}` : `${column} ${compare} ${value}`)),
)
const condition = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: comparison },
      comparison.map((one) => `(${one} OR n IS NULL)`),
    ),
    {
      minLength: 1,
      maxLength: 3,
    },
  )
  .map((all) => all.join(' AND '))
const cell = (column: Name) =>
  fc.constantFrom('NULL', ...VALUES[column].map((value) => `${value}::${SQL_TYPES[column]}`))
const row = fc.tuple(cell('n'), cell('s'), cell('d'), cell('i'))
const file = fc.array(row, { minLength: 1, maxLength: 3 })

/** The statistics as `COPY … RETURN_STATS` has them: values cast to text. */
async function statsOf(rows: readonly (readonly string[])[]): Promise<ManifestFile['columns']> {
  const names = Object.keys(SQL_TYPES)
  const wanted = names.flatMap((one) => [`min(${one})::VARCHAR AS min_${one}`, `max(${one})::VARCHAR AS max_${one}`])
  const values = rows.map((one) => `(${one.join(', ')})`).join(', ')
  const [found = {}] = await rowsOf(connection, `SELECT ${wanted.join(', ')} FROM (VALUES ${values}) AS t(n, s, d, i)`)
  const text = (key: string) => (typeof found[key] === 'string' ? { [key.slice(0, 3)]: found[key] } : {})
  return Object.fromEntries(names.map((one) => [one, { ...text(`min_${one}`), ...text(`max_${one}`), nulls: 0 }]))
}

describe('pruning', () => {
  it('never changes an answer', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(file, { minLength: 1, maxLength: 4 }), condition, async (files, where) => {
        const manifest: ManifestFile[] = []
        for (const [index, rows] of files.entries())
          manifest.push({
            ...{ key: String(index), part: '', rows: rows.length, bytes: 1, sha256: '', runId: '', since: 1 },
            columns: await statsOf(rows),
          })
        const needed = neededFiles(manifest, await usesOf(`SELECT * FROM t WHERE ${where}`), {
          columns: COLUMNS,
          keys: [],
        })
        const left = new Set(needed.map(({ key }) => Number(key)))
        const answer = async (kept: readonly (readonly (readonly string[])[])[]) => {
          const values = kept.flat().map((one) => `(${one.join(', ')})`)
          if (values.length === 0) return 0
          const [found] = await rowsOf(
            connection,
            `SELECT count(*) AS n FROM (VALUES ${values.join(', ')}) AS t(n, s, d, i) WHERE ${where}`,
          )
          return Number(found?.['n'])
        }
        expect(await answer(files.filter((_, index) => left.has(index))), where).toBe(await answer(files))
      }),
      { numRuns: 150 },
    )
  })

  it('looks at key columns alone where rows replace each other', async () => {
    const columns = { n: { min: '1', max: '1', nulls: 0 }, s: { min: 'a', max: 'a', nulls: 0 } }
    const files = [{ key: 'f', part: '', rows: 1, bytes: 1, sha256: '', runId: '', since: 1, columns }]
    const uses = await usesOf("SELECT * FROM t WHERE s = 'b'")
    expect(neededFiles(files, uses, { columns: COLUMNS, keys: [] })).toEqual([])
    expect(neededFiles(files, uses, { columns: COLUMNS, keys: ['n'] })).toEqual(files)
  })
})
