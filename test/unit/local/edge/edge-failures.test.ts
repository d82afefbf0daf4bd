import { connect } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { serveEdge } from '../../../../local/edge/edge.ts'
import { type Answer, call, closeAll, closeLater, edgeTo, originServer } from './edge-calls.ts'

afterEach(closeAll)

describe('failures', () => {
  const problem = (answer: Answer) => JSON.parse(answer.body) as { code: string; status: number; detail: string }

  test('an origin that is down is a 502 problem', async () => {
    const port = await originServer(() => {})
    await closeAll()
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

  test.each([
    ['with a length', { 'Content-Length': '100' }],
    ['in chunks', {}],
  ])('an origin that breaks off in the middle of a body %s breaks the answer off too', async (_, headers) => {
    const port = await originServer((incoming, response) => {
      response.writeHead(200, headers)
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
    // Longer than the test may take: the origin's own deadline is not what ends it.
    const edge = await edgeTo(port, {}, 60_000)
    const socket = connect(edge.port, '127.0.0.1')
    socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    await arrived.promise
    socket.destroy()
    await left.promise
  })

  test('without an origin it is a 503 problem with Retry-After', async () => {
    const edge = await serveEdge({ port: 0, resolve: () => undefined })
    closeLater(edge)
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
