import { describe, expect, it } from 'vitest'
import { httpHandler } from '#core/http.ts'
import { lambdaContext } from './doubles.ts'
import { ORIGIN, routes, setUp } from './http-service.ts'

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
