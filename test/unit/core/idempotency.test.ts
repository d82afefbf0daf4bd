import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb'
import { DeleteCommand, DynamoDBDocumentClient, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { documentClient } from '#core/document-client.store.ts'
import type { Exchange, HttpAnswer } from '#core/exchange.ts'
import { idempotencyStore } from '#core/idempotency.store.ts'
import {
  IDEMPOTENCY_LIFETIME_MS,
  type IdempotencyStore,
  idempotency,
  LOCK_MARGIN_MS,
  MAX_STORED_BODY_BYTES,
} from '#core/idempotency.ts'
import { clockAt, NOW, testLog } from './doubles.ts'
import { memoryIdempotencyStore } from './memory-stores.ts'

const DONE: HttpAnswer = { status: 201, headers: { location: '/things/1' }, body: '{"id":"1"}' }
const FUNCTION_TIMEOUT_MS = 10_000

function setUp(store: IdempotencyStore = memoryIdempotencyStore()) {
  const clock = clockAt(NOW)
  const idem = idempotency(store, clock)
  const { log, line } = testLog()
  let requests = 0
  const send = (
    run: () => Promise<HttpAnswer> = async () => DONE,
    { key = 'k', workspace = 'wsp_1', body = '{}', path = '/things', query = {}, method = 'POST' } = {},
  ) => {
    requests += 1
    const exchange = {
      request: { method, path, query, body: Buffer.from(body), headers: { 'idempotency-key': key }, clientIp: '' },
      requestId: `request-${requests}`,
      log,
      remainingMs: () => FUNCTION_TIMEOUT_MS,
    } as unknown as Exchange
    return idem.answer(exchange, workspace, run)
  }
  return { clock, send, line, log }
}

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'answered',
    (error: unknown) => (error as { code?: unknown }).code,
  )

describe('an Idempotency-Key', () => {
  it('runs a write once, and gives the stored answer again', async () => {
    const { send } = setUp()
    const run = vi.fn(async () => DONE)
    expect(await send(run)).toEqual(DONE)
    expect(await send(run)).toEqual({ ...DONE, headers: { ...DONE.headers, 'idempotent-replayed': 'true' } })
    expect(run).toHaveBeenCalledTimes(1)
  })

  it.each([
    ['body', { body: '{ }' }],
    ['path', { path: '/other' }],
    ['query', { query: { dry: ['true'] } }],
    ['method', { method: 'PUT' }],
  ])('is refused for a request with another %s', async (_, other) => {
    const { send } = setUp()
    await send()
    expect(await codeOf(send(undefined, other))).toBe('idempotency_key_reused')
  })

  it('does not care for the order of the query', async () => {
    const { send } = setUp()
    await send(undefined, { query: { a: ['1'], b: ['2'] } })
    const again = await send(undefined, { query: { b: ['2'], a: ['1'] } })
    expect(again.headers['idempotent-replayed']).toBe('true')
  })

  it('belongs to its workspace', async () => {
    const { send } = setUp()
    await send()
    expect((await send(undefined, { workspace: 'wsp_2' })).headers['idempotent-replayed']).toBeUndefined()
  })

  it('is refused while the first request runs, and told when to come back', async () => {
    const { send } = setUp()
    let finish: (answer: HttpAnswer) => void = () => {}
    const first = send(() => new Promise((resolve) => (finish = resolve)))
    await vi.waitFor(() => expect(finish).not.toHaveLength(0))
    await expect(send()).rejects.toMatchObject({ code: 'idempotency_in_progress', headers: { 'retry-after': '1' } })
    expect(await codeOf(send(undefined, { body: '{"other":1}' }))).toBe('idempotency_key_reused')
    finish(DONE)
    expect(await first).toEqual(DONE)
  })

  it('is free for the same request once the lock of a crashed run is over, not a millisecond before', async () => {
    const { send, clock } = setUp()
    const crash = send(async () => {
      throw new Error('the process died')
    })
    await expect(crash).rejects.toThrow('died')
    clock.advance(FUNCTION_TIMEOUT_MS + LOCK_MARGIN_MS - 1)
    expect(await codeOf(send())).toBe('idempotency_in_progress')
    clock.advance(1)
    expect(await codeOf(send(undefined, { body: '{"other":1}' }))).toBe('idempotency_key_reused')
    expect(await send()).toEqual(DONE)
  })

  it('does not let a run whose lock was taken over store its answer', async () => {
    const { send, clock, line } = setUp()
    let finish: (answer: HttpAnswer) => void = () => {}
    const slow = send(() => new Promise((resolve) => (finish = resolve)))
    await vi.waitFor(() => expect(finish).not.toHaveLength(0))
    clock.advance(FUNCTION_TIMEOUT_MS + LOCK_MARGIN_MS)
    await send()
    finish({ status: 200, headers: {}, body: 'late' })
    expect((await slow).body).toBe('late')
    expect((await send()).body).toBe(DONE.body)
    expect(line()).toMatchObject({ notes: [{ message: 'idempotency lock was taken over' }] })
  })

  it('is forgotten after 24 hours', async () => {
    const { send, clock } = setUp()
    await send()
    clock.advance(IDEMPOTENCY_LIFETIME_MS - 1)
    expect((await send()).headers['idempotent-replayed']).toBe('true')
    clock.advance(1)
    expect((await send(undefined, { body: '{"other":1}' })).headers['idempotent-replayed']).toBeUndefined()
  })

  it('is free at once after an answer of 5xx: nothing was decided', async () => {
    const { send } = setUp()
    expect((await send(async () => ({ status: 503, headers: {} }))).status).toBe(503)
    expect(await send()).toEqual(DONE)
  })

  it('keeps an answer of 4xx', async () => {
    const { send } = setUp()
    await send(async () => ({ status: 409, headers: {}, body: '{"code":"slug_taken"}' }))
    expect((await send()).status).toBe(409)
  })

  it('does not store an answer that fits no item, and says so', async () => {
    const { send, line } = setUp()
    const atLimit = { ...DONE, body: 'x'.repeat(MAX_STORED_BODY_BYTES) }
    await send(async () => atLimit, { key: 'fits' })
    expect((await send(undefined, { key: 'fits' })).headers['idempotent-replayed']).toBe('true')
    await send(async () => ({ ...DONE, body: `${atLimit.body}x` }))
    expect((await send()).headers['idempotent-replayed']).toBeUndefined()
    expect(line()).toMatchObject({ notes: [{ message: 'answer too large for its idempotency record' }] })
  })

  it('does not take the answer from the caller when the record can not be written: the write is done', async () => {
    const store: IdempotencyStore = {
      ...memoryIdempotencyStore(),
      async complete() {
        throw new Error('throttled')
      },
    }
    const { send, line } = setUp(store)
    expect(await send()).toEqual(DONE)
    expect(line()).toMatchObject({ level: 'warn', notes: [{ message: 'idempotency record not written' }] })
  })

  it.each(['x', '!', '~', 'x'.repeat(255)])('may be %j', async (key) => {
    expect(await setUp().send(undefined, { key })).toEqual(DONE)
  })

  it.each(['', 'x'.repeat(256), 'a b', 'ü', 'a\tb', '\x7f'])('may not be %j', async (key) => {
    expect(await codeOf(setUp().send(undefined, { key }))).toBe('validation_failed')
  })
})

