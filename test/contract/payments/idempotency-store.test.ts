import { GetCommand } from '@aws-sdk/lib-dynamodb'
import { describe, expect, it } from 'vitest'
import { DAY, MINUTE, SECOND } from '#core/clock.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from '../../../functions/payments/changes/changes.store.ts'
import { Changes } from '../../../functions/payments/changes/changes.ts'
import { idempotencyKey, objectKey } from '../../../functions/payments/payments-keys.ts'
import { createIdempotencyStore } from '../../../functions/payments/stripe/idempotency.store.ts'
import {
  COMPLETION_LABEL,
  hashOf,
  type KeptAnswer,
  type KeyUse,
} from '../../../functions/payments/stripe/idempotency.ts'
import { scratchTable } from './scratch-table.ts'

const table = scratchTable()
const store = createIdempotencyStore(table.client, table.name)
const changesStore = createChangesStore(table.client, table.name, systemRandom)

const NOW = new Date('2026-11-21T12:00:00.000Z')
const LEASE = new Date(NOW.getTime() + 12 * SECOND)
const later = (ms: number) => new Date(NOW.getTime() + ms)

const newUse = (owner = 'req_1'): KeyUse => ({
  ...{ workspaceId: 'wsp_1', keyHash: hashOf(crypto.randomUUID()), fingerprint: hashOf('a'), owner },
})
const ANSWER: KeptAnswer = { status: 200, body: '{"id":"cus_1"}', requestId: 'req_1' }

/** An effect, and the answer with it. */
function effect(use: KeyUse) {
  const id = `cus_${crypto.randomUUID()}`
  const changes = new Changes()
  changes.create({
    ...{ kind: 'customer', id, workspaceId: use.workspaceId, version: 1 },
    ...{ createdAt: NOW.toISOString(), updatedAt: NOW.toISOString() },
  })
  changes.also(store.completion(use, { ...ANSWER, requestId: use.owner }))
  const isThere = async () => {
    const Key = { ...objectKey(use.workspaceId, id) }
    const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key, ConsistentRead: true }))
    return Item !== undefined
  }
  return { changes, isThere }
}

describe('an idempotency key', () => {
  it('is reserved by one of many, and gives its answer to whoever asks the same', async () => {
    const use = newUse()
    const asked = await Promise.all(
      Array.from({ length: 8 }, (_, index) => store.reserve({ ...use, owner: `req_${index}` }, NOW, LEASE)),
    )
    expect(asked.map(({ kind }) => kind).sort()).toEqual(['reserved', ...Array.from({ length: 7 }, () => 'running')])
    const owner = `req_${asked.findIndex(({ kind }) => kind === 'reserved')}`
    expect(await store.complete({ ...use, owner }, ANSWER)).toBe(true)
    expect(await store.reserve({ ...use, owner: 'req_9' }, later(MINUTE), LEASE)).toEqual({
      kind: 'answered',
      answer: ANSWER,
    })
  })

  it('belongs to its request: another one is refused, while it runs, after it, and after a crash', async () => {
    const use = newUse()
    const other = { ...use, owner: 'req_2', fingerprint: hashOf('b') }
    await store.reserve(use, NOW, LEASE)
    expect((await store.reserve(other, NOW, LEASE)).kind).toBe('other_request')
    expect((await store.reserve(other, later(MINUTE), LEASE)).kind).toBe('other_request')
    await store.complete(use, ANSWER)
    expect((await store.reserve(other, later(MINUTE), LEASE)).kind).toBe('other_request')
  })

  it('is kept with the effect in one transaction', async () => {
    const use = newUse()
    await store.reserve(use, NOW, LEASE)
    const { changes, isThere } = effect(use)
    expect(await changesStore.commit(changes)).toEqual({ kind: 'committed' })
    expect(await isThere()).toBe(true)
    expect((await store.reserve({ ...use, owner: 'req_2' }, NOW, LEASE)).kind).toBe('answered')
  })

  it('is taken over when its lease is over; then the first can have no effect any more', async () => {
    const use = newUse()
    const second = { ...use, owner: 'req_2' }
    await store.reserve(use, NOW, LEASE)
    expect((await store.reserve(second, new Date(LEASE.getTime() - 1), LEASE)).kind).toBe('running')
    expect((await store.reserve(second, LEASE, later(MINUTE))).kind).toBe('reserved')
    const late = effect(use)
    expect(await changesStore.commit(late.changes)).toEqual({ kind: 'conflict', over: [COMPLETION_LABEL] })
    expect([await late.isThere(), await store.complete(use, ANSWER)]).toEqual([false, false])
    const mine = effect(second)
    expect(await changesStore.commit(mine.changes)).toEqual({ kind: 'committed' })
    expect(await store.reserve(use, later(2 * MINUTE), LEASE)).toMatchObject({
      kind: 'answered',
      answer: { requestId: 'req_2' },
    })
  })

  it('is free again when it was given back, but never once it has an answer or another owner', async () => {
    const use = newUse()
    const second = { ...use, owner: 'req_2' }
    await store.reserve(use, NOW, LEASE)
    await store.release(second)
    expect((await store.reserve(second, NOW, LEASE)).kind).toBe('running')
    await store.release(use)
    expect((await store.reserve(second, NOW, LEASE)).kind).toBe('reserved')
    // What was under way when the key was given back comes too late.
    const late = effect(use)
    expect((await changesStore.commit(late.changes)).kind).toBe('conflict')
    await store.complete(second, ANSWER)
    await store.release(second)
    expect((await store.reserve(use, NOW, LEASE)).kind).toBe('answered')
  })

  it('is its own again when the SDK repeated a write whose answer was lost', async () => {
    const use = newUse()
    await store.reserve(use, NOW, LEASE)
    expect((await store.reserve(use, NOW, LEASE)).kind).toBe('reserved')
  })

  it('lasts a day, to the second, and is of one workspace', async () => {
    const use = newUse()
    await store.reserve(use, NOW, LEASE)
    await store.complete(use, ANSWER)
    const again = { ...use, owner: 'req_2', fingerprint: hashOf('b') }
    expect((await store.reserve(again, later(DAY - SECOND), LEASE)).kind).toBe('other_request')
    expect((await store.reserve({ ...again, workspaceId: 'wsp_2' }, NOW, LEASE)).kind).toBe('reserved')
    expect((await store.reserve(again, later(DAY), later(DAY + MINUTE))).kind).toBe('reserved')
  })

  it('is stored as a hash', async () => {
    const use = newUse()
    await store.reserve(use, NOW, LEASE)
    const Key = { ...idempotencyKey(use.workspaceId, use.keyHash) }
    const { Item } = await table.client.send(new GetCommand({ TableName: table.name, Key }))
    expect(Object.keys(Item ?? {}).sort()).toEqual(['fingerprint', 'lockedUntil', 'owner', 'pk', 'sk', 'ttl'])
  })
})
