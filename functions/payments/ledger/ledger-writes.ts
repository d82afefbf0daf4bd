/** A ledger transaction as the writes that record it: the transaction, an entry for each posting, the balances. Pure. */
import type { Write } from '../changes/write.ts'
import {
  accountPartition,
  balanceSortKey,
  entrySortKey,
  indexKeys,
  ledgerKey,
  listPartition,
  listSortKey,
} from '../payments-keys.ts'
import { type Account, assertBalanced, type LedgerEntry, type LedgerTransaction } from './ledger.ts'

/** Of each balance: one item takes 1,000 writes a second, and concurrent transactions on it wait for each other. */
export const BALANCE_SHARDS = 8

const NEW = 'attribute_not_exists(pk)'

/** The label of a transaction's own write, by which a conflict names it; its entries fail with it. */
export const ledgerLabel = (key: string): string => `ledger:${key}`
export const isLedgerLabel = (label: string): boolean => label.startsWith('ledger:') || label.startsWith('entry:')

interface Balance {
  readonly account: Account
  readonly currency: string
  debits: number
  credits: number
  entries: number
}

/**
 * All transactions of one commit go to one shard and are summed by account: DynamoDB takes one action per item.
 * @throws UnbalancedError
 */
export function ledgerWrites(transactions: readonly LedgerTransaction[]): readonly Write[] {
  const [first] = transactions
  if (first === undefined) return []
  const balances = new Map<string, Balance>()
  for (const { postings } of transactions)
    for (const { account, currency, side, amount } of postings) {
      const id = `${account}#${currency}`
      const balance = balances.get(id) ?? { account, currency, debits: 0, credits: 0, entries: 0 }
      balance[side === 'debit' ? 'debits' : 'credits'] += amount
      balance.entries += 1
      balances.set(id, balance)
    }
  const shard = shardOf(first.key)
  return [
    ...transactions.flatMap(transactionWrites),
    ...[...balances.values()].map((balance) => balanceWrite(first.workspaceId, balance, shard)),
  ]
}

function transactionWrites(transaction: LedgerTransaction): readonly Write[] {
  assertBalanced(transaction)
  const { workspaceId, key, at, id, description, orderId, postings } = transaction
  const entries = postings.map((posting, position): Write => {
    const entry: LedgerEntry = { ...posting, transactionId: id, key, description, orderId, at }
    const pk = accountPartition(workspaceId, posting.account, posting.currency)
    const Item = { pk, sk: entrySortKey(at, key, position), ...entry }
    return { label: `entry:${key}`, action: { Put: { Item, ConditionExpression: NEW } } }
  })
  const keys = indexKeys({ workspaceId, kind: 'ledger', id: key, createdAt: at, ownerId: orderId })
  const Item = { ...ledgerKey(workspaceId, key), ...keys, ...transaction }
  return [{ label: ledgerLabel(key), action: { Put: { Item, ConditionExpression: NEW } } }, ...entries]
}

/** ADD makes the row when it is not there, so that two first postings of an account don't meet. */
function balanceWrite(workspaceId: string, balance: Balance, shard: number): Write {
  const { account, currency, debits, credits, entries } = balance
  return {
    label: `balance:${account}`,
    action: {
      Update: {
        Key: { pk: accountPartition(workspaceId, account, currency), sk: balanceSortKey(shard) },
        UpdateExpression:
          'ADD #debits :debits, #credits :credits, #entries :entries SET listPk = :listPk, listSk = :listSk',
        ExpressionAttributeNames: { '#debits': 'debits', '#credits': 'credits', '#entries': 'entries' },
        ExpressionAttributeValues: {
          ':debits': debits,
          ':credits': credits,
          ':entries': entries,
          ':listPk': listPartition(workspaceId, 'account'),
          ':listSk': listSortKey(currency, `${account}#${shard}`),
        },
      },
    },
  }
}

/** FNV-1a over the key: even, and the same wherever it is computed. http://www.isthe.com/chongo/tech/comp/fnv/ */
const FNV_OFFSET = 0x811c9dc5
const FNV_PRIME = 0x01000193
function shardOf(key: string): number {
  let hash = FNV_OFFSET
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, FNV_PRIME)
  return (hash >>> 0) % BALANCE_SHARDS
}
