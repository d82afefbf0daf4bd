import { describe, expect, it } from 'vitest'
import { httpRequestOf } from '#core/request.ts'

const rest = {
  resource: '/{proxy+}',
  httpMethod: 'post',
  path: '/api/links/links',
  headers: { 'Content-Type': 'application/json', 'X-Twice': 'b' },
  multiValueHeaders: { 'Content-Type': ['application/json'], 'X-Twice': ['a', 'b'] },
  queryStringParameters: { tag: 'two' },
  multiValueQueryStringParameters: { tag: ['one', 'two'], q: ['a&b'] },
  body: '{"url":"https://example.com/ü"}',
  isBase64Encoded: false,
  requestContext: { stage: 'live', identity: { sourceIp: '198.51.100.7' } },
}

const url = {
  version: '2.0',
  rawPath: '/abc',
  rawQueryString: 'tag=one&tag=two&q=a%26b&plus=a+b&bad=%zz&empty',
  cookies: ['a=1', 'b=2'],
  headers: { Host: 'x.lambda-url.us-east-1.on.aws', accept: 'text/html' },
  requestContext: { http: { method: 'GET', path: '/abc', sourceIp: '2001:db8::1' } },
  isBase64Encoded: false,
}

const text = (bytes: Uint8Array) => Buffer.from(bytes).toString()

describe('a request', () => {
  it('is read from an API Gateway REST event', () => {
    const { body, ...request } = httpRequestOf(rest)
    expect(request).toEqual({
      method: 'POST',
      path: '/api/links/links',
      headers: { 'content-type': 'application/json', 'x-twice': 'a, b' },
      query: { tag: ['one', 'two'], q: ['a&b'] },
      clientIp: '198.51.100.7',
    })
    expect(text(body)).toBe(rest.body)
  })

  it('is read from a function URL event', () => {
    const { body, ...request } = httpRequestOf(url)
    expect(request).toEqual({
      method: 'GET',
      path: '/abc',
      headers: { host: 'x.lambda-url.us-east-1.on.aws', accept: 'text/html', cookie: 'a=1; b=2' },
      query: { tag: ['one', 'two'], q: ['a&b'], plus: ['a b'], bad: ['%zz'], empty: [''] },
      clientIp: '2001:db8::1',
    })
    expect(body).toHaveLength(0)
  })

  it('has its body in bytes, also when the gateway sent base64', () => {
    const bytes = Buffer.from([0, 255, 10, 128])
    const event = { ...rest, body: bytes.toString('base64'), isBase64Encoded: true }
    expect([...httpRequestOf(event).body]).toEqual([0, 255, 10, 128])
    const urlEvent = { ...url, body: Buffer.from('ü').toString('base64'), isBase64Encoded: true }
    expect(text(httpRequestOf(urlEvent).body)).toBe('ü')
  })

  it('is read without headers, query and body, as API Gateway leaves them null', () => {
    const bare = {
      httpMethod: 'GET',
      path: '/',
      headers: null,
      multiValueHeaders: null,
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
      body: null,
      requestContext: {},
    }
    expect(httpRequestOf(bare)).toMatchObject({ headers: {}, query: {}, clientIp: 'unknown' })
  })

  it('is read from a hand-made event that has only the single-value form', () => {
    const event = { httpMethod: 'GET', path: '/', queryStringParameters: { limit: '5' } }
    expect(httpRequestOf(event).query).toEqual({ limit: ['5'] })
  })

  it.each([
    ['203.0.113.9:44321', '203.0.113.9'],
    ['2001:db8:0:0:0:0:0:1:55555', '2001:db8:0:0:0:0:0:1'],
  ])('has the viewer address %s of CloudFront without its port', (header, ip) => {
    expect(httpRequestOf({ ...rest, multiValueHeaders: { 'CloudFront-Viewer-Address': [header] } }).clientIp).toBe(ip)
  })

  it('keeps names that an object inherits as plain names', () => {
    const { query } = httpRequestOf({ ...url, rawQueryString: '__proto__=x&constructor=y' })
    expect(Object.entries(query)).toEqual([
      ['__proto__', ['x']],
      ['constructor', ['y']],
    ])
  })

  it.each([
    [{ Records: [] }, 'an object with Records'],
    [{}, 'an object with no fields'],
    [undefined, 'undefined'],
    ['text', 'string'],
  ])('refuses the event %j by what it is', (event, came) => {
    expect(() => httpRequestOf(event)).toThrow(
      `expected an API Gateway REST event or a function URL event, got ${came}`,
    )
  })
})
