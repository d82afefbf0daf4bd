import { PutCommand } from '@aws-sdk/lib-dynamodb'
import { beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from '../../../functions/payments/changes/changes.store.ts'
import { Changes } from '../../../functions/payments/changes/changes.ts'
import type { Operation } from '../../../functions/payments/changes/operation.ts'
import type { Intent, Refund } from '../../../functions/payments/intents/intent.ts'
import { captureIntent, confirmIntent, createIntent } from '../../../functions/payments/intents/operations.ts'
import { loadCharge, loadPayment } from '../../../functions/payments/intents/payments.store.ts'
import { createRefund } from '../../../functions/payments/intents/refund-operations.ts'
import { createLedgerStore } from '../../../functions/payments/ledger/ledger.store.ts'
import { type LedgerTransaction, transfer } from '../../../functions/payments/ledger/ledger.ts'
import { readTrialBalance } from '../../../functions/payments/ledger/read-trial-balance.ts'
import { isBalanced } from '../../../functions/payments/ledger/trial-balance.ts'
import { createObjectsStore } from '../../../functions/payments/objects/objects.store.ts'
import { applyExternalFact } from '../../../functions/payments/orders/external-facts.ts'
import type { Order } from '../../../functions/payments/orders/order.ts'
import { createReferencesStore } from '../../../functions/payments/orders/references.store.ts'
import { createCountersStore } from '../../../functions/payments/receipts/counters.store.ts'
import { issueReceipts } from '../../../functions/payments/receipts/issue-receipts.ts'
import type { Receipt } from '../../../functions/payments/receipts/receipt.ts'
import { scratchTable } from './scratch-table.ts'

const { client, name } = scratchTable()
const ids = createIds(systemClock, systemRandom)
const objects = createObjectsStore(client, name)
const store = createChangesStore(client, name, systemRandom)
const ledger = createLedgerStore(client, name)
const references = createReferencesStore(client, name)

let workspaceId: string
beforeAll(() => {
  workspaceId = ids('wsp')
})

const operationOn = (changes: Changes): Operation => ({
  changes,
  ids,
  random: systemRandom,
  cause: { now: systemClock.now(), requestId: null, idempotencyKey: null, traceparent: '' },
})

async function intent(amount: number, captureMethod: 'automatic' | 'manual' = 'automatic'): Promise<string> {
  return store.settle(async (changes) => {
    const input = { amount, currency: 'usd', captureMethod, paymentMethod: 'pm_card_visa' }
    const made = createIntent(operationOn(changes), { workspaceId, input })
    if (!made.ok) throw new Error(made.message)
    return made.intent.id
  })
}

async function loaded(id: string) {
  const payment = await loadPayment(objects, workspaceId, id)
  if (payment === undefined) throw new Error(`expected ${id}`)
  return payment
}

const confirmed = (id: string) =>
  store.settle(async (changes) => confirmIntent(operationOn(changes), await loaded(id), {}))

describe('changes', () => {
  it('are written together, with the versions that were decided', async () => {
    const id = await intent(10_000)
    const outcome = await confirmed(id)
    expect(outcome.ok).toBe(true)
    const { intent: stored, charge, order } = await loaded(id)
    expect(stored).toMatchObject({ status: 'succeeded', amountReceived: 10_000, version: 2 })
    expect(charge).toMatchObject({ amountCaptured: 10_000, captured: true })
    expect(order).toMatchObject({ status: 'paid', captured: 10_000 })
    const transaction = await ledger.transaction(workspaceId, `${charge?.id}:captured:10000`)
    expect(transaction?.id).toBe(charge?.transactionId)
    const { items } = await objects.events(workspaceId, { limit: 10, ownerId: id })
    expect(items.map(({ type }) => type).toSorted()).toEqual(['payment_intent.created', 'payment_intent.succeeded'])
  })

  it('are refused whole when one condition does not hold, and say which', async () => {
    const id = await intent(5_000)
    const before = await loaded(id)
    await confirmed(id)
    const changes = new Changes()
    confirmIntent(operationOn(changes), before, {})
    const committed = await store.commit(changes)
    expect(committed).toEqual({ kind: 'conflict', over: expect.arrayContaining([id, before.order.id]) })
    const charges = await objects.list('charge', workspaceId, { limit: 10, ownerId: id })
    expect(charges.items.length).toBe(1)
  })

  it('take further writes of the caller, whose conditions count as well', async () => {
    const Item = { pk: `KEY#${workspaceId}#one`, sk: 'KEY' }
    await client.send(new PutCommand({ TableName: name, Item }))
    const changes = new Changes()
    createIntent(operationOn(changes), { workspaceId, input: { amount: 100, currency: 'usd' } })
    changes.also({ label: 'idempotency', action: { Put: { Item, ConditionExpression: 'attribute_not_exists(pk)' } } })
    expect(await store.commit(changes)).toEqual({ kind: 'conflict', over: ['idempotency'] })
  })
})

describe('races', () => {
  it('of 12 captures have one winner', async () => {
    const id = await intent(10_000, 'manual')
    await confirmed(id)
    const capturing = Array.from({ length: 12 }, (_, index) =>
      store.settle(async (changes) => captureIntent(operationOn(changes), await loaded(id), 5_000 + index)),
    )
    const outcomes = await Promise.all(capturing)
    expect(outcomes.filter(({ ok }) => ok).length).toBe(1)
    const { intent: stored, order } = await loaded(id)
    expect(order.captured).toBe(stored.amountReceived)
  })

  it('of 12 refunds never give back more than was taken', async () => {
    const id = await intent(10_000)
    await confirmed(id)
    const chargeId = (await loaded(id)).charge?.id ?? ''
    const refunding = Array.from({ length: 12 }, () =>
      store
        .settle(async (changes) => {
          const paid = await loadCharge(objects, workspaceId, chargeId)
          if (paid === undefined) throw new Error(`expected ${chargeId}`)
          return createRefund(operationOn(changes), paid, { amount: 3_000 })
        })
        .catch((error: Error) => error.name),
    )
    const outcomes = await Promise.all(refunding)
    const { items } = await objects.list<Refund>('refund', workspaceId, { limit: 100, ownerId: id })
    const given = items.reduce((sum, { amount }) => sum + amount, 0)
    expect(given).toBe(9_000)
    expect(outcomes.filter((outcome) => typeof outcome === 'object' && outcome.ok).length).toBe(3)
    expect((await loaded(id)).order.refunded).toBe(9_000)
  })

  it('of facts about one payment elsewhere make one order', async () => {
    const externalId = `ext_${ids('x')}`
    const told = (kind: 'captured' | 'refunded', amount: number) =>
      store.settle(async (changes) =>
        applyExternalFact(
          operationOn(changes),
          { workspaceId, source: 'src_shop', externalId, fact: { kind, amount, currency: 'eur' } },
          { objects, references },
        ),
      )
    const outcomes = await Promise.all([
      told('captured', 400),
      told('refunded', 300),
      told('captured', 1_000),
      told('captured', 400),
      told('refunded', 100),
    ])
    const [orderId] = new Set(outcomes.map((outcome) => outcome.orderId))
    const order = await objects.get<Order>('order', workspaceId, orderId ?? '')
    expect(order).toMatchObject({ captured: 1_000, refunded: 300, status: 'partially_refunded', externalId })
    const sums = await ledger.balances(workspaceId, 'eur')
    expect(sums.find(({ account }) => account === 'assets:processor')).toMatchObject({ debits: 1_000, credits: 300 })
  })
})

describe('the ledger', () => {
  it('balances in every currency, and its entries say the same', async () => {
    const balances = await readTrialBalance(ledger, workspaceId, true)
    expect(balances.map(({ currency }) => currency).toSorted()).toEqual(['eur', 'usd'])
    expect(balances.every(({ recomputed }) => recomputed)).toBe(true)
    expect(isBalanced(balances)).toBe(true)
  })

  it('lists entries page by page', async () => {
    const seen: string[] = []
    let after: string | undefined
    for (;;) {
      const page = await ledger.entries(workspaceId, 'assets:processor', 'usd', { limit: 3, after })
      seen.push(...page.items.map(({ position }) => position))
      after = page.items.at(-1)?.position
      if (!page.hasMore) break
    }
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed())
    const sums = await ledger.balances(workspaceId, 'usd')
    expect(seen.length).toBe(sums.find(({ account }) => account === 'assets:processor')?.entries)
  })
})

