import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Admission } from '#core/gate.ts'
import { type HttpKit, httpHandler } from '#core/http.ts'
import { idempotency } from '#core/idempotency.ts'
import { Problem } from '#core/problem.ts'
import { rateLimiter } from '#core/rate-limit.ts'
import { routeOf } from '#core/route.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'
import { memoryIdempotencyStore, memoryRateLimitStore } from './memory-stores.ts'

const ORIGIN = 'https://backlot.example'
const JSON_TYPE = { 'content-type': 'application/json' }

interface Services {
  readonly calls: unknown[]
  fails: Error | undefined
}

const route = routeOf<Services>()
const thing = z.object({ id: z.string(), n: z.number().optional() })
const routes = [
  route({
    method: 'GET',
    path: '/api/test/things/{id}',
    operationId: 'getThing',
    summary: 'A thing',
    permission: 'links:read',
    params: z.object({ id: z.string() }),
    answers: { 200: { description: 'It', body: thing } },
    async handle({ params, principal }, { calls, fails }) {
      calls.push(principal)
      if (fails !== undefined) throw fails
      // A field that the schema does not name must not leave the function.
      const body = { id: params.id, pk: 'internal' }
      return { status: 200, etag: '7', body }
    },
  }),
  route({
    method: 'POST',
    path: '/api/test/things',
    operationId: 'createThing',
    summary: 'A new thing',
    permission: 'links:write',
    body: z.object({ n: z.number() }),
    answers: { 201: { description: 'It', body: thing, headers: { Location: 'Where it is' } } },
    async handle({ body, requestId, now }, { calls, fails }) {
      calls.push({ body, requestId, now })
      if (fails !== undefined) throw fails
      return { status: 201, headers: { Location: '/api/test/things/1' }, body: { id: '1', n: body.n } }
    },
  }),
  route({
    method: 'DELETE',
    path: '/api/test/things/{id}',
    operationId: 'deleteThing',
    summary: 'Away',
    permission: 'links:write',
    params: z.object({ id: z.string() }),
    answers: { 204: { description: 'Gone' } },
    async handle({ ifMatch, trace }, { calls }) {
      calls.push({ ifMatch, trace })
      return { status: 204 }
    },
  }),
  route({
    method: 'GET',
    path: '/page',
    operationId: 'page',
    summary: 'A page',
    permission: 'public',
    answers: { 200: { description: 'HTML', body: z.string(), contentType: 'text/html; charset=utf-8' } },
    async handle() {
      return { status: 200, body: '<p>', headers: { 'Content-Security-Policy': "default-src 'self'", Vary: 'Accept' } }
    },
  }),
]

function setUp(options: { admission?: Admission; limits?: Parameters<typeof rateLimiter>[0]['limits'] } = {}) {
  const clock = clockAt(NOW)
  const output = logLines()
  const services: Services = { calls: [], fails: undefined }
  const principal = { kind: 'api_key', id: 'key-1', workspaceId: 'wsp_1', role: 'member' } as const
  const admission: Admission = options.admission ?? { kind: 'admitted', principal }
  const kit: HttpKit = {
    clock,
    random: countingRandom(),
    origins: [ORIGIN],
    writeLog: output.write,
    access: {
      gate: { admit: async () => admission },
      limiter: rateLimiter({ store: memoryRateLimitStore(), clock, ...(options.limits && { limits: options.limits }) }),
      idempotency: idempotency(memoryIdempotencyStore(), clock),
    },
  }
  const description = { service: 'test', title: 'Test', description: 'A test', routes }
  const handler = httpHandler({ description, services, kit })
  const send = async (method: string, path: string, headers: Record<string, string> = {}, body?: string) => {
    const event = {
      httpMethod: method,
      path,
      headers,
      body,
      requestContext: { identity: { sourceIp: '198.51.100.7' } },
    }
    const { statusCode, headers: got, body: text } = await handler(event, lambdaContext())
    const json: unknown = /json/.test(got['content-type'] ?? '') && text !== '' ? JSON.parse(text) : undefined
    return { status: statusCode, headers: got, text, json: json as Record<string, unknown> | undefined }
  }
  const create = (headers: Record<string, string> = {}, body = '{"n":1}') =>
    send('POST', '/api/test/things', { ...JSON_TYPE, ...headers }, body)
  return { clock, services, output, send, create, handler, kit, description }
}

