/** Callers that are known by a cookie: who they are, where they act, and that no foreign page acts for them. */
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type HttpKit, httpHandler } from '#core/http.ts'
import { idempotency } from '#core/idempotency.ts'
import type { Principal } from '#core/permissions.ts'
import { rateLimiter } from '#core/rate-limit.ts'
import { routeOf } from '#core/route.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'
import { memoryIdempotencyStore, memoryRateLimitStore } from './memory-stores.ts'

const ORIGIN = 'https://backlot.example'
const PERSON = { userId: 'usr_1', email: 'ann@example.com', sessionId: 'ses_1' }
const MEMBER: Principal = { kind: 'session', id: 'ses_1', userId: 'usr_1', workspaceId: 'wsp_1', role: 'viewer' }

const route = routeOf<undefined>()
const seen = z.object({ who: z.string() })
const common = { summary: 'A route', answers: { 200: { description: 'It', body: seen } } }
const description = {
  service: 'test',
  title: 'Test',
  description: 'Test',
  routes: [
    route({
      ...common,
      method: 'POST',
      path: '/api/test/mine',
      operationId: 'mine',
      permission: 'person',
      handle: async ({ principal }) => ({ status: 200, body: { who: principal.userId } }),
    }),
    route({
      ...common,
      method: 'GET',
      path: '/api/test/ours',
      operationId: 'ours',
      permission: 'links:read',
      handle: async ({ principal }) => ({ status: 200, body: { who: `${principal.workspaceId} ${principal.kind}` } }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/api/test/ours',
      operationId: 'change',
      permission: 'links:write',
      handle: async () => ({ status: 200, body: { who: 'changed' } }),
    }),
    route({
      ...common,
      method: 'POST',
      path: '/test/form',
      operationId: 'form',
      permission: 'public',
      form: true,
      body: z.object({ name: z.string().max(5) }),
      handle: async ({ body, clientIp }) => ({
        status: 200,
        body: { who: `${body.name} ${clientIp}` },
        cookies: ['a=1; Path=/', 'b=2; Path=/'],
      }),
    }),
  ],
}

const clock = clockAt(NOW)
const kit: HttpKit = {
  clock,
  random: countingRandom(),
  origins: [ORIGIN],
  writeLog: logLines().write,
  access: {
    gate: { admit: async () => ({ kind: 'refused', reason: 'no_credentials' }) },
    sessions: {
      person: async (cookies) => (cookies === 'session=ann' ? PERSON : undefined),
      principal: async (_, workspaceId) => (workspaceId === 'wsp_1' ? MEMBER : undefined),
    },
    limiter: rateLimiter({ store: memoryRateLimitStore(), clock }),
    idempotency: idempotency(memoryIdempotencyStore(), clock),
  },
}
const handler = httpHandler({ description, services: undefined, kit })

async function call(method: string, path: string, headers: Record<string, string>, body?: string) {
  const event = { httpMethod: method, path, headers, body, requestContext: { identity: { sourceIp: '203.0.113.7' } } }
  const result = await handler(event, lambdaContext())
  return { ...result, body: JSON.parse(result.body) as Record<string, unknown> }
}

const COOKIE = { cookie: 'session=ann' }
const OURS = { ...COOKIE, 'backlot-workspace': 'wsp_1' }

describe('a caller with a cookie', () => {
  it('is the person on routes for persons', async () => {
    const answer = await call('POST', '/api/test/mine', { ...COOKIE, origin: ORIGIN })
    expect(answer).toMatchObject({ statusCode: 200, body: { who: 'usr_1' } })
  })

  it('acts in the workspace that it names', async () => {
    expect(await call('GET', '/api/test/ours', OURS)).toMatchObject({ statusCode: 200, body: { who: 'wsp_1 session' } })
  })

  it.each([
    ['nobody', 'POST', '/api/test/mine', {}, 401, 'unauthenticated'],
    ['an unknown cookie', 'POST', '/api/test/mine', { cookie: 'session=eve' }, 401, 'unauthenticated'],
    [
      'a foreign page',
      'POST',
      '/api/test/mine',
      { ...COOKIE, origin: 'https://evil.example' },
      403,
      'cross_site_request',
    ],
    ['no origin at all', 'POST', '/api/test/ours', OURS, 403, 'cross_site_request'],
    ['no workspace', 'GET', '/api/test/ours', COOKIE, 400, 'validation_failed'],
    ['a foreign workspace', 'GET', '/api/test/ours', { ...COOKIE, 'backlot-workspace': 'wsp_2' }, 404, 'not_found'],
    ['a role without the permission', 'POST', '/api/test/ours', { ...OURS, origin: ORIGIN }, 403, 'permission_denied'],
    [
      'a key that is wrong, whatever the cookie',
      'GET',
      '/api/test/ours',
      { ...OURS, authorization: 'Bearer x' },
      401,
      'unauthenticated',
    ],
  ])('%s is refused', async (_, method, path, headers, statusCode, code) => {
    expect(await call(method, path, headers)).toMatchObject({ statusCode, body: { code } })
  })
})

describe('a form', () => {
  const FORM = { 'content-type': 'application/x-www-form-urlencoded' }

  it('is read, and its answer sets several cookies', async () => {
    const answer = await call('POST', '/test/form', FORM, 'name=a+b')
    expect(answer).toMatchObject({ statusCode: 200, body: { who: 'a b 203.0.113.7' } })
    expect(answer.multiValueHeaders).toEqual({ 'set-cookie': ['a=1; Path=/', 'b=2; Path=/'] })
  })

  it.each([
    ['JSON', { 'content-type': 'application/json' }, '{"name":"a"}', 415, 'unsupported_media_type'],
    ['a long value', FORM, 'name=123456', 400, 'validation_failed'],
    ['another field', FORM, 'name=a&role=owner', 400, 'validation_failed'],
    ['a repeated field', FORM, 'name=a&name=b', 400, 'validation_failed'],
  ])('does not take %s', async (_, headers, body, statusCode, code) => {
    expect(await call('POST', '/test/form', headers, body)).toMatchObject({ statusCode, body: { code } })
  })
})
