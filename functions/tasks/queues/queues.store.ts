/** Queues in the table; keys in `task-keys.ts`, rules in `queue.ts`. Every change replaces the item on condition of its version. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import type { Status } from '../task.ts'
import { queueKey, queuesPartition, STATE_INDEX, statePartition } from '../task-keys.ts'
import { MAX_QUEUES, newQueue, type Queue } from './queue.ts'

/** `more`: there are more, which nobody counted. */
export interface Depth {
  readonly count: number
  readonly more: boolean
}

export interface QueuesStore {
  get(workspaceId: string, name: string): Promise<Queue | undefined>
  /** By name; all of them. */
  list(workspaceId: string): Promise<readonly Queue[]>
  /** Makes the queue unless it is there. False when the workspace has `MAX_QUEUES` others. */
  ensure(workspaceId: string, name: string, now: Date): Promise<boolean>
  /**
   * Applies a decision to the latest state, again while others write in between. A queue that is not there is a new one.
   * `undefined` from `decide` writes nothing.
   */
  change(
    workspaceId: string,
    name: string,
    now: Date,
    decide: (queue: Queue) => Queue | undefined,
  ): Promise<Queue | undefined>
  /** Tasks of a queue in one status. */
  depth(workspaceId: string, name: string, status: Status): Promise<Depth>
}

/** Dispatchers and runners of one queue meet at its item; each try is some milliseconds. */
const CHANGE_TRIES = 20
/** 100 bytes an entry: one query of 1 MB, 128 read units. Beyond it nobody cares for the exact number. */
const MAX_COUNT = 10_000

export function createQueuesStore(client: DynamoDBDocumentClient, table: string): QueuesStore {
  const known = new Set<string>()
  const get = async (workspaceId: string, name: string): Promise<Queue | undefined> => {
    const Key = queueKey(workspaceId, name)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return Item === undefined ? undefined : queueOf(Item)
  }
  const put = async (
    queue: Queue,
    condition: string,
    values: Record<string, unknown> | undefined,
  ): Promise<boolean> => {
    try {
      await client.send(
        new PutCommand({
          TableName: table,
          Item: { ...queueKey(queue.workspaceId, queue.name), ...queue },
          ConditionExpression: condition,
          ...(values !== undefined && { ExpressionAttributeValues: values }),
        }),
      )
      return true
    } catch (error) {
      if (conditionFailed(error)) return false
      throw error
    }
  }
  const putNew = (queue: Queue) => put(queue, 'attribute_not_exists(pk)', undefined)
  const list = async (workspaceId: string): Promise<readonly Queue[]> => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :queues',
        ExpressionAttributeValues: { ':queues': queuesPartition(workspaceId) },
        // A queue item has some kB at most, MAX_QUEUES of them are one page.
        ConsistentRead: true,
      }),
    )
    return Items.map(queueOf)
  }
  return {
    get,
    list,
    async ensure(workspaceId, name, now) {
      const key = `${workspaceId}#${name}`
      if (known.has(key) || (await get(workspaceId, name)) !== undefined) {
        known.add(key)
        return true
      }
      // Two that make the last one at the same moment make one too many, which harms nobody.
      if ((await list(workspaceId)).length >= MAX_QUEUES) return false
      await putNew(newQueue(workspaceId, name, now))
      known.add(key)
      return true
    },
    async change(workspaceId, name, now, decide) {
      for (let tries = 1; tries <= CHANGE_TRIES; tries += 1) {
        const stored = await get(workspaceId, name)
        const before = stored ?? newQueue(workspaceId, name, now)
        const after = decide(before)
        if (after === undefined) return undefined
        const condition = 'version = :before'
        if (await (stored === undefined ? putNew(after) : put(after, condition, { ':before': before.version })))
          return after
      }
      throw Object.assign(new Error(`expected to write the queue ${name} within ${CHANGE_TRIES} tries`), {
        name: 'TransactionConflictException',
      })
    },
    depth: (workspaceId, name, status) => depth(client, table, statePartition(workspaceId, name, status)),
  }
}

async function depth(client: DynamoDBDocumentClient, table: string, partition: string): Promise<Depth> {
  let count = 0
  let start: Record<string, unknown> | undefined
  do {
    const { Count = 0, LastEvaluatedKey } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: STATE_INDEX,
        Select: 'COUNT',
        KeyConditionExpression: 'statePk = :state',
        ExpressionAttributeValues: { ':state': partition },
        Limit: MAX_COUNT - count,
        ...(start !== undefined && { ExclusiveStartKey: start }),
      }),
    )
    count += Count
    start = LastEvaluatedKey
  } while (start !== undefined && count < MAX_COUNT)
  return { count, more: start !== undefined }
}

function queueOf(item: Record<string, unknown>): Queue {
  const { pk: _pk, sk: _sk, ...queue } = item as unknown as Queue & TableKey
  return queue
}
