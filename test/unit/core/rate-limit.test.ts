import { DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { documentClient } from '#core/document-client.store.ts'
import { rateLimitStore } from '#core/rate-limit.store.ts'
import {
  DEFAULT_LIMITS,
  type Limit,
  type RateLimitStore,
  rateLimited,
  rateLimiter,
  rateLimitHeaders,
  usage,
  windowStart,
} from '#core/rate-limit.ts'
import { clockAt, NOW, testLog } from './doubles.ts'
import { memoryRateLimitStore } from './memory-stores.ts'

const MINUTE = 60_000

describe('a window', () => {
  const time = fc.integer({ min: 0, max: 4_102_444_800_000 })
  const length = fc.integer({ min: 1_000, max: 86_400_000 })

  it('holds its moment, and is the same for all moments in it', () => {
    fc.assert(
      fc.property(
        time,
        length,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (now, windowMs, part) => {
          const start = windowStart(now, windowMs)
          expect(start % windowMs).toBe(0)
          expect(start).toBeLessThanOrEqual(now)
          expect(now).toBeLessThan(start + windowMs)
          expect(windowStart(start + Math.floor(part * windowMs), windowMs)).toBe(start)
          expect(windowStart(start + windowMs, windowMs)).toBe(start + windowMs)
        },
      ),
    )
  })

  it('never promises more than the limit, nor less than nothing', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: 1, max: 1e7 }),
        length,
        (requests, count, windowMs) => {
          const used = usage('read', { requests, windowMs }, count, windowMs)
          expect(used.remaining).toBe(Math.max(0, requests - count))
          expect(used.exceeded).toBe(count > requests)
          expect(used.resetSeconds).toBe(Math.ceil(windowMs / 1_000))
        },
      ),
    )
    // A retry in the last millisecond of a window must not come at once.
    expect(usage('read', { requests: 1, windowMs: MINUTE }, 2, 1).resetSeconds).toBe(1)
  })
})

describe('the headers', () => {
  it('are those of draft-ietf-httpapi-ratelimit-headers', () => {
    const used = usage('write', { requests: 600, windowMs: MINUTE }, 1, 30_500)
    expect(rateLimitHeaders(used)).toEqual({
      'ratelimit-policy': '"write";q=600;w=60',
      ratelimit: '"write";r=599;t=31',
    })
  })

  it('of a refusal say when to come back', () => {
    const problem = rateLimited(usage('write', { requests: 600, windowMs: MINUTE }, 601, 30_500))
    expect([problem.status, problem.headers]).toEqual([429, { 'retry-after': '31' }])
  })
})

describe('the limiter', () => {
  const limits: Record<'write', Limit> = { write: { requests: 2, windowMs: MINUTE } }

  function setUp(store: RateLimitStore = memoryRateLimitStore()) {
    const clock = clockAt(NOW)
    const asked: unknown[] = []
    const limiter = rateLimiter({
      clock,
      limits,
      store: {
        async count(...window) {
          asked.push(window)
          return store.count(...window)
        },
      },
    })
    const { log, line } = testLog()
    return { clock, asked, line, limiter, log, hit: (subject = 'key#1') => limiter.hit(subject, 'write', log) }
  }

  it('lets the limit through and refuses one more, until the window ends', async () => {
    const { hit, clock } = setUp()
    clock.advance(MINUTE / 2)
    const results = [await hit(), await hit(), await hit()]
    expect(results.map((used) => [used?.remaining, used?.exceeded])).toEqual([
      [1, false],
      [0, false],
      [0, true],
    ])
    clock.advance(MINUTE / 2 - 1)
    expect((await hit())?.exceeded).toBe(true)
    clock.advance(1)
    expect(await hit()).toMatchObject({ exceeded: false, remaining: 1 })
  })

  it('counts every subject and class by itself', async () => {
    const { hit, limiter, log } = setUp()
    await hit()
    await hit()
    expect((await hit('key#2'))?.remaining).toBe(1)
    expect((await limiter.hit('key#1', 'read', log))?.remaining).toBe(DEFAULT_LIMITS.read.requests - 1)
  })

  it('writes no more once it has seen the limit overrun', async () => {
    const { hit, asked } = setUp()
    for (let index = 0; index < 10; index += 1) await hit()
    expect(asked).toHaveLength(3)
  })

  it('lets the request through when the count can not be written, and says so', async () => {
    const { hit, line } = setUp({
      async count() {
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
      },
    })
    expect(await hit()).toBeUndefined()
    expect(line()).toMatchObject({
      level: 'warn',
      rateLimitSkipped: 1,
      notes: [{ message: 'rate limit not counted, request let through', limitClass: 'write' }],
    })
  })
})

describe('the store', () => {
  const dynamo = mockClient(DynamoDBDocumentClient)
  afterEach(() => dynamo.reset())
  const store = rateLimitStore(documentClient(), 'backlot-test')

  it('counts with one write, without a condition and without a read', async () => {
    dynamo.on(UpdateCommand).resolves({ Attributes: { hits: 17 } })
    const start = Date.parse(NOW)
    expect(await store.count('key#1', 'write', start, MINUTE)).toBe(17)
    expect(dynamo.calls()).toHaveLength(1)
    const { input } = dynamo.commandCalls(UpdateCommand)[0]?.args[0] ?? {}
    expect(input).toEqual({
      TableName: 'backlot-test',
      Key: { pk: 'kit#rate#key#1', sk: `write#${start}` },
      UpdateExpression: 'ADD hits :one SET #ttl = :ttl',
      ExpressionAttributeNames: { '#ttl': 'ttl' },
      ExpressionAttributeValues: { ':one': 1, ':ttl': start / 1_000 + 120 },
      ReturnValues: 'UPDATED_NEW',
    })
  })

  it('does not take a missing count for zero', async () => {
    dynamo.on(UpdateCommand).resolves({})
    await expect(store.count('key#1', 'write', 0, MINUTE)).rejects.toThrow(
      'expected the updated counter, got undefined',
    )
  })
})
