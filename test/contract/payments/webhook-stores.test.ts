import { describe, expect, it } from 'vitest'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from '../../../functions/payments/changes/changes.store.ts'
import { Changes } from '../../../functions/payments/changes/changes.ts'
import { createObjectsStore } from '../../../functions/payments/objects/objects.store.ts'
import { createFindWebhook, createKeepWebhook } from '../../../functions/payments/webhooks/in/received.store.ts'
import { fateWrite, type ReceivedWebhook } from '../../../functions/payments/webhooks/in/received.ts'
import { MAX_WEBHOOK_BYTES, type WebhookSource } from '../../../functions/payments/webhooks/in/source.ts'
import { createSourcesStore } from '../../../functions/payments/webhooks/in/sources.store.ts'
import {
  createDeliveriesStore,
  MAX_LISTED_ATTEMPTS,
} from '../../../functions/payments/webhooks/out/deliveries.store.ts'
import {
  afterAttempt,
  attemptWrite,
  type Delivery,
  deliveryWrite,
  newDelivery,
  park,
  unpark,
} from '../../../functions/payments/webhooks/out/delivery.ts'
import { scratchTable } from './scratch-table.ts'

const table = scratchTable()
const NOW = new Date('2026-11-21T12:00:00.000Z')
const ids = createIds({ now: () => new Date() }, systemRandom)
const changesStore = createChangesStore(table.client, table.name, systemRandom)
const objects = createObjectsStore(table.client, table.name)

describe('a source', () => {
  const sources = createSourcesStore(table.client, table.name)
  const made = async (): Promise<WebhookSource> => {
    const at = NOW.toISOString()
    const id = ids('src')
    const source: WebhookSource = {
      ...{ id, workspaceId: ids('wsp'), name: 'Shop', kind: 'stripe', version: 1, createdAt: at, updatedAt: at },
      secrets: [{ sealed: 'sealed', hint: 'abcd', createdAt: at, expiresAt: null }],
    }
    await sources.create(source)
    return source
  }

  it('is found by its id, and listed in its workspace', async () => {
    const source = await made()
    expect(await sources.find(source.id)).toMatchObject(source)
    const { items } = await objects.rows<WebhookSource>('source', source.workspaceId, { limit: 5 })
    expect(items).toEqual([source])
  })

  it('is changed by one of two, and deleted only as it is', async () => {
    const source = await made()
    const change = (name: string) => sources.replace(source, { ...source, name, version: 2 })
    const outcomes = await Promise.all([change('A'), change('B')])
    expect(outcomes.toSorted((a, b) => Number(a) - Number(b))).toEqual([false, true])
    expect(await sources.remove(source)).toBe(false)
    expect(await sources.remove({ ...source, version: 2 })).toBe(true)
    expect(await sources.find(source.id)).toBeUndefined()
  })

  it.each(['', 'src_1', 'ord_01KDVDNA5T9M8F5B6C1D0E2R3Q', 'x'.repeat(3_000)])(
    'is never looked for as %.20s',
    async (id) => {
      expect(await sources.find(id)).toBeUndefined()
    },
  )
})

describe('a received webhook', () => {
  const keep = createKeepWebhook(table.client, table.name)
  const find = createFindWebhook(table.client, table.name)
  const webhook = (over: Partial<ReceivedWebhook> = {}): ReceivedWebhook => ({
    ...{ workspaceId: ids('wsp'), sourceId: ids('src'), messageId: 'evt_1', type: 'x', orderId: null, reason: null },
    ...{ receivedAt: NOW.toISOString(), since: NOW.toISOString(), status: 'received', replays: 0, version: 1 },
    body: Buffer.from([0, 255, 13, 10, 0xf0, 0x9f]),
    traceparent: '',
    ...over,
  })

  it('is kept by one of many who bring it at once, with its very bytes', async () => {
    const one = webhook()
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => keep(one)))
    expect(outcomes.filter(Boolean)).toHaveLength(1)
    const found = await find(one.sourceId, one.messageId)
    expect(Buffer.from(found?.body ?? []).equals(Buffer.from(one.body))).toBe(true)
    expect(await find(one.sourceId, 'evt_2')).toBeUndefined()
  })

  it('has room for the largest body', async () => {
    const one = webhook({ body: new Uint8Array(MAX_WEBHOOK_BYTES).fill(0x61), messageId: 'm'.repeat(200) })
    expect(await keep(one)).toBe(true)
    expect((await find(one.sourceId, one.messageId))?.body.byteLength).toBe(MAX_WEBHOOK_BYTES)
  })

  it('meets its fate once, keeps its body, and moves from one list to the other', async () => {
    const one = webhook()
    await keep(one)
    const settle = (orderId: string) => {
      const changes = new Changes()
      changes.also(fateWrite(one, { status: 'applied', orderId }, NOW))
      return changesStore.commit(changes)
    }
    const outcomes = await Promise.all([settle('ord_1'), settle('ord_2')])
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['committed', 'conflict'])
    const listed = async (ownerId?: string) =>
      (await objects.rows<ReceivedWebhook>('received', one.workspaceId, { limit: 5, ownerId })).items
    expect(await listed('received')).toEqual([])
    expect(await listed('applied')).toMatchObject([{ messageId: 'evt_1', status: 'applied', version: 2 }])
    expect(await listed()).toHaveLength(1)
    expect((await find(one.sourceId, one.messageId))?.body.byteLength).toBe(one.body.byteLength)
  })
})

