/**
 * Tasks in the table; keys in `task-keys.ts`. A task is made by one write (two in a transaction with an idempotency key
 * or a large input) and changed by `replace`: the whole item, on condition that its version is still the one that the
 * decision was made on. Reads that a decision hangs on are strongly consistent; the indexes only say where to look.
 */
import {
  BatchGetCommand,
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
} from '@aws-sdk/lib-dynamodb'
import { epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import type { Json } from '#core/json.ts'
import type { TableKey } from '#core/table.ts'
import { transact } from '#core/transact.store.ts'
import { IDEMPOTENCY_MS, INPUT_LIFE_MS, TASK_ID, type Task, type TaskRef } from '../task.ts'
import { idempotencyKey, indexKeys, inputKey, STATE_INDEX, statePartition, taskKey } from '../task-keys.ts'
import type { Decision, Refusal } from './transitions.ts'

export interface NewTask {
  readonly task: Task
  /** Undefined when the task carries it. */
  readonly largeInput: Json | undefined
  /** Of everything that the caller asked for, when it sent an idempotency key. */
  readonly fingerprint: string | undefined
}

export type Created =
  | { readonly kind: 'created' }
  /** The key made this task before, by the same request. */
  | { readonly kind: 'exists'; readonly id: string }
  /** The key made another task. */
  | { readonly kind: 'key_reused' }

export type Changed =
  | { readonly kind: 'done'; readonly task: Task }
  | { readonly kind: 'refused'; readonly reason: Refusal; readonly task: Task }
  | { readonly kind: 'unknown' }

export interface TasksStore {
  create(task: NewTask): Promise<Created>
  get(ref: TaskRef): Promise<Task | undefined>
  /**
   * In the order of `ids`, each once, without those that are not there. At most 100. A task that changed its status while
   * several queries looked for it is among the answers of two.
   */
  getAll(workspaceId: string, ids: readonly string[]): Promise<readonly Task[]>
  input(task: Task): Promise<Json | undefined>
  /** False when somebody else wrote since `before` was read. */
  replace(before: Task, after: Task): Promise<boolean>
  /**
   * Applies a decision to the latest state, again while others write in between.
   * @param known a copy that was just read or written, to save the first read
   */
  change(ref: TaskRef, decide: (task: Task) => Decision, known?: Task): Promise<Changed>
  /** Ids of queued tasks in the order of dispatch. Eventually consistent: some may be taken, the newest missing. */
  ready(workspaceId: string, queue: string, limit: number): Promise<readonly string[]>
  /** Ids of the tasks that run in a queue, longest first; at most `limit`. */
  running(workspaceId: string, queue: string, limit: number): Promise<readonly string[]>
}

/** Two writers are the worker's heartbeat and a person's cancel: four tries are two more than they need. */
const CHANGE_TRIES = 5

export function createTasksStore(client: DynamoDBDocumentClient, table: string): TasksStore {
  const get = async (ref: TaskRef): Promise<Task | undefined> => {
    // Also keeps what is no key (too long, empty) away from DynamoDB, which would call it our mistake.
    if (!TASK_ID.test(ref.id)) return undefined
    const { Item } = await client.send(new GetCommand({ TableName: table, Key: taskKey(ref), ConsistentRead: true }))
    return Item === undefined ? undefined : taskOf(Item)
  }
  const replace = async (before: Task, after: Task): Promise<boolean> => {
    try {
      await client.send(new PutCommand(replacement(table, before, after)))
      return true
    } catch (error) {
      if (conditionFailed(error)) return false
      throw error
    }
  }
  const byState = async (partition: string, limit: number): Promise<readonly string[]> => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        IndexName: STATE_INDEX,
        KeyConditionExpression: 'statePk = :state',
        ExpressionAttributeValues: { ':state': partition },
        Limit: limit,
      }),
    )
    return Items.map(({ sk }) => sk as string)
  }
  return {
    get,
    replace,
    create: (task) => create(client, table, task),
    getAll: (workspaceId, ids) => getAll(client, table, workspaceId, ids),
    async input(task) {
      if (task.input !== undefined) return task.input
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: inputKey(task), ConsistentRead: true }),
      )
      return Item?.['input'] as Json | undefined
    },
    async change(ref, decide, known) {
      let before = known ?? (await get(ref))
      for (let tries = 1; before !== undefined; tries += 1) {
        const decision = decide(before)
        if (!decision.ok) return { kind: 'refused', reason: decision.reason, task: before }
        if (await replace(before, decision.task)) return { kind: 'done', task: decision.task }
        if (tries >= CHANGE_TRIES) throw contended(ref)
        before = await get(ref)
      }
      return { kind: 'unknown' }
    },
    ready: (workspaceId, queue, limit) => byState(statePartition(workspaceId, queue, 'queued'), limit),
    running: (workspaceId, queue, limit) => byState(statePartition(workspaceId, queue, 'running'), limit),
  }
}

