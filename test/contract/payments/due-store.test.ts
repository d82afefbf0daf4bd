import { describe, expect, it } from 'vitest'
import { DAY, SECOND } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from '../../../functions/payments/changes/changes.store.ts'
import { createDueStore } from '../../../functions/payments/clock/due.store.ts'
import { type Charge, newCharge, newIntent } from '../../../functions/payments/intents/intent.ts'
import { createObjectsStore } from '../../../functions/payments/objects/objects.store.ts'
import { changed } from '../../../functions/payments/objects/objects.ts'
import { DUE_SHARDS, type DueEntry } from '../../../functions/payments/payments-keys.ts'
import { scratchTable } from './scratch-table.ts'

const table = scratchTable()
const ids = createIds({ now: () => new Date() }, systemRandom)
const changes = createChangesStore(table.client, table.name, systemRandom)
const objects = createObjectsStore(table.client, table.name)
const due = createDueStore(table.client, table.name)
const workspaceId = ids('wsp')

async function authorised(now: Date): Promise<Charge> {
  const identity = { id: ids('pi'), workspaceId, clientSecret: 'x', orderId: ids('ord'), sessionId: null }
  const intent = newIntent({ amount: 500, currency: 'usd', captureMethod: 'manual' }, identity, now)
  const charge = newCharge(intent, { id: ids('ch'), paymentMethod: 'pm_card_visa', error: null }, now)
  await changes.settle(async (collected) => collected.create(charge))
  return charge
}

async function entriesUpTo(until: Date): Promise<readonly DueEntry[]> {
  const found: DueEntry[] = []
  for (let shard = 0; shard < DUE_SHARDS; shard += 1)
    for await (const entries of due.upTo(shard, until)) found.push(...entries)
  return found
}

describe('what is due', () => {
  it('is there from its very millisecond on, and no longer than the object waits', async () => {
    const now = new Date('2026-11-21T12:00:00.000Z')
    const made = await Promise.all(
      Array.from({ length: 12 }, (_, n) => authorised(new Date(now.getTime() + n * SECOND))),
    )
    const first = new Date(now.getTime() + 7 * DAY)
    expect(await entriesUpTo(new Date(first.getTime() - 1))).toEqual([])
    expect(await entriesUpTo(first)).toEqual([{ kind: 'charge', workspaceId, id: made[0]?.id }])
    const all = new Date(first.getTime() + DAY)
    expect((await entriesUpTo(all)).map(({ id }) => id).toSorted()).toEqual(made.map(({ id }) => id).toSorted())
    const [one] = made
    if (one === undefined) throw new Error('expected a charge')
    const released = changed<Charge>(one, { captureBefore: null, released: true }, now)
    await changes.settle(async (collected) => collected.update(one, released))
    expect((await entriesUpTo(all)).map(({ id }) => id)).not.toContain(one.id)
    // What only the index needs is in no object that is read.
    expect(await objects.get<Charge>('charge', workspaceId, made[1]?.id ?? '')).toEqual(made[1])
  })
})
