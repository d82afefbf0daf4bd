/**
 * Counters of clicks and the markers that make counting happen once; keys in `link-keys.ts`.
 *
 * One transaction puts the marker of every click (on condition that it is not there) and adds to the counters, so a
 * click is counted and marked, or neither. If some markers are there already, their clicks are dropped and the rest is
 * counted in a new transaction:
 *
 *   consumer 1   [mark A, mark B, +2] ──► done, but its answer is lost, so A and B are delivered again
 *   consumer 2   [mark A, mark B, mark C, +3] ──► cancelled: A, B are there ──► [mark C, +1] ──► done
 */
import {
  BatchGetCommand,
  BatchWriteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  paginateQuery,
} from '@aws-sdk/lib-dynamodb'
import { DAY, epochSeconds } from '#core/clock.ts'
import { cancellationCodes, transact } from '#core/transact.store.ts'
import { clickKey, countersPartition, dayKey, forgottenKey, totalKey } from '../link-keys.ts'
import type { Click } from './click.ts'
import { tally, totals, transactionsOf } from './tally.ts'

/** A message can live for 14 days in a queue and its dead-letter queue; its marker lives longer. */
export const MARKER_DAYS = 15

/** Counters of one link are spread over this many items, so that consumers don't wait for each other's transactions. */
export const SHARDS = 8

export interface Counters {
  readonly clicks: number
  readonly bots: number
}

export interface Stats {
  /** Since the link was made. */
  readonly total: Counters
  /** Days with clicks, by `YYYY-MM-DD`. */
  readonly byDay: ReadonlyMap<string, Counters>
}

export interface Counted {
  readonly counted: number
  readonly duplicates: number
  /** Of links that were deleted before their clicks arrived. */
  readonly forgotten: number
}

export interface ClicksStore {
  /** Counts each event once. All or nothing only within groups; safe to repeat with the same clicks. */
  count(clicks: readonly Click[], shard: number, now: Date): Promise<Counted>
  /** `from` and `to` are `YYYY-MM-DD`, both included. */
  stats(linkId: string, from: string, to: string): Promise<Stats>
  /** Deletes the link's counters, and keeps late clicks from making new ones. Safe to repeat. */
  forget(linkId: string, now: Date): Promise<number>
}

/** BatchWriteItem takes 25 requests. */
const MAX_BATCH_WRITE = 25

export function createClicksStore(client: DynamoDBDocumentClient, table: string): ClicksStore {
  return {
    async count(clicks, shard, now) {
      const result = { counted: 0, duplicates: 0, forgotten: 0 }
      for (const group of transactionsOf(clicks)) {
        const kept = await withoutForgotten(client, table, group)
        const counted = await countGroup(client, table, kept, shard, now)
        result.counted += counted
        result.duplicates += kept.length - counted
        result.forgotten += group.length - kept.length
      }
      return { ...result, duplicates: clicks.length - result.counted - result.forgotten }
    },

    async stats(linkId, from, to) {
      const [days, all] = await Promise.all([
        query(client, table, linkId, `DAY#${from}#`, `DAY#${to}#~`),
        query(client, table, linkId, 'TOTAL#', 'TOTAL#~'),
      ])
      const byDay = new Map<string, Counters>()
      for (const item of days) {
        const date = item.sk.split('#')[1] ?? ''
        byDay.set(date, add(byDay.get(date), item))
      }
      return { total: all.reduce<Counters>(add, { clicks: 0, bots: 0 }), byDay }
    },

    async forget(linkId, now) {
      const ttl = epochSeconds(new Date(now.getTime() + MARKER_DAYS * DAY))
      // First the mark, so that no click that arrives from here on makes a counter again.
      await client.send(new PutCommand({ TableName: table, Item: { ...forgottenKey(linkId), ttl } }))
      let deleted = 0
      for (const prefix of ['DAY#', 'TOTAL#']) {
        const keys = (await query(client, table, linkId, prefix, `${prefix}~`)).map(({ pk, sk }) => ({ pk, sk }))
        for (let start = 0; start < keys.length; start += MAX_BATCH_WRITE)
          await deleteAll(client, table, keys.slice(start, start + MAX_BATCH_WRITE))
        deleted += keys.length
      }
      return deleted
    },
  }
}

