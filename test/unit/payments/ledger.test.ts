import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Changes, MAX_WRITES } from '../../../functions/payments/changes/changes.ts'
import {
  ACCOUNT_NAMES,
  assertBalanced,
  difference,
  type LedgerTransaction,
  type Posting,
  transfer,
  UnbalancedError,
} from '../../../functions/payments/ledger/ledger.ts'
import { BALANCE_SHARDS, ledgerWrites } from '../../../functions/payments/ledger/ledger-writes.ts'
import { currencyBalance, isBalanced } from '../../../functions/payments/ledger/trial-balance.ts'
import { newOrder, type Order } from '../../../functions/payments/orders/order.ts'
import { START, WORKSPACE } from './payment-world.ts'

const transaction = (key: string, postings: readonly Posting[]): LedgerTransaction => ({
  ...{ key, postings, workspaceId: WORKSPACE },
  id: `txn_${key}`,
  description: 'captured',
  orderId: 'ord_1',
  at: START.toISOString(),
  traceparent: '',
})
const sale = (key: string, amount = 4_200) =>
  transaction(key, transfer('assets:processor', 'revenue:sales', amount, 'usd'))

describe('a ledger transaction', () => {
  const debit = { account: 'assets:processor', side: 'debit', amount: 100, currency: 'usd' } as const
  const credit = { account: 'revenue:sales', side: 'credit', amount: 100, currency: 'usd' } as const

  it.each<[string, readonly Posting[]]>([
    ['nothing', []],
    ['one side', [debit]],
    ['other amounts', [debit, { ...credit, amount: 99 }]],
    ['two currencies', [debit, { ...credit, currency: 'eur' }]],
    [
      'an amount of 0',
      [
        { ...debit, amount: 0 },
        { ...credit, amount: 0 },
      ],
    ],
    [
      'a negative amount',
      [
        { ...debit, amount: -1 },
        { ...credit, amount: -1 },
      ],
    ],
    [
      'fractions',
      [
        { ...debit, amount: 0.5 },
        { ...credit, amount: 0.5 },
      ],
    ],
    [
      'more than a number holds',
      [
        { ...debit, amount: 2 ** 53 },
        { ...credit, amount: 2 ** 53 },
      ],
    ],
  ])('of %s is refused', (_, postings) => {
    expect(() => assertBalanced(transaction('x', postings))).toThrow(UnbalancedError)
    expect(() => ledgerWrites([transaction('x', postings)])).toThrow(UnbalancedError)
  })

  it('may have many postings in many currencies, as long as each adds up', () => {
    const amount = fc.integer({ min: 1, max: 99_999_999 })
    const pair = fc.record({
      amount,
      currency: fc.constantFrom('usd', 'eur', 'jpy'),
      debit: fc.constantFrom(...ACCOUNT_NAMES),
      credit: fc.constantFrom(...ACCOUNT_NAMES),
    })
    fc.assert(
      fc.property(fc.array(pair, { minLength: 1, maxLength: 8 }), fc.nat(), (pairs, at) => {
        const postings = pairs.flatMap((each) => transfer(each.debit, each.credit, each.amount, each.currency))
        expect(() => assertBalanced(transaction('x', postings))).not.toThrow()
        const wrong = postings.map((posting, index) =>
          index === at % postings.length ? { ...posting, amount: posting.amount + 1 } : posting,
        )
        expect(() => assertBalanced(transaction('x', wrong))).toThrow(UnbalancedError)
      }),
    )
  })

  it('with a known key says what differs', () => {
    const before = sale('ch_1:captured:4200')
    expect(difference(before, { ...before, id: 'txn_other', at: '2027-01-01T00:00:00.000Z' })).toBeUndefined()
    expect(difference(before, { ...before, orderId: 'ord_2' })).toBe('exists_with_different_orderId')
    expect(difference(before, sale('ch_1:captured:4200', 4_201))).toBe('exists_with_different_amount')
    expect(difference(before, { ...before, postings: before.postings.slice(1) })).toBe('exists_with_different_postings')
  })
})