describe('an answer', () => {
  it('is what the route gives, in its declared form', async () => {
    const { send, services } = setUp()
    const answer = await send('GET', '/api/test/things/a')
    expect(answer.status).toBe(200)
    expect(answer.json).toEqual({ id: 'a' })
    expect(services.calls).toEqual([{ kind: 'api_key', id: 'key-1', workspaceId: 'wsp_1', role: 'member' }])
  })

  it('carries its headers in lower case, and a body only where one is declared', async () => {
    const { create, send } = setUp()
    expect((await create()).headers['location']).toBe('/api/test/things/1')
    const gone = await send('DELETE', '/api/test/things/a')
    expect([gone.status, gone.text, gone.headers['content-type']]).toEqual([204, '', undefined])
  })

  it.each([
    ['GET', '/api/test/things/a'],
    ['GET', '/api/test/nothing'],
    ['PUT', '/api/test/things/a'],
    ['OPTIONS', '/api/test/things/a'],
    ['GET', '/page'],
  ])('to %s %s has request id, trace and security headers', async (method, path) => {
    const { headers } = await setUp().send(method, path)
    expect(headers).toMatchObject({
      'x-request-id': 'request-1',
      traceparent: expect.stringMatching(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/),
      'x-content-type-options': 'nosniff',
      'strict-transport-security': expect.stringContaining('max-age='),
      vary: expect.stringContaining('Origin'),
    })
    expect(Object.keys(headers).every((name) => name === name.toLowerCase())).toBe(true)
  })

  it('may replace a security header: a page needs a policy of its own', async () => {
    const { headers, text } = await setUp().send('GET', '/page')
    expect(headers['content-security-policy']).toBe("default-src 'self'")
    expect(headers['vary']).toBe('Origin, Accept')
    expect([headers['content-type'], text]).toEqual(['text/html; charset=utf-8', '<p>'])
  })

  it('continues the trace of the caller, into the route and into the log', async () => {
    const { send, services, output } = setUp()
    const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'
    const { headers } = await send('DELETE', '/api/test/things/a', { traceparent: `00-${traceId}-00f067aa0ba902b7-01` })
    expect(headers['traceparent']).toContain(traceId)
    expect(services.calls).toMatchObject([{ trace: { traceId } }])
    expect(output.lines[0]).toMatchObject({ traceId })
  })

  it('to HEAD is that to GET without the body', async () => {
    const { send } = setUp()
    const [head, get] = [await send('HEAD', '/api/test/things/a'), await send('GET', '/api/test/things/a')]
    expect([head.status, head.text]).toEqual([200, ''])
    expect(Object.keys(head.headers)).toEqual(Object.keys(get.headers))
  })

  it('has the version as ETag, and is 304 to a caller that has it', async () => {
    const { send } = setUp()
    const first = await send('GET', '/api/test/things/a')
    expect(first.headers).toMatchObject({ etag: '"7"', 'cache-control': 'private, no-cache' })
    const again = await send('GET', '/api/test/things/a', { 'if-none-match': '"7"' })
    expect([again.status, again.text, again.headers['etag']]).toEqual([304, '', '"7"'])
  })

  it('that the route did not declare is our fault, and says nothing of it', async () => {
    const { services, kit, output } = setUp()
    const bad = { ...routes[0], handle: async () => ({ status: 299, body: {} }) } as unknown as (typeof routes)[0]
    const handler = httpHandler({
      description: { service: 'test', title: '', description: '', routes: [bad] },
      services,
      kit: { ...kit, writeLog: output.write },
    })
    const { statusCode, body } = await handler({ httpMethod: 'GET', path: '/api/test/things/a' }, lambdaContext())
    expect(statusCode).toBe(500)
    expect(body).not.toContain('299')
    expect(output.text()).toContain('expected a declared status of getThing, got 299')
  })
})