/** @returns how many were counted; the others had been counted before */
async function countGroup(
  client: DynamoDBDocumentClient,
  table: string,
  group: readonly Click[],
  shard: number,
  now: Date,
): Promise<number> {
  let clicks = group
  // Every turn drops at least one click, so there are at most as many turns as clicks.
  while (clicks.length > 0) {
    try {
      await transact(client, actionsOf(table, clicks, shard, now))
      return clicks.length
    } catch (error) {
      // The markers are the first actions, in the order of the clicks.
      const codes = cancellationCodes(error)
      const fresh = clicks.filter((_, index) => codes[index] !== 'ConditionalCheckFailed')
      if (fresh.length === clicks.length) throw error
      clicks = fresh
    }
  }
  return 0
}

function actionsOf(table: string, clicks: readonly Click[], shard: number, now: Date): Parameters<typeof transact>[1] {
  const ttl = epochSeconds(new Date(now.getTime() + MARKER_DAYS * DAY))
  const tallies = tally(clicks)
  const addTo = (key: object, { clicks: people, bots }: Counters) => ({
    Update: {
      TableName: table,
      Key: key,
      UpdateExpression: 'ADD clicks :clicks, bots :bots',
      ExpressionAttributeValues: { ':clicks': people, ':bots': bots },
    },
  })
  return [
    ...clicks.map(({ eventId }) => ({
      Put: { TableName: table, Item: { ...clickKey(eventId), ttl }, ConditionExpression: 'attribute_not_exists(pk)' },
    })),
    ...tallies.map((sum) => addTo(dayKey(sum.linkId, sum.date, shard), sum)),
    ...totals(tallies).map((sum) => addTo(totalKey(sum.linkId, shard), sum)),
  ]
}

/**
 * Reads before it writes: a click that slips through while its link is being forgotten leaves one counter that nobody
 * can ask for. A condition in the transaction would close that gap, but make consumers of one link wait for each other.
 */
async function withoutForgotten(
  client: DynamoDBDocumentClient,
  table: string,
  clicks: readonly Click[],
): Promise<readonly Click[]> {
  const keys = [...new Set(clicks.map(({ linkId }) => linkId))].map(forgottenKey)
  if (keys.length === 0) return clicks
  const request = { [table]: { Keys: keys, ConsistentRead: true } }
  const { Responses = {}, UnprocessedKeys = {} } = await client.send(new BatchGetCommand({ RequestItems: request }))
  if (Object.keys(UnprocessedKeys).length > 0) throw throttled('BatchGetItem')
  const forgotten = new Set((Responses[table] ?? []).map(({ pk }) => pk as string))
  return clicks.filter(({ linkId }) => !forgotten.has(countersPartition(linkId)))
}

interface CounterItem extends Counters {
  readonly pk: string
  readonly sk: string
}

async function query(
  client: DynamoDBDocumentClient,
  table: string,
  linkId: string,
  first: string,
  last: string,
): Promise<readonly CounterItem[]> {
  const items: CounterItem[] = []
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :counters AND sk BETWEEN :first AND :last',
    ExpressionAttributeValues: { ':counters': countersPartition(linkId), ':first': first, ':last': last },
  }
  for await (const { Items = [] } of paginateQuery({ client }, query)) items.push(...(Items as CounterItem[]))
  return items
}

const add = (sum: Counters | undefined, item: Counters): Counters => ({
  clicks: (sum?.clicks ?? 0) + item.clicks,
  bots: (sum?.bots ?? 0) + item.bots,
})

async function deleteAll(client: DynamoDBDocumentClient, table: string, keys: readonly object[]): Promise<void> {
  const requests = keys.map((key) => ({ DeleteRequest: { Key: { ...key } } }))
  const { UnprocessedItems = {} } = await client.send(new BatchWriteCommand({ RequestItems: { [table]: requests } }))
  // Repeating the whole of `forget` is safe, and the bus does it with growing pauses.
  if (Object.keys(UnprocessedItems).length > 0) throw throttled('BatchWriteItem')
}

/** A batch operation that is throttled in part reports what it left undone instead of failing. */
const throttled = (operation: string): Error =>
  Object.assign(new Error(`expected ${operation} to process every key, some were throttled`), {
    name: 'ProvisionedThroughputExceededException',
  })