describe('its store', () => {
  const dynamo = mockClient(DynamoDBDocumentClient)
  afterEach(() => dynamo.reset())

  const store = idempotencyStore(documentClient(), 'backlot-test')
  const request = { workspaceId: 'wsp_1', key: 'k#1', fingerprint: 'f1', owner: 'request-1' }
  const now = new Date(NOW)
  const later = new Date(now.getTime() + 12_000)
  const tomorrow = new Date(now.getTime() + 86_400_000)
  const begin = () => store.begin(request, now, later, tomorrow)
  const KEY = { pk: 'kit#idempotency#wsp_1#k#1', sk: 'idempotency' }

  const met = (item: Record<string, unknown>) =>
    dynamo
      .on(PutCommand)
      .rejects(new ConditionalCheckFailedException({ message: '', $metadata: {}, Item: marshall({ ...KEY, ...item }) }))

  it('begins with one conditional write', async () => {
    dynamo.on(PutCommand).resolves({})
    expect(await begin()).toEqual({ kind: 'started' })
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input).toMatchObject({
      TableName: 'backlot-test',
      Item: {
        ...KEY,
        fingerprint: 'f1',
        owner: 'request-1',
        lockedUntil: later.getTime(),
        ttl: tomorrow.getTime() / 1_000,
      },
      ConditionExpression:
        'attribute_not_exists(pk) OR #ttl <= :nowSeconds OR (attribute_exists(lockedUntil) AND lockedUntil <= :now AND fingerprint = :fingerprint)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    })
  })

  it.each([
    [{ owner: 'request-0', fingerprint: 'f0', answer: DONE }, { kind: 'other_request' }],
    [{ owner: 'request-0', fingerprint: 'f0', lockedUntil: 1 }, { kind: 'other_request' }],
    [
      { owner: 'request-0', fingerprint: 'f1', answer: DONE },
      { kind: 'done', answer: DONE },
    ],
    [
      { owner: 'request-0', fingerprint: 'f1', answer: { status: 204, headers: {} } },
      { kind: 'done', answer: { status: 204, headers: {} } },
    ],
    [
      { owner: 'request-0', fingerprint: 'f1', lockedUntil: later.getTime() },
      { kind: 'running', lockedUntil: later },
    ],
    // The SDK repeated a write whose answer was lost: the lock is ours.
    [{ owner: 'request-1', fingerprint: 'f1', lockedUntil: later.getTime() }, { kind: 'started' }],
  ])('that meets %j says %j', async (item, expected) => {
    met(item)
    expect(await begin()).toEqual(expected)
  })

  it('throws on when the write failed otherwise', async () => {
    dynamo.on(PutCommand).rejects(new Error('throttled'))
    await expect(begin()).rejects.toThrow('throttled')
  })

  it('completes and releases only its own lock', async () => {
    const lost = new ConditionalCheckFailedException({ message: '', $metadata: {} })
    dynamo.on(UpdateCommand).resolvesOnce({}).rejects(lost)
    dynamo.on(DeleteCommand).resolvesOnce({}).rejects(lost)
    expect([await store.complete(request, DONE), await store.complete(request, DONE)]).toEqual([true, false])
    await store.release(request)
    await store.release(request)
    for (const call of [...dynamo.commandCalls(UpdateCommand), ...dynamo.commandCalls(DeleteCommand)])
      expect(call.args[0].input).toMatchObject({
        Key: KEY,
        ConditionExpression: '#owner = :owner',
        ExpressionAttributeValues: { ':owner': 'request-1' },
      })
    dynamo.on(UpdateCommand).rejects(new Error('throttled'))
    dynamo.on(DeleteCommand).rejects(new Error('throttled'))
    await expect(store.complete(request, DONE)).rejects.toThrow('throttled')
    await expect(store.release(request)).rejects.toThrow('throttled')
  })
})