describe('the request', () => {
  it('reaches the route with its version condition', async () => {
    const { send, services } = setUp()
    await send('DELETE', '/api/test/things/a', { 'If-Match': '"7"' })
    expect(services.calls).toMatchObject([{ ifMatch: '7' }])
    expect((await send('DELETE', '/api/test/things/a', { 'If-Match': 'W/"7"' })).json?.['code']).toBe(
      'precondition_failed',
    )
  })

  it.each([
    ['GET', '/nowhere', 404, 'route_not_found'],
    ['GET', '/api/test/things/%zz', 404, 'route_not_found'],
    ['PUT', '/api/test/things', 405, 'method_not_allowed'],
    ['BREW', '/api/test/things', 405, 'method_not_allowed'],
    ['POST', '/api/test/things', 400, 'validation_failed'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await setUp().send(method, path)
    expect(answer.status).toBe(status)
    expect(answer.headers['content-type']).toBe('application/problem+json')
    expect(answer.json).toMatchObject({ type: `/docs/problems#${code}`, status, code, instance: 'request-1' })
  })

  it('with another method is told the methods', async () => {
    expect((await setUp().send('PUT', '/api/test/things/a')).headers['allow']).toBe('DELETE, GET, HEAD, OPTIONS')
  })

  it('is authenticated before it is validated, so that nobody learns the schema without a key', async () => {
    const { create, services } = setUp({ admission: { kind: 'refused', reason: 'no_credentials' } })
    const answer = await create({}, '{')
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer realm="backlot"'])
    expect(services.calls).toEqual([])
  })

  it('is refused without the permission', async () => {
    const principal = { kind: 'api_key', id: 'key-2', workspaceId: 'wsp_1', role: 'viewer' } as const
    const { create, send } = setUp({ admission: { kind: 'admitted', principal } })
    expect((await create()).json?.['code']).toBe('permission_denied')
    expect((await send('GET', '/api/test/things/a')).status).toBe(200)
  })

  it('to a public route needs no key', async () => {
    const { send } = setUp({ admission: { kind: 'refused', reason: 'no_credentials' } })
    expect((await send('GET', '/page')).status).toBe(200)
    expect((await send('GET', '/api/test/health')).json).toEqual({ status: 'ok', service: 'test' })
    expect((await send('GET', '/api/test/openapi.json')).json).toMatchObject({
      openapi: expect.stringMatching(/^3\.1/),
      servers: [{ url: ORIGIN }],
      paths: { '/api/test/health': {}, '/api/test/openapi.json': {}, '/api/test/things/{id}': {} },
    })
  })

  it('that is no HTTP event at all fails the invocation', async () => {
    await expect(setUp().handler({ Records: [] }, lambdaContext())).rejects.toThrow(
      'expected an API Gateway REST event',
    )
  })
})

describe('a browser on another origin', () => {
  const preflight = { origin: ORIGIN, 'access-control-request-method': 'POST' }

  it('may call from the public origin', async () => {
    const { headers, status } = await setUp().send('OPTIONS', '/api/test/things', preflight)
    expect(status).toBe(204)
    expect(headers).toMatchObject({
      allow: 'OPTIONS, POST',
      'access-control-allow-origin': ORIGIN,
      'access-control-allow-methods': 'OPTIONS, POST',
      'access-control-allow-headers': expect.stringContaining('authorization'),
      vary: 'Origin',
    })
    const answer = await setUp().send('GET', '/api/test/things/a', { origin: ORIGIN })
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': ORIGIN,
      'access-control-expose-headers': expect.stringContaining('etag'),
    })
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined()
  })

  it.each(['https://evil.example', 'null', `${ORIGIN}.evil.example`, `${ORIGIN}:8080`])(
    'may not from %s',
    async (origin) => {
      const { headers, status } = await setUp().send('OPTIONS', '/api/test/things', { ...preflight, origin })
      expect(status).toBe(204)
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([])
      expect(headers['vary']).toBe('Origin')
    },
  )

  it('can read a refusal', async () => {
    const { headers } = await setUp({ admission: { kind: 'refused', reason: 'no_credentials' } }).send(
      'GET',
      '/api/test/things/a',
      { origin: ORIGIN },
    )
    expect(headers['access-control-allow-origin']).toBe(ORIGIN)
  })

  it('learns nothing of unknown paths', async () => {
    expect((await setUp().send('OPTIONS', '/nowhere', preflight)).status).toBe(404)
  })
})

