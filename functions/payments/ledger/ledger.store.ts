/**
 * Reads the ledger; it is written with what it is about, by `changes.store.ts`. The balances of one currency are read in
 * one transaction, so they belong together even while others post.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type DynamoDBDocumentClient,
  GetCommand,
  paginateQuery,
  QueryCommand,
  TransactGetCommand,
  type TransactGetCommandOutput,
} from '@aws-sdk/lib-dynamodb'
import { cancellationCodes } from '#core/transact.store.ts'
import type { Listed } from '../objects/objects.store.ts'
import {
  accountPartition,
  balanceSortKey,
  ENTRY_PREFIX,
  LIST_INDEX,
  ledgerKey,
  listPartition,
} from '../payments-keys.ts'
import { ACCOUNT_NAMES, type Account, type LedgerEntry, type LedgerTransaction } from './ledger.ts'
import { BALANCE_SHARDS } from './ledger-writes.ts'
import type { AccountSums } from './trial-balance.ts'

export interface LedgerStore {
  transaction(workspaceId: string, key: string): Promise<LedgerTransaction | undefined>
  /** Currencies that anything was ever posted in; a new one may be missing for a moment. */
  currencies(workspaceId: string): Promise<readonly string[]>
  /** Every account of the chart, those without entries with zeros: one consistent reading. */
  balances(workspaceId: string, currency: string): Promise<readonly AccountSums[]>
  /** The same, added up from the entries: reads all of them. */
  recomputed(workspaceId: string, currency: string): Promise<readonly AccountSums[]>
  /** Newest first. `after` is the sort key of the last entry before. */
  entries(
    workspaceId: string,
    account: Account,
    currency: string,
    page: { readonly limit: number; readonly after?: string | undefined },
  ): Promise<Listed<LedgerEntry & { readonly position: string }>>
}

const SHARDS = Array.from({ length: BALANCE_SHARDS }, (_, shard) => shard)
/** Writers hold a balance for some 20 ms. */
const READ_TRIES = 8
const FIRST_PAUSE_MS = 10

export function createLedgerStore(client: DynamoDBDocumentClient, table: string): LedgerStore {
  return {
    async transaction(workspaceId, key) {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: ledgerKey(workspaceId, key), ConsistentRead: true }),
      )
      return Item as LedgerTransaction | undefined
    },
    currencies: (workspaceId) => currencies(client, table, workspaceId),
    balances: (workspaceId, currency) => balances(client, table, workspaceId, currency),
    recomputed: (workspaceId, currency) =>
      Promise.all(ACCOUNT_NAMES.map((account) => addUp(client, table, workspaceId, account, currency))),
    async entries(workspaceId, account, currency, { limit, after }) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :first AND :last',
          ExpressionAttributeValues: {
            ':pk': accountPartition(workspaceId, account, currency),
            ':first': ENTRY_PREFIX,
            ':last': `${ENTRY_PREFIX}~`,
          },
          ...(after !== undefined && {
            ExclusiveStartKey: { pk: accountPartition(workspaceId, account, currency), sk: after },
          }),
          ScanIndexForward: false,
          Limit: limit + 1,
        }),
      )
      const items = Items.slice(0, limit).map(entryOf)
      return { items, hasMore: Items.length > limit }
    },
  }
}

function entryOf(item: Record<string, unknown>): LedgerEntry & { readonly position: string } {
  const { pk: _pk, sk, ...entry } = item
  return { ...(entry as unknown as LedgerEntry), position: sk as string }
}

/** The index is sorted by currency: from the first row of one, the next query jumps behind all of them. */
async function currencies(client: DynamoDBDocumentClient, table: string, workspaceId: string) {
  const found: string[] = []
  for (;;) {
    const last = found.at(-1)
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: LIST_INDEX,
        KeyConditionExpression: 'listPk = :accounts AND listSk > :behind',
        ExpressionAttributeValues: {
          ':accounts': listPartition(workspaceId, 'account'),
          ':behind': last === undefined ? ' ' : `${last}#~`,
        },
        Limit: 1,
      }),
    )
    const [row] = Items
    if (row === undefined) return found
    found.push((row['listSk'] as string).split('#')[0] ?? '')
  }
}

async function balances(client: DynamoDBDocumentClient, table: string, workspaceId: string, currency: string) {
  const TransactItems = ACCOUNT_NAMES.flatMap((account) =>
    SHARDS.map((shard) => ({
      Get: {
        TableName: table,
        Key: { pk: accountPartition(workspaceId, account, currency), sk: balanceSortKey(shard) },
      },
    })),
  )
  const { Responses = [] } = await readTogether(client, TransactItems)
  return ACCOUNT_NAMES.map((account, index): AccountSums => {
    const shards = Responses.slice(index * BALANCE_SHARDS, (index + 1) * BALANCE_SHARDS)
    const sum = (name: 'debits' | 'credits' | 'entries') =>
      shards.reduce((all, { Item }) => all + ((Item?.[name] as number | undefined) ?? 0), 0)
    return { account, debits: sum('debits'), credits: sum('credits'), entries: sum('entries') }
  })
}

type Gets = ConstructorParameters<typeof TransactGetCommand>[0]['TransactItems']

async function readTogether(client: DynamoDBDocumentClient, TransactItems: Gets): Promise<TransactGetCommandOutput> {
  for (let tries = 1; ; tries += 1)
    try {
      return await client.send(new TransactGetCommand({ TransactItems }))
    } catch (error) {
      const conflict = cancellationCodes(error).includes('TransactionConflict')
      if (!conflict || tries >= READ_TRIES) throw error
      await sleep(FIRST_PAUSE_MS * 2 ** tries)
    }
}

async function addUp(
  client: DynamoDBDocumentClient,
  table: string,
  workspaceId: string,
  account: Account,
  currency: string,
): Promise<AccountSums> {
  const sums = { account, debits: 0, credits: 0, entries: 0 }
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :entry)',
    ExpressionAttributeValues: { ':pk': accountPartition(workspaceId, account, currency), ':entry': ENTRY_PREFIX },
    ConsistentRead: true,
  }
  for await (const { Items = [] } of paginateQuery({ client }, query))
    for (const { side, amount } of Items as unknown as readonly LedgerEntry[]) {
      sums[side === 'debit' ? 'debits' : 'credits'] += amount
      sums.entries += 1
    }
  return sums
}
