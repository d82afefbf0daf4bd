import type { IncomingMessage } from 'node:http'
import { afterEach, describe, expect, test } from 'vitest'
import { targetOf } from '../../../../local/edge/edge.ts'
import { call, closeAll, edgeTo, originServer } from './edge-calls.ts'

afterEach(closeAll)

describe('requests', () => {
  test('keep method, path and query string byte for byte behind the prefix', async () => {
    const seen: string[] = []
    const port = await originServer((incoming, response) => {
      seen.push(`${incoming.method} ${incoming.url}`)
      response.end()
    })
    const edge = await edgeTo(port, { pathPrefix: '/_aws/execute-api/abc/live' })
    await call(edge, '/a%2Fb/%C3%BC?x=1&x=2&y=%2B+%20&&z', { method: 'PATCH' })
    expect(seen).toEqual(['PATCH /_aws/execute-api/abc/live/a%2Fb/%C3%BC?x=1&x=2&y=%2B+%20&&z'])
  })

  test('carry duplicate headers, the origin as Host, and who the viewer is', async () => {
    let raw: string[] = []
    const port = await originServer((incoming, response) => {
      raw = incoming.rawHeaders
      response.end()
    })
    const edge = await edgeTo(port)
    await call(edge, '/', {
      headers: ['X-Dup', '1', 'X-Dup', '2', 'X-Forwarded-For', '203.0.113.9', 'CloudFront-Viewer-Country', 'XX'],
    })
    const values = (name: string) => raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name)
    expect(values('x-dup')).toEqual(['1', '2'])
    expect(values('host')).toEqual(['origin.example'])
    expect(values('x-forwarded-for')).toEqual(['203.0.113.9, 127.0.0.1'])
    expect(values('cloudfront-viewer-country')).toEqual([])
    expect(values('cloudfront-viewer-address')[0]).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test.each([
    ['with a length', ['Content-Length', '11']],
    ['in chunks', ['Transfer-Encoding', 'chunked']],
  ])('stream a body %s, also with DELETE', async (_, headers) => {
    let got = ''
    const port = await originServer((incoming, response) => {
      incoming.toArray().then(
        (chunks) => {
          got = Buffer.concat(chunks as Buffer[]).toString()
          response.end()
        },
        () => response.destroy(),
      )
    })
    const edge = await edgeTo(port)
    await call(edge, '/', { method: 'DELETE', headers, body: 'hello world' })
    expect(got).toBe('hello world')
  })

  test('without a body announce none', async () => {
    let headers: IncomingMessage['headers'] = {}
    const port = await originServer((incoming, response) => {
      headers = incoming.headers
      response.end()
    })
    const edge = await edgeTo(port)
    await call(edge, '/', { method: 'POST', headers: ['Content-Length', '0'] })
    expect(headers['content-length']).toBe('0')
    expect(headers['transfer-encoding']).toBeUndefined()
  })

  test('send only the allowed headers where the path has a list', async () => {
    let headers: IncomingMessage['headers'] = {}
    const port = await originServer((incoming, response) => {
      headers = incoming.headers
      response.end()
    })
    const edge = await edgeTo(port, { allowedHeaders: ['Accept', 'CloudFront-Viewer-Address'] })
    await call(edge, '/', { headers: ['Accept', '*/*', 'Cookie', 'a=b', 'Origin', 'https://example.com'] })
    expect(Object.keys(headers).sort()).toEqual([
      'accept',
      'cloudfront-viewer-address',
      'connection',
      'host',
      'x-forwarded-for',
    ])
  })

  test('reuse the connection to the origin', async () => {
    const sockets = new Set<unknown>()
    const port = await originServer((incoming, response) => {
      sockets.add(incoming.socket)
      response.end('ok')
    })
    const edge = await edgeTo(port)
    await call(edge, '/1')
    await call(edge, '/2')
    expect(sockets.size).toBe(1)
  })

  test('are sent again when the origin closed the kept connection', async () => {
    let requests = 0
    const port = await originServer((incoming, response) => {
      requests += 1
      // The second request arrives on the kept connection and finds it closed.
      if (requests === 2) incoming.socket.resetAndDestroy()
      else response.end('ok')
    })
    const edge = await edgeTo(port)
    await call(edge, '/1')
    expect((await call(edge, '/2')).status).toBe(200)
    expect(requests).toBe(3)
  })

  test('that change something are not sent again', async () => {
    let requests = 0
    const port = await originServer((incoming, response) => {
      requests += 1
      if (requests === 2) incoming.socket.resetAndDestroy()
      else response.end('ok')
    })
    const edge = await edgeTo(port)
    await call(edge, '/1')
    const answer = await call(edge, '/2', { method: 'POST', headers: ['Content-Length', '2'], body: 'hi' })
    expect(answer.status).toBe(502)
    expect(requests).toBe(2)
  })
})

describe('answers', () => {
  test('keep status, reason, Set-Cookie and repeated headers', async () => {
    const port = await originServer((_, response) => {
      response.writeHead(418, 'Short And Stout', [
        'Set-Cookie',
        'a=1',
        'Set-Cookie',
        'b=2',
        'Link',
        '<x>',
        'Link',
        '<y>',
      ])
      response.end('tea')
    })
    const answer = await call(await edgeTo(port), '/')
    expect(answer).toMatchObject({ status: 418, message: 'Short And Stout', body: 'tea' })
    expect(answer.headers['set-cookie']).toEqual(['a=1', 'b=2'])
    expect(answer.raw.filter((value) => value === '<x>' || value === '<y>')).toHaveLength(2)
  })

  test('to HEAD keep the length and have no body', async () => {
    const port = await originServer((_, response) => {
      response.writeHead(200, { 'Content-Length': '12345' }).end()
    })
    const answer = await call(await edgeTo(port), '/', { method: 'HEAD' })
    expect(answer).toMatchObject({ status: 200, body: '' })
    expect(answer.headers['content-length']).toBe('12345')
  })

  test.each([204, 304])('%i have no body and no length', async (status) => {
    const port = await originServer((_, response) => {
      response.writeHead(status, { ETag: '"1"' }).end()
    })
    const answer = await call(await edgeTo(port), '/')
    expect(answer).toMatchObject({ status, body: '' })
    expect(answer.headers).toMatchObject({ etag: '"1"' })
    expect(answer.headers['content-length']).toBeUndefined()
    expect(answer.headers['transfer-encoding']).toBeUndefined()
  })

  test('lose what concerns the connection to the origin alone', async () => {
    const port = await originServer((_, response) => {
      response.writeHead(200, { Connection: 'X-Private', 'X-Private': 'secret', 'X-Public': 'yes' }).end()
    })
    const { headers } = await call(await edgeTo(port), '/')
    expect(headers['x-private']).toBeUndefined()
    expect(headers['x-public']).toBe('yes')
  })

  test('stream: the first part arrives while the origin still holds the second', async () => {
    const second = Promise.withResolvers<void>()
    const port = await originServer((_, response) => {
      response.write('first')
      second.promise.then(
        () => response.end('second'),
        () => response.destroy(),
      )
    })
    const edge = await edgeTo(port)
    const response = await fetch(edge.url)
    const reader = response.body?.getReader()
    const first = await reader?.read()
    expect(Buffer.from(first?.value ?? []).toString()).toBe('first')
    second.resolve()
    const rest = await reader?.read()
    expect(Buffer.from(rest?.value ?? []).toString()).toBe('second')
  })
})

describe('targetOf', () => {
  test.each([
    ['/a?b=c?d', { path: '/a', query: '?b=c?d' }],
    ['/', { path: '/', query: '' }],
    ['http://localhost:4000/a?b', { path: '/a', query: '?b' }],
    ['/...', { path: '/...', query: '' }],
    ['/.well-known/x', { path: '/.well-known/x', query: '' }],
    ['/a?x=/../', { path: '/a', query: '?x=/../' }],
    ['*', undefined],
    ['localhost:80', undefined],
    ['http://localhost', undefined],
  ])('%s', (url, expected) => {
    expect(targetOf(url)).toEqual(expected)
  })
})

test('localhost works by IPv4 and, where there is one, by IPv6', async () => {
  const port = await originServer((_, response) => response.end('ok'))
  const edge = await edgeTo(port)
  expect(await (await fetch(`http://127.0.0.1:${edge.port}`)).text()).toBe('ok')
  expect(await (await fetch(edge.url)).text()).toBe('ok')
})
