import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { type Edge, type Origin, serveEdge, targetOf } from '../../../local/edge.ts'

type Handler = (incoming: IncomingMessage, response: ServerResponse) => void

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

async function originServer(handler: Handler): Promise<number> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

async function edgeTo(port: number, overrides: Partial<Origin> = {}, originTimeoutMs = 2_000): Promise<Edge> {
  const origin: Origin = {
    hostname: '127.0.0.1',
    port,
    pathPrefix: '',
    host: 'origin.example',
    methods: 'all',
    allowedHeaders: undefined,
    ...overrides,
  }
  const edge = await serveEdge({ port: 0, originTimeoutMs, resolve: () => origin })
  closers.push(() => edge.close())
  return edge
}

interface Answer {
  readonly status: number
  readonly message: string
  readonly raw: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

function call(
  edge: Edge,
  path: string,
  { method = 'GET', headers = [], body }: { method?: string; headers?: string[]; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = ['Host', `localhost:${edge.port}`, ...headers]
    const outgoing = request({ host: '127.0.0.1', port: edge.port, method, path, headers: all, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      response.toArray().then((chunks) => {
        resolve({
          status: response.statusCode ?? 0,
          message: response.statusMessage ?? '',
          raw: response.rawHeaders,
          headers: response.headers,
          body: Buffer.concat(chunks as Buffer[]).toString(),
        })
      }, reject)
    })
    outgoing.end(body)
  })
}

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

describe('failures', () => {
  const problem = (answer: Answer) => JSON.parse(answer.body) as { code: string; status: number; detail: string }

  test('an origin that is down is a 502 problem', async () => {
    const port = await originServer(() => {})
    await closers.pop()?.()
    const answer = await call(await edgeTo(port), '/')
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(problem(answer)).toMatchObject({ code: 'origin_unreachable', status: 502 })
    expect(problem(answer).detail).toContain('ECONNREFUSED')
  })

  test('an origin that does not answer in time is a 504 problem', async () => {
    const port = await originServer(() => {})
    const answer = await call(await edgeTo(port, {}, 50), '/')
    expect(answer.status).toBe(504)
    expect(problem(answer).code).toBe('origin_timeout')
  })

  test('an origin that breaks off in the middle breaks the answer off too', async () => {
    const port = await originServer((incoming, response) => {
      response.writeHead(200, { 'Content-Length': '100' })
      response.write('half', () => incoming.socket.destroy())
    })
    const edge = await edgeTo(port)
    await expect(call(edge, '/')).rejects.toMatchObject({ code: 'ECONNRESET' })
  })

  test('a viewer that leaves ends the request to the origin', async () => {
    const left = Promise.withResolvers<void>()
    const arrived = Promise.withResolvers<void>()
    const port = await originServer((incoming) => {
      arrived.resolve()
      incoming.socket.on('close', () => left.resolve())
    })
    const edge = await edgeTo(port)
    const socket = connect(edge.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await arrived.promise
    socket.destroy()
    await left.promise
  })

  test('without an origin it is a 503 problem with Retry-After', async () => {
    const edge = await serveEdge({ port: 0, resolve: () => undefined })
    closers.push(() => edge.close())
    const answer = await call(edge, '/')
    expect(answer.status).toBe(503)
    expect(answer.headers['retry-after']).toBe('1')
  })

  test('a path for reading refuses to write, with Allow', async () => {
    const answer = await call(await edgeTo(1, { methods: 'getAndHead' }), '/x', { method: 'DELETE' })
    expect(answer.status).toBe(405)
    expect(answer.headers['allow']).toBe('GET, HEAD')
  })

  test.each(['/_localstack/health', '/_aws/ses', '//_localstack/health', '/_localstack'])(
    '%s belongs to the emulator and is not there',
    async (path) => {
      expect((await call(await edgeTo(1), path)).status).toBe(404)
    },
  )

  test.each(['/a/../b', '/..', '/%2e%2E/x', '/a/./b'])('%s would climb out of the prefix: 400', async (path) => {
    expect((await call(await edgeTo(1), path)).status).toBe(400)
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
