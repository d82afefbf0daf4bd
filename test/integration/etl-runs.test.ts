import { gzipSync } from 'node:zlib'
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3'
import { beforeAll, describe, expect, it } from 'vitest'
import { ask, bucket, declare, land, ORDERS, rows, s3, settled, upload } from './etl-cloud.ts'
import { eventually, newWorkspace, visit, type Workspace } from './links-cloud.ts'

const GOOD = 'id,country,amount,placed\n1,DE,1.50,2026-01-01T10:00:00Z\n2,FR,2.25,2026-01-02T10:00:00Z\n'

let workspace: Workspace
beforeAll(async () => {
  workspace = await newWorkspace()
  await declare(workspace)
})

describe('a file', () => {
  it('with two bad rows: the rest answers SQL, the two are kept with what is wrong', async () => {
    const run = await land(
      workspace,
      'orders',
      `${GOOD}3,DE,oops,2026-01-02T11:00:00Z\n4,IT,9,2026-01-03T10:00:00Z\nfive,IT,1,\n`,
    )
    expect(run).toMatchObject({
      status: 'published',
      counts: { recordsIn: 5, good: 3, quarantined: 2, faults: { invalid_type: 2 } },
      manifestVersion: 1,
    })
    expect(await rows(workspace, 'SELECT id, amount FROM orders ORDER BY id')).toEqual([
      ['1', '1.50'],
      ['2', '2.25'],
      ['4', '9.00'],
    ])
    const { body } = await workspace.call('GET', `/api/etl/runs/${run.id}/quarantine?limit=1`)
    expect(body.items).toEqual([
      {
        line: 4,
        text: '3,DE,oops,2026-01-02T11:00:00Z',
        faults: [{ column: 'amount', code: 'invalid_type', detail: expect.any(String) }],
      },
    ])
    const next = await workspace.call('GET', `/api/etl/runs/${run.id}/quarantine?limit=1&cursor=${body.nextCursor}`)
    expect(next.body).toMatchObject({ items: [{ line: 6, faults: [{ column: 'id' }] }], nextCursor: null })
  })

  it('again, under any name: the same run, and nothing changes', async () => {
    const other = await newWorkspace()
    await declare(other)
    const first = await land(other, 'orders', GOOD)
    const again = await land(other, 'orders', GOOD)
    expect(again.id).toBe(first.id)
    await s3.send(
      new PutObjectCommand({ Bucket: bucket('Landing'), Key: `${other.id}/orders/by-hand.csv`, Body: GOOD }),
    )
    const { body } = await other.call('GET', '/api/etl/datasets/orders')
    expect(body).toMatchObject({ manifestVersion: 1, rows: 2, files: 2 })
    expect((await other.call('GET', '/api/etl/runs?dataset=orders')).body.items).toHaveLength(1)
  })

  it('compressed, with a newer row of a key: the row that landed last is seen, as a whole', async () => {
    const other = await newWorkspace()
    await declare(other)
    await land(other, 'orders', GOOD)
    const run = await land(other, 'orders', gzipSync('placed,id,country,amount\n2026-01-01T12:00:00Z,1,,7\n'))
    expect(run).toMatchObject({ status: 'published', counts: { good: 1 }, manifestVersion: 2 })
    expect(await rows(other, 'SELECT id, country, amount FROM orders ORDER BY id')).toEqual([
      ['1', null, '7.00'],
      ['2', 'FR', '2.25'],
    ])
  })

  it.each([
    ['HeaderMismatch', 'id,surprise\n1,2\n'],
    ['TooManyBadRows', 'id\n1\nx\ny\n'],
    ['InputCorrupt', gzipSync(GOOD).subarray(0, 40)],
  ])('that is at fault (%s) is rejected, and nothing of it is seen', async (name, file) => {
    const other = await newWorkspace()
    await declare(other)
    const run = await land(other, 'orders', file)
    expect(run).toMatchObject({ status: 'rejected', error: { name, detail: expect.stringContaining('expected') } })
    expect(await rows(other, 'SELECT count(*) FROM orders')).toEqual([['0']])
    expect((await other.call('GET', '/api/etl/datasets/orders')).body.manifestVersion).toBe(0)
  })

  it('that breaks a rule is rejected, or published with a warning, as the rule says', async () => {
    const other = await newWorkspace()
    const rules = [
      { rule: 'rowCount', min: 2, onFailure: 'abort' },
      { rule: 'unique', columns: ['country'], onFailure: 'warn' },
    ]
    await declare(other, { ...ORDERS, rules })
    expect(await land(other, 'orders', 'id\n1\n')).toMatchObject({
      status: 'rejected',
      error: { name: 'QualityFailed' },
    })
    expect(await land(other, 'orders', 'id,country\n1,DE\n2,DE\n')).toMatchObject({
      status: 'published',
      warnings: [expect.stringContaining('unique')],
    })
  })

  it('of NDJSON keeps every digit', async () => {
    const other = await newWorkspace()
    await declare(other, { ...ORDERS, format: { type: 'ndjson' } })
    const run = await land(other, 'orders', '{"id":9007199254740993,"amount":12345678.91}\nnope\n{"id":2}\n')
    expect(run.counts).toMatchObject({ recordsIn: 3, good: 2, quarantined: 1, faults: { invalid_json: 1 } })
    expect(await rows(other, 'SELECT id, amount FROM orders ORDER BY id')).toEqual([
      ['2', null],
      ['9007199254740993', '12345678.91'],
    ])
  })

  it('of a replacing dataset takes the place of its partitions alone', async () => {
    const other = await newWorkspace()
    await declare(other, { ...ORDERS, keys: [], mode: 'replacePartitions' })
    await land(other, 'orders', GOOD)
    await land(other, 'orders', 'id,placed\n9,2026-01-02T00:00:00Z\n')
    expect(await rows(other, 'SELECT id FROM orders ORDER BY id')).toEqual([['1'], ['9']])
  })
})