/** Looks like throttling to whoever waits for the answer: the same request will pass. */
const contended = ({ id }: TaskRef): Error =>
  Object.assign(new Error(`expected to write ${id} within ${CHANGE_TRIES} tries, others were faster`), {
    name: 'TransactionConflictException',
  })

const itemOf = (task: Task) => ({ ...taskKey(task), ...task, ...indexKeys(task) })

/** Condition `unchanged since it was read`: whoever wrote first wins, the other decides anew. */
const replacement = (table: string, before: Task, after: Task) => ({
  TableName: table,
  Item: itemOf(after),
  ConditionExpression: 'version = :before',
  ExpressionAttributeValues: { ':before': before.version },
})

/** Ids are random, so nothing can be in the way but the key. */
async function create(client: DynamoDBDocumentClient, table: string, created: NewTask): Promise<Created> {
  const { task, largeInput, fingerprint } = created
  const puts = [{ TableName: table, Item: itemOf(task), ConditionExpression: 'attribute_not_exists(pk)' }]
  if (largeInput !== undefined) {
    const ttl = epochSeconds(new Date(Date.parse(task.runAt) + INPUT_LIFE_MS))
    const Item = { ...inputKey(task), input: largeInput, ttl } as never
    puts.push({ TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' })
  }
  if (task.idempotencyKey !== undefined && fingerprint !== undefined)
    puts.push(keyPut(table, task, task.idempotencyKey, fingerprint) as never)
  const [only] = puts
  if (puts.length === 1 && only !== undefined) {
    await client.send(new PutCommand(only))
    return { kind: 'created' }
  }
  try {
    await transact(
      client,
      puts.map((Put) => ({ Put })),
    )
    return { kind: 'created' }
  } catch (error) {
    if (!conditionFailed(error) || task.idempotencyKey === undefined) throw error
    return madeBefore(client, table, task, fingerprint)
  }
}

/** The key may be used when it (1) was never used, or (2) its time is over and TTL has not removed it yet. */
function keyPut(table: string, { id, workspaceId, createdAt }: Task, key: string, fingerprint: string) {
  const unused = 'attribute_not_exists(pk)'
  const expired = '#ttl <= :now'
  const now = new Date(createdAt)
  return {
    TableName: table,
    Item: {
      ...idempotencyKey(workspaceId, key),
      taskId: id,
      fingerprint,
      ttl: epochSeconds(new Date(now.getTime() + IDEMPOTENCY_MS)),
    },
    ConditionExpression: `${unused} OR ${expired}`,
    ExpressionAttributeNames: { '#ttl': 'ttl' },
    ExpressionAttributeValues: { ':now': epochSeconds(now) },
  }
}

async function madeBefore(
  client: DynamoDBDocumentClient,
  table: string,
  task: Task,
  fingerprint: string | undefined,
): Promise<Created> {
  const Key = idempotencyKey(task.workspaceId, task.idempotencyKey ?? '')
  const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
  if (Item === undefined) throw contended(task)
  return Item['fingerprint'] === fingerprint ? { kind: 'exists', id: Item['taskId'] as string } : { kind: 'key_reused' }
}

async function getAll(
  client: DynamoDBDocumentClient,
  table: string,
  workspaceId: string,
  ids: readonly string[],
): Promise<readonly Task[]> {
  const found = new Map<string, Task>()
  const once = [...new Set(ids)]
  let keys: Record<string, unknown>[] = once.map((id) => ({ ...taskKey({ workspaceId, id }) }))
  while (keys.length > 0) {
    const { Responses = {}, UnprocessedKeys = {} } = await client.send(
      new BatchGetCommand({ RequestItems: { [table]: { Keys: keys, ConsistentRead: true } } }),
    )
    for (const item of Responses[table] ?? []) found.set(item['sk'] as string, taskOf(item))
    // What is left is what 16 MB had no room for, at most a few of the largest: each answer has at least one.
    keys = UnprocessedKeys[table]?.Keys ?? []
  }
  return once.flatMap((id) => found.get(id) ?? [])
}

/** The item of `itemOf`, read back. */
function taskOf(item: Record<string, unknown>): Task {
  const {
    pk: _pk,
    sk: _sk,
    statePk: _a,
    stateSk: _b,
    duePk: _c,
    dueSk: _d,
    ttl: _ttl,
    ...task
  } = item as unknown as Task &
    TableKey & { statePk: string; stateSk: string; duePk: string; dueSk: string; ttl: number }
  return task
}