describe('a delivery', () => {
  const deliveries = createDeliveriesStore(table.client, table.name)
  const ref = () => ({ workspaceId: ids('wsp'), endpointId: ids('we'), eventId: ids('evt') })
  const write = (before: Delivery | undefined, after: Delivery) => {
    const changes = new Changes()
    changes.also(deliveryWrite(before, after))
    return changesStore.commit(changes)
  }

  it('is made once, and listed with its endpoint', async () => {
    const delivery = newDelivery(ref(), { type: 'order.paid', traceparent: '' }, NOW)
    const outcomes = await Promise.all([write(undefined, delivery), write(undefined, delivery)])
    expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['committed', 'conflict'])
    expect(await deliveries.find(delivery)).toMatchObject({ status: 'pending', round: 0 })
    const range = { limit: 5, ownerId: delivery.endpointId }
    const { items } = await objects.rows<Delivery>('delivery', delivery.workspaceId, range)
    expect(items).toMatchObject([{ eventId: delivery.eventId }])
  })

  it('that waits with its endpoint is found there, the oldest first, until it no longer waits', async () => {
    const [workspaceId, endpointId] = [ids('wsp'), ids('we')]
    const made = (n: number) =>
      newDelivery(
        { workspaceId, endpointId, eventId: ids('evt') },
        { type: 'x', traceparent: '' },
        new Date(NOW.getTime() - n),
      )
    const all = [made(1), made(3), made(2)]
    for (const delivery of all) await write(undefined, delivery)
    const waiting = async () => (await deliveries.parked({ workspaceId, endpointId }, 10)).map(({ eventId }) => eventId)
    expect(await waiting()).toEqual([])
    for (const delivery of all) await write(delivery, park(delivery, NOW))
    const [newest, oldest, middle] = all.map(({ eventId }) => eventId)
    expect(await waiting()).toEqual([oldest, middle, newest])
    expect((await deliveries.parked({ workspaceId, endpointId }, 1)).map(({ eventId }) => eventId)).toEqual([oldest])
    const parked = await deliveries.find({ workspaceId, endpointId, eventId: oldest ?? '' })
    if (parked === undefined) throw new Error('expected the delivery')
    expect(parked).not.toHaveProperty('duePk')
    expect(await write(parked, unpark(parked, NOW))).toEqual({ kind: 'committed' })
    expect(await waiting()).toEqual([middle, newest])
  })

  it('lists its attempts, the latest first, and as many as it may', async () => {
    let delivery = newDelivery(ref(), { type: 'order.paid', traceparent: '' }, NOW)
    await write(undefined, delivery)
    const made = { at: NOW.toISOString(), durationMs: 1, status: 503, error: 'http_503', answer: '' }
    for (let number = 1; number <= MAX_LISTED_ATTEMPTS + 2; number += 1) {
      const changes = new Changes()
      const after = afterAttempt(delivery, { number, ...made }, 'failed', NOW)
      changes.also(deliveryWrite(delivery, after))
      changes.also(attemptWrite(after, { number, ...made }))
      expect((await changesStore.commit(changes)).kind).toBe('committed')
      delivery = after
    }
    const listed = await deliveries.attempts(delivery)
    expect(listed).toHaveLength(MAX_LISTED_ATTEMPTS)
    expect(listed.map(({ number }) => number).slice(0, 2)).toEqual([MAX_LISTED_ATTEMPTS + 2, MAX_LISTED_ATTEMPTS + 1])
    expect(await deliveries.attempts({ ...delivery, eventId: 'evt_other' })).toEqual([])
  })
})
