import { describe, expect, it } from 'vitest'
import type { NodeAnswer } from '../../../functions/auth/oauth2/node-http.ts'
import {
  callerOf,
  createTokenThrottle,
  REQUESTS,
  throttled,
  WRONG_BY_CLIENT,
  WRONG_FROM_PLACE,
} from '../../../functions/auth/oauth2/token-throttle.ts'
import { clockAt, testLog } from '../core/doubles.ts'
import { memoryRateLimitStore } from '../core/memory-stores.ts'
import { tokenRequest } from './engine.ts'

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`
const answerOf = (statusCode: number, error?: string): NodeAnswer => ({
  ...{ statusCode, headers: {}, multiValueHeaders: {}, isBase64Encoded: false },
  body: JSON.stringify({ error }),
})
const WRONG = answerOf(401, 'invalid_client')

/** One execution environment; two may share a store. */
function setup(store = memoryRateLimitStore()) {
  const clock = clockAt('2026-11-21T10:00:00.000Z')
  const throttle = createTokenThrottle(store, clock)
  const { log } = testLog()
  let asked = 0
  const send = (answer: NodeAnswer, client = 'cli_1', clientIp = '203.0.113.7') =>
    throttled({ ...tokenRequest({}, basic(`${client}:x`)), clientIp }, throttle, log, async () => {
      asked += 1
      return answer
    })
  return { store, clock, send, asked: () => asked }
}

describe('wrong client secrets', () => {
  it('are slowed down by client and place, in the words of RFC 6749', async () => {
    const { send, asked, clock } = setup()
    for (let n = 0; n < WRONG_BY_CLIENT.requests; n += 1) expect(await send(WRONG)).toBe(WRONG)
    const slowed = await send(WRONG)
    expect(slowed).toMatchObject({ statusCode: 429, headers: { 'retry-after': '900', 'cache-control': 'no-store' } })
    expect(JSON.parse(slowed.body)).toMatchObject({ error: 'temporarily_unavailable' })
    const before = asked()
    expect((await send(answerOf(200))).statusCode).toBe(429)
    expect(asked()).toBe(before)
    // Nobody is locked out from elsewhere, and no other client from there.
    expect((await send(answerOf(200), 'cli_1', '203.0.113.8')).statusCode).toBe(200)
    expect((await send(answerOf(200), 'cli_2')).statusCode).toBe(200)
    clock.advance(WRONG_BY_CLIENT.windowMs)
    expect((await send(answerOf(200))).statusCode).toBe(200)
  })

  it('are slowed down by place, whatever client they are for', async () => {
    const { send } = setup()
    for (let n = 0; n < WRONG_FROM_PLACE.requests; n += 1) expect((await send(WRONG, `cli_${n}`)).statusCode).toBe(401)
    expect((await send(WRONG, 'cli_more')).statusCode).toBe(429)
    expect((await send(answerOf(200), 'cli_good')).statusCode).toBe(429)
    expect((await send(answerOf(200), 'cli_good', '203.0.113.8')).statusCode).toBe(200)
  })

  it('are counted for all environments together', async () => {
    const one = setup()
    const two = setup(one.store)
    for (let n = 0; n < WRONG_BY_CLIENT.requests; n += 1) await one.send(WRONG)
    expect((await two.send(WRONG)).statusCode).toBe(429)
  })
})

it('so many requests of one client from one place, and one more', async () => {
  const { send } = setup()
  for (let n = 0; n < REQUESTS.requests; n += 1) expect((await send(answerOf(200))).statusCode).toBe(200)
  expect(await send(answerOf(200))).toMatchObject({ statusCode: 429, headers: { 'retry-after': '60' } })
})

it('a refused code is no wrong secret', async () => {
  const { send } = setup()
  for (let n = 0; n <= WRONG_BY_CLIENT.requests; n += 1)
    expect((await send(answerOf(400, 'invalid_grant'))).statusCode).toBe(400)
})

it.each([
  [tokenRequest({ client_id: 'cli_1' }), 'cli_1'],
  [tokenRequest({ client_id: 'cli_1' }, basic('cli_2:secret')), 'cli_2'],
  [tokenRequest({}), ''],
  [{ ...tokenRequest({}), body: Uint8Array.of(0xff) }, ''],
  [{ ...tokenRequest({ client_id: 'cli_1' }), path: '/oauth2/revoke' }, 'cli_1'],
  [{ ...tokenRequest({ client_id: 'cli_1' }), path: '/oauth2/authorize' }, undefined],
  [{ ...tokenRequest({ client_id: 'cli_1' }), method: 'GET' }, undefined],
])('a caller is known before it is believed %#', (request, clientId) => {
  expect(callerOf(request)?.clientId).toBe(clientId)
})
