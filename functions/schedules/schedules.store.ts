/** Schedules with their due entries and runs; keys in `schedule-keys.ts`. Decides nothing. */
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { epochSeconds } from '#core/clock.ts'
import type { TableKey } from '#core/table.ts'
import { cancellationCodes, transact } from '#core/transact.store.ts'
import {
  MAX_SCHEDULES,
  RUN_RETENTION_MS,
  type Run,
  SCHEDULE_ID,
  type Schedule,
  type ScheduleRef,
  type Status,
} from './schedule.ts'
import { countKey, dueItemOf, runKey, scheduleKey, schedulesPartition } from './schedule-keys.ts'

/** What a decision asks to be written. */
export interface Change {
  readonly schedule: Schedule
  readonly runs?: readonly Run[]
}

export type Changed<Refusal> =
  | { readonly kind: 'done'; readonly schedule: Schedule; readonly runs: readonly Run[] }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  /** Others changed it each time in between. */
  | { readonly kind: 'contended' }

export interface SchedulesStore {
  create(schedule: Schedule): Promise<'created' | 'too_many'>
  /** Strongly consistent. */
  get(ref: ScheduleRef): Promise<Schedule | undefined>
  /** Newest first, in one status or in all. `next` is the id behind which the next page begins. */
  list(workspaceId: string, status: Status | undefined, limit: number, after: string | undefined): Promise<SchedulePage>
  /**
   * Reads, lets `decide`, and writes schedule, due entry and runs together, on condition that nobody wrote in between; else
   * once more. A run that exists already is left as it is: an occurrence comes to be once.
   */
  change<Refusal>(
    ref: ScheduleRef,
    decide: (before: Schedule) => Change | { readonly refusal: Refusal },
  ): Promise<Changed<Refusal>>
  /** On condition that `allowed` holds of what is deleted. */
  delete<Refusal>(ref: ScheduleRef, refuse: (before: Schedule) => Refusal | undefined): Promise<Changed<Refusal>>
}

/** Those in other statuses are left out after reading, so a page may have fewer than asked for. */
export interface SchedulePage {
  readonly schedules: readonly Schedule[]
  readonly next: string | undefined
}

type Actions = NonNullable<TransactWriteCommandInput['TransactItems']>

/** Two writers of one schedule meet now and then, five of them never. */
const CHANGE_TRIES = 5

/** Schedules that are looked at for one page of one status: some 500 kB, 60 read units. All 10,000 take 40 pages. */
const FILTERED_READ = 250

const NOBODY_WROTE = 'version = :before'
const IS_NEW = 'attribute_not_exists(pk)'
const FAILED = 'ConditionalCheckFailed'

export function createSchedulesStore(client: DynamoDBDocumentClient, table: string): SchedulesStore {
  const get = async (ref: ScheduleRef): Promise<Schedule | undefined> => {
    // An id is part of a key, whose length DynamoDB limits.
    if (!SCHEDULE_ID.test(ref.id)) return undefined
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: scheduleKey(ref), ConsistentRead: true }),
    )
    return Item === undefined ? undefined : scheduleOf(Item)
  }

  const repeated = async <Refusal>(
    ref: ScheduleRef,
    attempt: (before: Schedule) => Promise<Changed<Refusal>>,
  ): Promise<Changed<Refusal>> => {
    for (let tries = 1; tries <= CHANGE_TRIES; tries += 1) {
      const before = await get(ref)
      if (before === undefined) return { kind: 'unknown' }
      const outcome = await attempt(before)
      if (outcome.kind !== 'contended') return outcome
    }
    return { kind: 'contended' }
  }

  return {
    get,
    create: (schedule) => create(client, table, schedule),
    async list(workspaceId, status, limit, after) {
      const read = status === undefined ? limit : Math.max(limit, FILTERED_READ)
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :partition',
          ExpressionAttributeValues: { ':partition': schedulesPartition(workspaceId) },
          ScanIndexForward: false,
          // One more than asked for tells whether there is a next page.
          Limit: read + 1,
          ...(after !== undefined && { ExclusiveStartKey: scheduleKey({ workspaceId, id: after }) }),
        }),
      )
      const seen = Items.slice(0, read).map((item) => scheduleOf(item))
      const fitting = seen.filter((each) => status === undefined || each.status === status)
      const schedules = fitting.slice(0, limit)
      const rest = fitting.length > limit || Items.length > read
      const last = fitting.length > limit ? schedules.at(-1) : seen.at(-1)
      return { schedules, next: rest ? last?.id : undefined }
    },
    change: (ref, decide) =>
      repeated(ref, async (before) => {
        const decision = decide(before)
        if ('refusal' in decision) return { kind: 'refused', refusal: decision.refusal }
        return commit(client, table, before, decision)
      }),
    delete: (ref, refuse) =>
      repeated(ref, async (before) => {
        const refusal = refuse(before)
        if (refusal !== undefined) return { kind: 'refused', refusal }
        try {
          await transact(client, removal(table, before))
          return { kind: 'done', schedule: before, runs: [] }
        } catch (error) {
          if (cancellationCodes(error)[0] === FAILED) return { kind: 'contended' }
          throw error
        }
      }),
  }
}