describe('a business key', () => {
  const postingOf = (amount: number): LedgerTransaction => ({
    id: ids('txn'),
    workspaceId,
    key: 'ch_once:captured:500',
    description: 'captured',
    postings: transfer('assets:processor', 'revenue:sales', amount, 'gbp'),
    orderId: 'ord_once',
    at: '2026-11-21T10:00:00.000Z',
    traceparent: '',
  })
  const post = (amount: number) => store.settle(async (changes) => changes.post(postingOf(amount)))

  it('is posted once, and with other fields not at all', async () => {
    await post(500)
    await expect(post(501)).rejects.toThrow('exists_with_different_amount')
    const sums = await ledger.balances(workspaceId, 'gbp')
    expect(sums.find(({ account }) => account === 'assets:processor')).toMatchObject({ debits: 500, entries: 1 })
  })
})

describe('lists', () => {
  it('go back and forth, bounded by time, without losing or repeating', async () => {
    const other = ids('wsp')
    const made: Intent[] = []
    for (let index = 0; index < 7; index += 1) {
      const at = new Date(Date.UTC(2026, 0, 1, 0, 0, Math.floor(index / 2)))
      const object = { ...(await loaded(await intent(1_000))).intent, workspaceId: other, id: ids('pi') }
      const stored: Intent = { ...object, createdAt: at.toISOString(), version: 1 }
      const changes = new Changes()
      changes.create(stored)
      await store.commit(changes)
      made.push(stored)
    }
    const order = made
      .toSorted((a, b) => (`${a.createdAt}#${a.id}` < `${b.createdAt}#${b.id}` ? 1 : -1))
      .map(({ id }) => id)
    const page = (range: object) => objects.list<Intent>('payment_intent', other, { limit: 3, ...range })
    const first = await page({})
    expect(first.items.map(({ id }) => id)).toEqual(order.slice(0, 3))
    const second = await page({ after: first.items.at(-1) })
    expect(second.items.map(({ id }) => id)).toEqual(order.slice(3, 6))
    expect(second.hasMore).toBe(true)
    const back = await page({ before: second.items[0] })
    expect(back.items.map(({ id }) => id)).toEqual(order.slice(0, 3))
    expect(back.hasMore).toBe(false)
    const bounded = await page({ from: '2026-01-01T00:00:01.000Z', until: '2026-01-01T00:00:02.000Z', limit: 10 })
    expect(bounded.items.length).toBe(2)
  })

  it('find nothing by what is no id', async () => {
    expect(await objects.get('order', workspaceId, 'x'.repeat(3_000))).toBeUndefined()
  })
})

