/** A small service behind the HTTP kit, for the tests of what the kit does for every service. */
import * as z from 'zod'
import type { Admission } from '#core/gate.ts'
import { type HttpKit, httpHandler } from '#core/http.ts'
import { idempotency } from '#core/idempotency.ts'
import { rateLimiter } from '#core/rate-limit.ts'
import { routeOf } from '#core/route.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'
import { memoryIdempotencyStore, memoryRateLimitStore } from './memory-stores.ts'

export const ORIGIN = 'https://backlot.example'
export const JSON_TYPE = { 'content-type': 'application/json' }

interface Services {
  readonly calls: unknown[]
  fails: Error | undefined
}

const route = routeOf<Services>()
const thing = z.object({ id: z.string(), n: z.number().optional() })
export const routes = [
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

/** A service with these routes behind the kit, and whoever calls it. */
export function setUp(options: { admission?: Admission; limits?: Parameters<typeof rateLimiter>[0]['limits'] } = {}) {
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