describe('the writes of ledger transactions', () => {
  it('are the transaction, an entry for each posting, and one sum for each account', () => {
    const writes = ledgerWrites([
      sale('ch_1:captured:4200'),
      transaction('ch_1:fee', transfer('expenses:fees', 'assets:processor', 152, 'usd')),
    ])
    const labels = writes.map(({ label }) => label)
    expect(labels.filter((label) => label.startsWith('ledger:'))).toEqual([
      'ledger:ch_1:captured:4200',
      'ledger:ch_1:fee',
    ])
    expect(labels.filter((label) => label.startsWith('entry:')).length).toBe(4)
    const sums = writes.flatMap(({ label, action }) =>
      'Update' in action
        ? [
            [
              label,
              action.Update.ExpressionAttributeValues?.[':debits'],
              action.Update.ExpressionAttributeValues?.[':credits'],
            ],
          ]
        : [],
    )
    expect(sums).toEqual([
      ['balance:assets:processor', 4_200, 152],
      ['balance:revenue:sales', 0, 4_200],
      ['balance:expenses:fees', 152, 0],
    ])
  })

  it('spread over all shards', () => {
    const shards = Array.from({ length: 200 }, (_, index) => {
      const update = ledgerWrites([sale(`ch_${index}:captured:1`)]).find(({ action }) => 'Update' in action)?.action
      return update !== undefined && 'Update' in update ? update.Update.Key['sk'] : undefined
    })
    expect(new Set(shards).size).toBe(BALANCE_SHARDS)
  })
})

describe('changes', () => {
  const order = newOrder(
    { id: 'ord_1', workspaceId: WORKSPACE, amount: 100, currency: 'usd', source: 'backlot', externalId: 'pi_1' },
    START,
  )
  const conditions = (changes: Changes) =>
    changes
      .writes()
      .map(({ action }) =>
        'Put' in action
          ? [action.Put.Item['version'], action.Put.ConditionExpression, action.Put.ExpressionAttributeValues]
          : [],
      )
  const next = (before: Order): Order => ({ ...before, version: before.version + 1 })

  it('of one object, one after the other, are written once, on the first condition', () => {
    const changes = new Changes()
    changes.update(order, next(order))
    changes.update(next(order), next(next(order)))
    expect(conditions(changes)).toEqual([[3, 'version = :before', { ':before': 1 }]])
    const created = new Changes()
    created.create(order)
    created.update(order, next(order))
    expect(conditions(created)).toEqual([[2, 'attribute_not_exists(pk)', undefined]])
  })

  it('refuse a change of what is not the latest', () => {
    const changes = new Changes()
    changes.update(order, next(order))
    expect(() => changes.update(order, next(order))).toThrow('expected version 2')
    expect(() => changes.create(order)).toThrow('once')
  })

  it('refuse a key that was posted in them before', () => {
    const changes = new Changes()
    changes.post(sale('ch_1:captured:4200'))
    expect(() => changes.post(sale('ch_1:captured:4200'))).toThrow('once')
  })

  it('have at most as many writes as a transaction takes', () => {
    const full = new Changes()
    for (let index = 0; index < MAX_WRITES; index += 1)
      full.also({ label: `x${index}`, action: { Put: { Item: { pk: `x${index}` } } } })
    expect(full.writes().length).toBe(MAX_WRITES)
    full.also({ label: 'one', action: { Put: { Item: { pk: 'one' } } } })
    expect(() => full.writes()).toThrow(RangeError)
  })
})

describe('the trial balance', () => {
  const stored = [
    { account: 'assets:processor', debits: 100, credits: 30, entries: 2 },
    { account: 'revenue:sales', debits: 0, credits: 70, entries: 1 },
  ] as const

  it('adds up', () => {
    const balance = currencyBalance('usd', stored)
    expect(balance).toMatchObject({ debits: 100, credits: 100 })
    expect(balance.accounts.map((account) => account.balance)).toEqual([70, -70])
    expect(isBalanced([balance])).toBe(true)
  })

  it('tells when entries say otherwise, or a side is missing', () => {
    const [assets, revenue] = stored
    expect(isBalanced([currencyBalance('usd', stored, [assets, { ...revenue, entries: 2 }])])).toBe(false)
    expect(isBalanced([currencyBalance('usd', [assets])])).toBe(false)
  })
})
