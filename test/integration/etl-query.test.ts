import { beforeAll, describe, expect, it } from 'vitest'
import { ask, declare, land, ORDERS, rows } from './etl-cloud.ts'
import { newWorkspace, type Workspace } from './links-cloud.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await newWorkspace()
  await declare(workspace, { ...ORDERS, keys: [] })
  const days = Array.from({ length: 9 }, (_, day) => `${day},DE,${day}.50,2026-01-0${day + 1}T10:00:00Z`)
  await land(workspace, 'orders', `id,country,amount,placed\n${days.join('\n')}\n`)
})

describe('a query', () => {
  it('reads only the files that its conditions can need', async () => {
    const { body } = await ask(workspace, "SELECT id FROM orders WHERE placed >= '2026-01-08' ORDER BY id")
    expect(body).toMatchObject({
      columns: [{ name: 'id', type: 'BIGINT' }],
      rows: [['7'], ['8']],
      rowCount: 2,
      truncated: false,
      datasets: [{ name: 'orders', manifestVersion: 1, files: 9, filesRead: 2 }],
    })
  })

  it('answers CSV', async () => {
    const answer = await ask(
      workspace,
      `SELECT id, 'a "b", c' AS text, NULL AS none, '' AS empty FROM orders WHERE id = 1`,
      {
        format: 'csv',
      },
    )
    expect(answer.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    expect(answer.headers.get('backlot-truncated')).toBe('false')
    expect(answer.text).toBe('id,text,none,empty\r\n1,"a ""b"", c",,""\r\n')
  })

  it('stops at the rows that were asked for', async () => {
    const { body } = await ask(workspace, 'SELECT * FROM range(100)', { maxRows: 10 })
    expect(body).toMatchObject({ rowCount: 10, truncated: true })
  })

  it('stops before the answer is too large', async () => {
    const { status, body } = await ask(workspace, "SELECT repeat('x', 10000) FROM range(1000)", { maxRows: 1_000 })
    expect(status).toBe(200)
    expect(body.truncated).toBe(true)
    expect(body.rowCount).toBeLessThan(260)
  })

  it.each([
    ['sql_invalid', 'SELEC 1'],
    ['sql_invalid', 'SELECT nope FROM orders'],
    ['dataset_unknown', 'SELECT * FROM nope'],
    ['dataset_unknown', "SELECT * FROM '/etc/passwd'"],
    ['dataset_unknown', "SELECT * FROM 's3://bucket/x.parquet'"],
    ['dataset_unknown', 'SELECT * FROM duckdb_settings'],
    ['table_not_allowed', 'SELECT * FROM information_schema.tables'],
    ['function_not_allowed', "SELECT * FROM read_text('/etc/passwd')"],
    ['function_not_allowed', "SELECT * FROM read_parquet('/tmp/*')"],
    ['function_not_allowed', "SELECT * FROM query('SELECT 1')"],
    ['function_not_allowed', 'SELECT * FROM duckdb_settings()'],
    ['function_not_allowed', "SELECT current_setting('temp_directory')"],
    ['statement_not_allowed', 'SELECT 1; SELECT 2'],
    ['statement_not_allowed', 'CREATE TABLE t (i INT)'],
    ['statement_not_allowed', "COPY (SELECT 1) TO '/tmp/out.csv'"],
    ['statement_not_allowed', "ATTACH '/tmp/x.db'"],
    ['statement_not_allowed', 'SET lock_configuration = false'],
    ['statement_not_allowed', 'INSTALL httpfs'],
    ['statement_not_allowed', 'PRAGMA database_list'],
    ['statement_not_allowed', 'SHOW TABLES'],
  ])('that does not stay inside is refused (%s): %s', async (code, sql) => {
    const { status, body } = await ask(workspace, sql)
    expect(body).toMatchObject({ code: 'query_invalid', errors: [{ pointer: '/sql', code }] })
    expect(status).toBe(400)
  })

  it('that needs too much memory is refused, and the next is answered', async () => {
    const hungry = 'SELECT list(a.range || b.range) FROM range(30000) a, range(3000) b'
    const { status, body } = await ask(workspace, hungry)
    expect(body).toMatchObject({ code: 'query_limit_exceeded' })
    expect(status).toBe(422)
    expect(await rows(workspace, 'SELECT 42')).toEqual([[42]])
  }, 60_000)

  it('of another workspace does not find the dataset', async () => {
    const { body } = await ask(await newWorkspace(), 'SELECT * FROM orders')
    expect(body).toMatchObject({ errors: [{ code: 'dataset_unknown' }] })
  })
})

describe('datasets', () => {
  it('keep what was published readable', async () => {
    const definition = { ...ORDERS, keys: [], name: undefined }
    const change = (body: object, headers = {}) => workspace.call('PUT', '/api/etl/datasets/orders', { body, headers })
    const without = { ...definition, columns: definition.columns.slice(1) }
    expect((await change(without)).body).toMatchObject({
      code: 'validation_failed',
      errors: [{ code: 'column_changed' }],
    })
    const more = { ...definition, columns: [...definition.columns, { name: 'note', type: 'string' }] }
    expect(await change(more, { 'If-Match': '"7"' })).toMatchObject({ status: 412 })
    expect(await change(more, { 'If-Match': '"1"' })).toMatchObject({ status: 200, body: { version: 2 } })
    expect(await rows(workspace, 'SELECT note, count(*) FROM orders GROUP BY ALL')).toEqual([[null, '9']])
    await land(workspace, 'orders', 'id,note\n100,new\n')
    expect(await rows(workspace, 'SELECT id, note FROM orders WHERE note IS NOT NULL')).toEqual([['100', 'new']])
  })

  it('are listed by name, with those that are built in', async () => {
    const { body } = await workspace.call('GET', '/api/etl/datasets?limit=1')
    expect(body.items).toMatchObject([{ name: 'clicks', builtIn: true }])
    const next = await workspace.call('GET', `/api/etl/datasets?limit=1&cursor=${body.nextCursor}`)
    expect(next.body).toMatchObject({ items: [{ name: 'orders', builtIn: false }], nextCursor: null })
    expect(await workspace.call('POST', '/api/etl/datasets', { body: { ...ORDERS, name: 'clicks' } })).toMatchObject({
      status: 409,
      body: { code: 'dataset_exists' },
    })
  })
})