describe('bad rows', () => {
  const correct = async (id: string, text: string) => {
    const body = Buffer.from(text)
    const asked = await workspace.call('POST', `/api/etl/runs/${id}/corrections`, { body: { bytes: body.length } })
    if (asked.status !== 201) return asked
    expect(asked.body).toMatchObject({ corrects: id })
    await fetch(asked.body.url, { method: 'PUT', headers: asked.body.headers, body })
    return { status: 201, body: await settled(workspace, asked.body.id) }
  }

  it('are corrected and replayed, once, and rows that came later still win', async () => {
    await declare(workspace, { ...ORDERS, name: 'mended' })
    const first = await land(workspace, 'mended', `${GOOD}3,DE,oops,2026-01-02T11:00:00Z\n4,IT,9.9.9,\n`)
    await land(workspace, 'mended', 'id,country,amount,placed\n4,IT,7,\n')
    const fixed = await correct(first.id, 'id,country,amount,placed\n3,DE,3.50,2026-01-02T11:00:00Z\n4,IT,9.99,\n')
    expect(fixed.body).toMatchObject({ status: 'published', corrects: first.id, counts: { good: 2, quarantined: 0 } })
    expect(await rows(workspace, 'SELECT id, amount FROM mended ORDER BY id')).toEqual([
      ['1', '1.50'],
      ['2', '2.25'],
      ['3', '3.50'],
      ['4', '7.00'],
    ])
    const { body } = await workspace.call('GET', `/api/etl/runs/${first.id}`)
    expect(body).toMatchObject({ status: 'published', correctedBy: fixed.body.id })
    expect(await correct(first.id, 'id\n5\n')).toMatchObject({ status: 409, body: { code: 'run_state' } })
    expect(await correct(fixed.body.id, 'id\n5\n')).toMatchObject({ status: 409, body: { code: 'run_state' } })
  })
})

describe('the lake', () => {
  it('holds what the manifest says, under names of its content', async () => {
    const Prefix = `${workspace.id}/orders/manifests/`
    const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucket('Lake'), Prefix }))
    expect(Contents).toHaveLength(1)
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket('Lake'), Key: Contents[0]?.Key }))
    const manifest = JSON.parse((await Body?.transformToString()) ?? '')
    for (const { key, bytes, sha256 } of manifest.files) {
      expect(key).toContain(sha256)
      const object = await s3.send(new GetObjectCommand({ Bucket: bucket('Lake'), Key: key }))
      expect(object.ContentLength).toBe(bytes)
    }
  })
})

describe('the clicks of links', () => {
  it('are a dataset out of the box, seen within seconds, each once', async () => {
    const other = await newWorkspace()
    expect(await rows(other, 'SELECT count(*) FROM clicks')).toEqual([['0']])
    const { slug } = await other.link()
    for (let index = 0; index < 3; index += 1) await visit(`/${slug}`)
    const seen = await eventually(
      () => rows(other, 'SELECT slug, audience, count(*) FROM clicks GROUP BY ALL'),
      (found) => Number(found[0]?.[2] ?? 0) >= 3,
    )
    expect(seen).toEqual([[slug, 'person', '3']])
  })
})

describe('an upload', () => {
  it('takes exactly the announced bytes', async () => {
    const id = await upload(workspace, 'orders', 'id\n77\n')
    expect(id).toMatch(/^upl_/)
    const asked = await workspace.call('POST', '/api/etl/uploads', { body: { dataset: 'orders', bytes: 3 } })
    expect(asked.body.url).toContain('content-length')
    expect(await workspace.call('POST', '/api/etl/uploads', { body: { dataset: 'nope', bytes: 3 } })).toMatchObject({
      status: 404,
    })
    expect((await ask(workspace, 'SELECT 1')).status).toBe(200)
  })
})
