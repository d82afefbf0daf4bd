import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import landed from '../../../../events/etl/landed.csv.json' with { type: 'json' }
import { listFixtures, readFixture } from '../../../../local/events/fixture.ts'
import { targetUrl } from '../../../../local/events/send.ts'
import { sourceOf } from '../../../../local/events/source.ts'

const clone = async (name: string, change: (event: Record<string, unknown>) => void = () => {}) => {
  const { event } = await readFixture(`events/links/${name}.json`)
  const copy = structuredClone(event) as Record<string, unknown>
  change(copy)
  return sourceOf(name, copy)
}

/** Steps of a state machine, and what another function calls: `npm run invoke` alone sends these. */
const INVOKED = /etl\/(plan|convert|check-quality|commit|announce|fail-run|query)\./

test('every fixture of the repository has a source', async () => {
  for (const name of listFixtures().filter((fixture) => !INVOKED.test(fixture))) {
    const { event } = await readFixture(name)
    expect(sourceOf(name, event).kind, name).toMatch(/^(api|functionUrl|queue|stream|bus|object)$/)
  }
})

test('an event of S3 is the object that it tells of, whose content lies beside it', async () => {
  const { name, event, content } = await readFixture('events/etl/landed.csv.json')
  const { bucket, object } = landed.detail
  expect(sourceOf(name, event)).toEqual({ kind: 'object', bucket: bucket.name, key: object.key })
  const bytes = await content()
  expect({ size: bytes.length, etag: createHash('md5').update(bytes).digest('hex') }).toEqual({
    size: object.size,
    etag: object.etag,
  })
  const { content: nothing } = await readFixture('events/etl/query.count.json')
  await expect(nothing()).rejects.toThrow('there is no such file')
})

describe('an API Gateway event', () => {
  test('is a request with its method, path, headers and body', async () => {
    const source = await clone('api.create')
    if (source.kind !== 'api') return expect.unreachable(source.kind)
    const { method, path, query, headers, body } = source.request
    expect({ method, path, query }).toEqual({ method: 'POST', path: '/api/links/links', query: '' })
    expect(headers).toContainEqual(['Content-Type', 'application/json'])
    expect(JSON.parse(Buffer.from(body ?? []).toString())).toHaveProperty('url')
  })

  test('keeps repeated query parameters and headers', async () => {
    const source = await clone('api.list', (event) => {
      event['multiValueQueryStringParameters'] = { a: ['1', '2'], 'b c': ['ü'] }
      event['multiValueHeaders'] = { 'X-Dup': ['1', '2'] }
    })
    if (source.kind !== 'api') return expect.unreachable(source.kind)
    expect(source.request.query).toBe('a=1&a=2&b+c=%C3%BC')
    expect(source.request.headers).toEqual([
      ['X-Dup', '1'],
      ['X-Dup', '2'],
    ])
  })

  test('with a binary body has its bytes', async () => {
    const source = await clone('api.create', (event) => {
      event['body'] = Buffer.from([0, 255]).toString('base64')
      event['isBase64Encoded'] = true
    })
    if (source.kind !== 'api') return expect.unreachable(source.kind)
    expect([...(source.request.body ?? [])]).toEqual([0, 255])
  })
})

test('a function URL event keeps its query byte for byte, and its cookies', async () => {
  const source = await clone('redirect.url', (event) => {
    event['rawQueryString'] = 'a=%2B&a=+'
    event['cookies'] = ['a=1', 'b=2']
  })
  if (source.kind !== 'functionUrl') return expect.unreachable(source.kind)
  expect(source.request.query).toBe('a=%2B&a=+')
  expect(source.request.headers).toContainEqual(['cookie', 'a=1; b=2'])
})

test('records are told apart by their source', async () => {
  expect((await clone('count-clicks.batch')).kind).toBe('queue')
  expect((await clone('publish-events.deleted')).kind).toBe('stream')
  expect((await clone('forget-clicks.deleted')).kind).toBe('bus')
})

describe('refused, with what was expected', () => {
  test.each([
    [null, /expected an API Gateway request,.* got null/],
    [[], /got an object with nothing/],
    [{ a: 1, b: 2 }, /got an object with a, b/],
    [{ Records: [{ eventSource: 'aws:kinesis' }] }, /got records of aws:kinesis/],
  ])('%j', (event, message) => {
    expect(() => sourceOf('x.json', event)).toThrow(message)
  })

  test('an event of a known shape with a wrong field, by the field', () => {
    const event = { httpMethod: 'GET', path: 'no-slash', headers: {} }
    expect(() => sourceOf('x.json', event)).toThrow(/x\.json looks like an API Gateway request, but \/path: /)
    const records = { Records: [{ eventSource: 'aws:sqs', eventSourceARN: 'a', body: 1 }] }
    expect(() => sourceOf('x.json', records)).toThrow(/looks like SQS records, but \/0\/body: /)
  })
})

describe('the URL of a function, by the names of outputs', () => {
  const stacks = { Links: { ApiUrl: 'http://a/', RedirectApiUrl: 'http://b', RedirectUrl: 'http://c/' } }

  test.each([
    ['links/api', 'api', 'http://a'],
    ['links/redirect', 'api', 'http://b'],
    ['links/redirect', 'functionUrl', 'http://c'],
  ] as const)('%s by %s', (name, kind, url) => {
    expect(targetUrl(name, kind, stacks)).toBe(url)
  })

  test('that is not deployed is refused by the missing output', () => {
    expect(() => targetUrl('docs/api', 'api', stacks)).toThrow('expected the output ApiUrl of stack Docs')
  })
})
