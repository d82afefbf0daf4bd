import http, { type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it, test } from 'vitest'
import { type AwsCall, createAwsCall } from '../../../functions/links/redirect/aws-call.store.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** An AWS endpoint that answers as it is told, and how often it was asked. */
async function endpoint(...listeners: RequestListener[]) {
  const requests: { target: string | undefined; body: string; sockets: number }[] = []
  const sockets = new Set<unknown>()
  const server = http.createServer((request, response) => {
    sockets.add(request.socket)
    let body = ''
    request.on('data', (chunk) => {
      body += chunk
    })
    request.on('end', () => {
      requests.push({ target: request.headers['x-amz-target'] as string | undefined, body, sockets: sockets.size })
      const listener = listeners[Math.min(requests.length, listeners.length) - 1]
      listener?.(request, response)
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { call: callTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), requests }
}

const callTo = (url: string): AwsCall =>
  createAwsCall({
    service: 'dynamodb',
    endpoint: url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    clock: { now: () => new Date('2026-11-21T10:15:00Z') },
    transport: http,
  })

const ok: RequestListener = (_, response) => response.end('{"Item":{}}')
const fails =
  (status: number, body: string): RequestListener =>
  (_, response) => {
    response.writeHead(status).end(body)
  }
const hangsUp: RequestListener = (request) => request.socket.destroy()

const THROTTLED = '{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException","message":"slow down"}'

it('posts the body to the operation and gives the answer’s body', async () => {
  const { call, requests } = await endpoint(ok)
  expect(await call('DynamoDB_20120810.GetItem', '{"Key":"ü"}')).toBe('{"Item":{}}')
  expect(requests).toEqual([{ target: 'DynamoDB_20120810.GetItem', body: '{"Key":"ü"}', sockets: 1 }])
})

it('keeps the connection', async () => {
  const { call, requests } = await endpoint(ok)
  for (let i = 0; i < 3; i += 1) await call('X.y', '{}')
  expect(requests.at(-1)?.sockets).toBe(1)
})

describe('one more try', () => {
  test.each([
    ['throttling', fails(400, THROTTLED)],
    ['a server error', fails(500, '{"__type":"InternalServerError"}')],
    ['a closed connection', hangsUp],
  ])('after %s', async (_, first) => {
    const { call, requests } = await endpoint(first, ok)
    expect(await call('X.y', '{}')).toBe('{"Item":{}}')
    expect(requests).toHaveLength(2)
  })

  it('uses a new connection after a closed one', async () => {
    const { call, requests } = await endpoint(ok, hangsUp, ok)
    await call('X.y', '{}')
    await call('X.y', '{}')
    expect(requests.map(({ sockets }) => sockets)).toEqual([1, 1, 2])
  })
})

it('takes all idle connections for closed once one is', async () => {
  const seen = new Set<unknown>()
  const { call, requests } = await endpoint((request, response) => {
    // The second request on a connection finds it closed, as after the environment was frozen.
    if (seen.has(request.socket)) return request.socket.destroy()
    seen.add(request.socket)
    return response.end('{}')
  })
  await Promise.all([call('X.y', '{}'), call('X.y', '{}')])
  expect(await call('X.y', '{}')).toBe('{}')
  expect(requests.map(({ sockets }) => sockets)).toEqual([1, 2, 2, 3])
})

describe('gives up', () => {
  test.each([
    ['throttled', fails(400, THROTTLED), 'unavailable', 'ThrottlingException', 2],
    [
      'out of capacity',
      fails(400, '{"__type":"x#ProvisionedThroughputExceededException"}'),
      'unavailable',
      'ProvisionedThroughputExceededException',
      2,
    ],
    ['failing', fails(503, 'not json'), 'unavailable', 'HTTP 503', 2],
    ['hanging up', hangsUp, 'unavailable', 'ECONNRESET', 2],
    ['refusing', fails(400, '{"__type":"x#AccessDeniedException"}'), 'refused', 'AccessDeniedException', 1],
    [
      'not knowing the table',
      fails(400, '{"__type":"x#ResourceNotFoundException"}'),
      'refused',
      'ResourceNotFoundException',
      1,
    ],
  ] as const)('on an endpoint that is %s', async (_, listener, kind, code, tries) => {
    const { call, requests } = await endpoint(listener)
    await expect(call('X.y', '{}')).rejects.toMatchObject({ name: 'AwsCallError', kind, code })
    expect(requests).toHaveLength(tries)
  })

  it('on an endpoint that is not there', async () => {
    await expect(callTo('http://127.0.0.1:1')('X.y', '{}')).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'ECONNREFUSED',
    })
  })

  it('on an endpoint that does not answer, after a second for each try', async () => {
    const { call, requests } = await endpoint(() => {})
    const started = performance.now()
    await expect(call('X.y', '{}')).rejects.toMatchObject({ kind: 'unavailable', code: 'ETIMEDOUT' })
    expect(requests).toHaveLength(2)
    expect(performance.now() - started).toBeGreaterThan(1_900)
    expect(performance.now() - started).toBeLessThan(4_000)
  })
})