async function create(
  client: DynamoDBDocumentClient,
  table: string,
  schedule: Schedule,
): Promise<'created' | 'too_many'> {
  const due = dueItemOf(schedule)
  try {
    await transact(client, [
      {
        Update: {
          TableName: table,
          Key: countKey(schedule.workspaceId),
          UpdateExpression: 'ADD schedules :one',
          ConditionExpression: 'attribute_not_exists(schedules) OR schedules < :limit',
          ExpressionAttributeValues: { ':one': 1, ':limit': MAX_SCHEDULES },
        },
      },
      { Put: { TableName: table, Item: itemOf(schedule), ConditionExpression: IS_NEW } },
      ...(due === undefined ? [] : [{ Put: { TableName: table, Item: due } }]),
    ])
    return 'created'
  } catch (error) {
    if (cancellationCodes(error)[0] === FAILED) return 'too_many'
    throw error
  }
}

/**
 * The schedule is the lock: its version decides who wins. When it was ours and a run exists all the same (two clocks
 * that differ, and a change between them), that occurrence is over: the rest is written without it.
 */
async function commit<Refusal>(
  client: DynamoDBDocumentClient,
  table: string,
  before: Schedule,
  { schedule, runs = [] }: Change,
): Promise<Changed<Refusal>> {
  let left = runs
  for (;;) {
    const actions = [...dueMoves(table, before, schedule), ...left.map((run) => runPut(table, run))]
    try {
      await transact(client, [schedulePut(table, before, schedule), ...actions])
      return { kind: 'done', schedule, runs: left }
    } catch (error) {
      const [lock, ...codes] = cancellationCodes(error)
      if (lock === FAILED) return { kind: 'contended' }
      const runCodes = codes.slice(codes.length - left.length)
      const remaining = left.filter((_, index) => runCodes[index] !== FAILED)
      if (remaining.length === left.length) throw error
      left = remaining
    }
  }
}

const schedulePut = (table: string, before: Schedule, after: Schedule): Actions[number] => ({
  Put: {
    TableName: table,
    Item: itemOf(after),
    ConditionExpression: NOBODY_WROTE,
    ExpressionAttributeValues: { ':before': before.version },
  },
})

/** The one due entry goes along with its schedule. DynamoDB allows one action for each key in a transaction. */
function dueMoves(table: string, before: Schedule, after: Schedule): Actions {
  const [from, to] = [dueItemOf(before), dueItemOf(after)]
  const moved = from !== undefined && !(from.pk === to?.pk && from.sk === to.sk)
  return [
    ...(moved ? [{ Delete: { TableName: table, Key: { pk: from.pk, sk: from.sk } } }] : []),
    ...(to === undefined ? [] : [{ Put: { TableName: table, Item: to } }]),
  ]
}

const runPut = (table: string, run: Run): Actions[number] => ({
  Put: {
    TableName: table,
    Item: { ...runKey(run), ...run, ttl: epochSeconds(new Date(Date.parse(run.startedAt) + RUN_RETENTION_MS)) },
    ConditionExpression: IS_NEW,
  },
})

function removal(table: string, before: Schedule): Actions {
  const due = dueItemOf(before)
  return [
    {
      Delete: {
        TableName: table,
        Key: scheduleKey(before),
        ConditionExpression: NOBODY_WROTE,
        ExpressionAttributeValues: { ':before': before.version },
      },
    },
    {
      Update: {
        TableName: table,
        Key: countKey(before.workspaceId),
        UpdateExpression: 'ADD schedules :less',
        ExpressionAttributeValues: { ':less': -1 },
      },
    },
    ...(due === undefined ? [] : [{ Delete: { TableName: table, Key: { pk: due.pk, sk: due.sk } } }]),
  ]
}

const itemOf = (schedule: Schedule): TableKey & Schedule => ({ ...scheduleKey(schedule), ...schedule })

function scheduleOf(item: Record<string, unknown>): Schedule {
  const { pk: _, sk: __, ...schedule } = item as unknown as TableKey & Schedule
  return schedule
}
