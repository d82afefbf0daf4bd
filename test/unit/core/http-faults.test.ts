import { describe, expect, it } from 'vitest'
import { httpHandler } from '#core/http.ts'
import { Problem } from '#core/problem.ts'
import { lambdaContext } from './doubles.ts'
import { routes, setUp } from './http-service.ts'

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