describe('receipts', () => {
  it('of 8 orders paid at once have numbers without gaps, each issued once', async () => {
    const workspace = ids('wsp')
    const counters = createCountersStore(client, name)
    const commands: string[] = []
    const services = {
      ...{ objects, changes: store, counters },
      findWorkspace: async (id: string) => ({ id, name: 'Contract', createdAt: '' }),
      enqueueTask: async ({ id }: { id: string }) => {
        commands.push(id)
      },
    }
    const orders: string[] = []
    for (let index = 0; index < 8; index += 1) {
      const changes = new Changes()
      const input = { amount: 700, currency: 'usd', paymentMethod: 'pm_card_visa', receiptEmail: 'a@example.com' }
      const operation = operationOn(changes)
      const made = createIntent(operation, { workspaceId: workspace, input })
      if (!made.ok) throw new Error(made.message)
      confirmIntent(operation, made, {})
      await store.commit(changes)
      orders.push(made.order.id)
    }
    const issuing = [...orders, ...orders].map((orderId) =>
      issueReceipts(workspace, [{ workspaceId: workspace, orderId, traceparent: '' }], services, systemClock.now()),
    )
    const settled = await Promise.allSettled(issuing)
    const lost = orders.filter(
      (_, index) => settled[index]?.status === 'rejected' && settled[index + 8]?.status === 'rejected',
    )
    for (const orderId of lost)
      await issueReceipts(
        workspace,
        [{ workspaceId: workspace, orderId, traceparent: '' }],
        services,
        systemClock.now(),
      )
    // Together, as a batch of messages brings them: all were issued, none is issued again.
    const batch = orders.map((orderId) => ({ workspaceId: workspace, orderId, traceparent: '' }))
    expect((await issueReceipts(workspace, batch, services, systemClock.now())).length).toBe(8)
    const { items } = await objects.list<Receipt>('receipt', workspace, { limit: 100 })
    const year = systemClock.now().getUTCFullYear()
    const numbers = items.map(({ number }) => number).toSorted()
    expect(numbers).toEqual(orders.map((_, index) => `${year}-${String(index + 1).padStart(6, '0')}`))
    expect(new Set(commands).size).toBe(8)
  })
})