describe('a fault', () => {
  it('that is a problem is answered as one, with its headers', async () => {
    const { send, services } = setUp()
    services.fails = new Problem('link_gone', 'It was deleted.', { headers: { 'x-more': '1' } })
    const answer = await send('GET', '/api/test/things/a')
    expect([answer.status, answer.headers['x-more']]).toEqual([410, '1'])
    expect(answer.json).toMatchObject({ code: 'link_gone', title: 'The link was deleted', detail: 'It was deleted.' })
  })

  it('of a dependency is 503 with Retry-After', async () => {
    const { send, services, output } = setUp()
    services.fails = Object.assign(new Error('table backlot-links throttled'), { name: 'ThrottlingException' })
    const answer = await send('GET', '/api/test/things/a')
    expect([answer.status, answer.headers['retry-after']]).toEqual([503, '2'])
    expect(answer.text).not.toContain('backlot-links')
    expect(output.lines[0]).toMatchObject({
      level: 'error',
      code: 'dependency_unavailable',
      error: { name: 'ThrottlingException', message: 'table backlot-links throttled' },
      serverErrors: 1,
    })
  })

  it('that nobody expected is 500, and only the log knows it', async () => {
    const { send, services, output } = setUp()
    services.fails = new TypeError('undefined is not a function')
    const answer = await send('GET', '/api/test/things/a')
    expect([answer.status, answer.json?.['code']]).toEqual([500, 'internal_error'])
    expect(answer.text).not.toContain('not a function')
    expect(output.lines[0]).toMatchObject({ error: { name: 'TypeError', stack: expect.anything() } })
  })

  it('to answer in time is 503 before Lambda ends the function', async () => {
    const { kit, services, output } = setUp()
    const slow = { ...routes[0], handle: () => new Promise(() => {}) } as unknown as (typeof routes)[0]
    const handler = httpHandler({
      description: { service: 'test', title: '', description: '', routes: [slow] },
      services,
      kit: { ...kit, writeLog: output.write },
    })
    const event = { httpMethod: 'GET', path: '/api/test/things/a' }
    const { statusCode, headers } = await handler(event, lambdaContext('request-1', 260))
    expect([statusCode, headers['retry-after']]).toEqual([503, '2'])
    expect(output.lines).toHaveLength(1)
  })
})

describe('limits', () => {
  it('are told with every answer, and refuse with Retry-After', async () => {
    const { create, send, clock } = setUp({ limits: { write: { requests: 2, windowMs: 60_000 } } })
    clock.advance(15_000)
    const first = await create()
    expect(first.headers).toMatchObject({ 'ratelimit-policy': '"write";q=2;w=60', ratelimit: '"write";r=1;t=45' })
    await create()
    const third = await create()
    expect([third.status, third.json?.['code'], third.headers['retry-after']]).toEqual([429, 'rate_limited', '45'])
    expect(third.headers['ratelimit']).toBe('"write";r=0;t=45')
    expect((await send('GET', '/api/test/things/a')).status).toBe(200)
    clock.advance(45_000)
    expect((await create()).status).toBe(201)
  })

  it('slow down an address that fails to authenticate', async () => {
    const { send } = setUp({
      admission: { kind: 'refused', reason: 'unknown_key' },
      limits: { sign_in: { requests: 2, windowMs: 60_000 } },
    })
    const statuses = []
    for (let index = 0; index < 3; index += 1) statuses.push((await send('GET', '/api/test/things/a')).status)
    expect(statuses).toEqual([401, 401, 429])
  })
})

