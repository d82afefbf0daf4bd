/**
 * Reads objects and events; what changes them is in `changes.store.ts`. Reads by id are strongly consistent, because
 * decisions are made on them; lists come from the indexes, which a change reaches a moment later.
 */
import { BatchGetCommand, type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import type { TableKey } from '#core/table.ts'
import type { EventRow } from '../changes/stripe-event.ts'
import {
  eventKey,
  LIST_INDEX,
  type ListKind,
  listPartition,
  listSortKey,
  OWNER_INDEX,
  objectKey,
  ownerPartition,
  rowOf,
} from '../payments-keys.ts'
import { isIdOf, type StoredObject } from './objects.ts'

/** Where a row stands in its list. */
export interface ListPosition {
  readonly createdAt: string
  readonly id: string
}

export interface ListRange {
  readonly limit: number
  /** Only those of one owner: charges of an intent, prices of a product. */
  readonly ownerId?: string | undefined
  /** Older than this one, which is not included. */
  readonly after?: ListPosition | undefined
  /** Newer than this one; the page is then the oldest of them, still newest first. */
  readonly before?: ListPosition | undefined
  /** Made at or after, and before, these times (RFC 3339). */
  readonly from?: string | undefined
  readonly until?: string | undefined
}

export interface Listed<Row> {
  /** Newest first. */
  readonly items: readonly Row[]
  /** There are more behind the last one, or with `before`, ahead of the first. */
  readonly hasMore: boolean
}

export interface ObjectsStore {
  get<T extends StoredObject>(kind: T['kind'], workspaceId: string, id: string): Promise<T | undefined>
  list<T extends StoredObject>(kind: T['kind'], workspaceId: string, range: ListRange): Promise<Listed<T>>
  event(workspaceId: string, id: string): Promise<EventRow | undefined>
  /** `ownerId` is the object that they are about. */
  events(workspaceId: string, range: ListRange): Promise<Listed<EventRow>>
  /** Any other rows that have the attributes of the indexes. */
  rows<Row extends object>(kind: ListKind, workspaceId: string, range: ListRange): Promise<Listed<Row>>
}

/** Longer texts are no id, and DynamoDB would call them our mistake. */
const MAX_ID_LENGTH = 64

export function createObjectsStore(client: DynamoDBDocumentClient, table: string): ObjectsStore {
  const item = async <Row extends object>(Key: TableKey): Promise<Row | undefined> => {
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return Item === undefined ? undefined : rowOf<Row>(Item)
  }
  const rows = async <Row extends object>(kind: ListKind, workspaceId: string, range: ListRange) => {
    const { Items = [] } = await client.send(
      new QueryCommand({ TableName: table, ...queryOf(kind, workspaceId, range) }),
    )
    const keys = Items.map(({ pk, sk }) => ({ pk: pk as string, sk: sk as string }))
    const page = keys.slice(0, range.limit)
    const items = await getAll<Row>(client, table, page)
    return { items: range.before === undefined ? items : items.toReversed(), hasMore: keys.length > range.limit }
  }
  return {
    rows,
    list: rows,
    async get<T extends StoredObject>(kind: T['kind'], workspaceId: string, id: string) {
      return isIdOf(kind, id) ? item<T>(objectKey(workspaceId, id)) : undefined
    },
    async event(workspaceId, id) {
      return id.length > MAX_ID_LENGTH ? undefined : item<EventRow>(eventKey(workspaceId, id))
    },
    events: (workspaceId, range) => rows('event', workspaceId, range),
  }
}

/** One more than asked for, which tells whether there are more. Bounds are on the sort key `<created>#<id>`. */
function queryOf(kind: ListKind, workspaceId: string, range: ListRange) {
  const { ownerId, limit, after, before, from, until } = range
  const partition = ownerId === undefined ? 'listPk' : 'ownerPk'
  const sort = ownerId === undefined ? 'listSk' : 'ownerSk'
  const ends = [after && listSortKey(after.createdAt, after.id), until].filter((end) => end !== undefined)
  const starts = [before && listSortKey(before.createdAt, before.id), from].filter((start) => start !== undefined)
  return {
    IndexName: ownerId === undefined ? LIST_INDEX : OWNER_INDEX,
    KeyConditionExpression: '#partition = :partition AND #sort BETWEEN :start AND :end',
    ExpressionAttributeNames: { '#partition': partition, '#sort': sort },
    ExpressionAttributeValues: {
      ':partition':
        ownerId === undefined ? listPartition(workspaceId, kind) : ownerPartition(workspaceId, kind, ownerId),
      // BETWEEN includes its bounds: one more character is the next key above, the last character lowered one below.
      ':start': before === undefined ? (starts[0] ?? ' ') : `${latest(starts)}!`,
      ':end': ends.length === 0 ? '~' : justBelow(earliest(ends)),
    },
    ScanIndexForward: before !== undefined,
    Limit: limit + 1,
  }
}

const latest = (texts: readonly string[]): string => texts.toSorted().at(-1) ?? ''
const earliest = (texts: readonly string[]): string => texts.toSorted()[0] ?? ''
/** The largest key below any that begins with `text`: keys are ASCII between `!` and `~`. */
const justBelow = (text: string): string =>
  `${text.slice(0, -1)}${String.fromCharCode(text.charCodeAt(text.length - 1) - 1)}~`

/** In the order of the keys; those that are gone are left out. */
async function getAll<Row extends object>(
  client: DynamoDBDocumentClient,
  table: string,
  keys: readonly TableKey[],
): Promise<readonly Row[]> {
  const found = new Map<string, Row>()
  let left: Record<string, unknown>[] = keys.map((key) => ({ ...key }))
  while (left.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: left, ConsistentRead: true } } }),
    )
    for (const each of Responses[table] ?? []) found.set(`${each['pk']}\n${each['sk']}`, rowOf<Row>(each))
    // What is left is what 16 MB had no room for: each answer has at least one.
    left = UnprocessedKeys[table]?.Keys ?? []
  }
  return keys.flatMap(({ pk, sk }) => found.get(`${pk}\n${sk}`) ?? [])
}