describe('an Idempotency-Key', () => {
  const key = { 'Idempotency-Key': 'order-1' }

  it('makes a repeated write answer what the first did, without doing it again', async () => {
    const { create, services } = setUp()
    const [first, second] = [await create(key), await create(key)]
    expect([second.status, second.text, second.headers['location']]).toEqual([201, first.text, '/api/test/things/1'])
    expect([first.headers['idempotent-replayed'], second.headers['idempotent-replayed']]).toEqual([undefined, 'true'])
    expect(services.calls).toHaveLength(1)
  })

  it('is refused for another request', async () => {
    const { create } = setUp()
    await create(key)
    expect((await create(key, '{"n":2}')).json?.['code']).toBe('idempotency_key_reused')
  })

  it('is free again after an answer of 5xx, and keeps one of 4xx', async () => {
    const { create, services } = setUp()
    services.fails = new Error('bug')
    expect((await create(key)).status).toBe(500)
    services.fails = new Problem('slug_taken', 'It is taken.')
    expect((await create(key)).status).toBe(409)
    services.fails = undefined
    const replayed = await create(key)
    expect([replayed.status, replayed.headers['idempotent-replayed'], replayed.headers['content-type']]).toEqual([
      409,
      'true',
      'application/problem+json',
    ])
  })

  it('is not used up by a request that is not valid', async () => {
    const { create } = setUp()
    expect((await create(key, '{}')).status).toBe(400)
    expect((await create(key)).status).toBe(201)
  })

  it('means nothing to a read', async () => {
    const { send } = setUp()
    await send('GET', '/api/test/things/a', key)
    expect((await send('GET', '/api/test/things/a', key)).headers['idempotent-replayed']).toBeUndefined()
  })
})

describe('the log line', () => {
  it('says who did what and how it ended', async () => {
    const { create, output } = setUp()
    await create()
    expect(output.lines).toHaveLength(1)
    expect(output.lines[0]).toMatchObject({
      level: 'info',
      function: 'test/api',
      requestId: 'request-1',
      method: 'POST',
      route: 'createThing',
      workspaceId: 'wsp_1',
      principalId: 'key-1',
      status: 201,
      durationMs: 0,
      serverErrors: 0,
    })
  })

  it('has the reason of a refusal that the caller is not told', async () => {
    const { send, output } = setUp({ admission: { kind: 'refused', reason: 'revoked', keyId: 'key-9' } })
    const answer = await send('GET', '/api/test/things/a')
    expect(answer.text).not.toContain('revoked')
    expect(output.lines[0]).toMatchObject({
      status: 401,
      code: 'unauthenticated',
      refusal: 'revoked',
      principalId: 'key-9',
    })
  })

  it('has pointers of what was not valid, never the values', async () => {
    const { create, output } = setUp()
    await create({}, '{"n":"hunter2"}')
    expect(output.lines[0]).toMatchObject({ code: 'validation_failed', pointers: ['/n'] })
    expect(output.text()).not.toContain('hunter2')
  })
})

describe('a table that can not work', () => {
  it('is refused at cold start', () => {
    const { description, services, kit } = setUp()
    const { access: _, ...publicKit } = kit
    expect(() => httpHandler({ description, services, kit: publicKit })).toThrow(
      'expected a kit with access for getThing',
    )
    const twice = { ...description, routes: [...routes, ...routes] }
    expect(() => httpHandler({ description: twice, services, kit })).toThrow('expected one route for GET')
  })
})
