/** Runs and the claims that make one input one run; keys in `catalog/keys.ts`. Each change is conditional on the status before. */
import {
  type DynamoDBDocumentClient,
  GetCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import {
  datasetRunKey,
  datasetRunsPartition,
  type Input,
  inputKey,
  isRunId,
  runKey,
  runsPartition,
} from '../catalog/keys.ts'
import type { Run, RunStatus } from './run.ts'

export interface RunPage {
  readonly runs: readonly Run[]
  readonly next: string | undefined
}

/** Fields that a change sets beside the status. */
export type RunFields = Partial<
  Pick<Run, 'counts' | 'warnings' | 'manifestVersion' | 'manifestKey' | 'duplicateOf' | 'error' | 'attempt'>
>

export interface RunsStore {
  /** The run of this input: the given one, or the one that it had before. 4 W, and 1 R when it had one. */
  claim(run: Run): Promise<{ readonly run: Run; readonly isNew: boolean }>
  /** Strongly consistent. */
  get(workspaceId: string, id: string): Promise<Run | undefined>
  /** Newest first; of one dataset, or all. */
  list(workspaceId: string, dataset: string | undefined, limit: number, after: string | undefined): Promise<RunPage>
  /** The changed run, or undefined when its status is none of `from`. */
  change(run: Run, from: readonly RunStatus[], to: RunStatus, fields: RunFields, now: Date): Promise<Run | undefined>
}

export function createRunsStore(client: DynamoDBDocumentClient, table: string): RunsStore {
  const get = async (workspaceId: string, id: string): Promise<Run | undefined> => {
    if (!isRunId(id)) return undefined
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: runKey(workspaceId, id), ConsistentRead: true }),
    )
    return Item === undefined ? undefined : runOf(Item, workspaceId)
  }
  return {
    get,
    async claim(run) {
      try {
        await client.send(new TransactWriteCommand({ TransactItems: claimActions(table, run) }))
        return { run, isNew: true }
      } catch (error) {
        if (!conditionFailed(error)) throw error
        const existing = await claimed(client, table, run)
        const before = existing === undefined ? undefined : await get(run.workspaceId, existing)
        if (before === undefined) throw new Error(`expected the run ${existing} of a claimed input, got none`)
        return { run: before, isNew: false }
      }
    },
    async list(workspaceId, dataset, limit, after) {
      const ids = await query(client, table, workspaceId, dataset, limit + 1, after)
      const kept = ids.slice(0, limit)
      const runs =
        dataset === undefined
          ? kept.map((item) => runOf(item, workspaceId))
          : (await Promise.all(kept.map(({ sk }) => get(workspaceId, String(sk))))).filter((run) => run !== undefined)
      return { runs, next: ids.length > limit ? String(kept.at(-1)?.['sk']) : undefined }
    },
    async change(run, from, to, fields, now) {
      const after = { ...run, ...fields, status: to, version: run.version + 1, updatedAt: now.toISOString() }
      try {
        await client.send(new UpdateCommand({ TableName: table, ...changeOf(run, from, after) }))
        return after
      } catch (error) {
        if (conditionFailed(error)) return undefined
        throw error
      }
    },
  }
}

/**
 *   event 1   [no input yet ─► input → run A, run A] ──► done
 *   event 2   [input is there] ──► cancelled ──► run A
 */
function claimActions(table: string, run: Run) {
  const { id, workspaceId, dataset, datasetVersion, source, ...rest } = run
  const input = inputKey(inputOf(run))
  const isFirst = 'attribute_not_exists(pk)'
  return [
    { Put: { TableName: table, Item: { ...input, runId: id }, ConditionExpression: isFirst } },
    {
      Put: {
        TableName: table,
        Item: { ...runKey(workspaceId, id), dataset, datasetVersion, source, ...rest },
        ConditionExpression: isFirst,
      },
    },
    { Put: { TableName: table, Item: datasetRunKey(workspaceId, dataset, id) } },
  ]
}

const inputOf = ({ workspaceId, dataset, datasetVersion, source, corrects }: Run): Input => ({
  ...{ workspaceId, dataset, datasetVersion, corrects },
  ...{ etag: source.etag, size: source.bytes },
})

async function claimed(client: DynamoDBDocumentClient, table: string, run: Run): Promise<string | undefined> {
  const Key = inputKey(inputOf(run))
  const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
  return Item?.['runId'] as string | undefined
}

async function query(
  client: DynamoDBDocumentClient,
  table: string,
  workspaceId: string,
  dataset: string | undefined,
  limit: number,
  after: string | undefined,
): Promise<readonly Record<string, unknown>[]> {
  const partition = dataset === undefined ? runsPartition(workspaceId) : datasetRunsPartition(workspaceId, dataset)
  const start = after === undefined ? undefined : { pk: partition, sk: after }
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :runs',
      ExpressionAttributeValues: { ':runs': partition },
      ScanIndexForward: false,
      Limit: limit,
      ...(start !== undefined && { ExclusiveStartKey: start }),
    }),
  )
  return Items
}

const CHANGING = [
  'status',
  'version',
  'updatedAt',
  'attempt',
  'counts',
  'warnings',
  'manifestVersion',
  'manifestKey',
  'duplicateOf',
  'error',
] as const satisfies readonly (keyof Run)[]

/** The parts of an UpdateItem that make `after` of a run that has one of the statuses and the version of `before`. */
export function changeOf(before: Run, from: readonly RunStatus[], after: Run) {
  const set = CHANGING.filter((name) => after[name] !== undefined)
  const statuses = from.map((_, index) => `:from${index}`)
  return {
    Key: runKey(before.workspaceId, before.id),
    UpdateExpression: `SET ${set.map((name) => `#${name} = :${name}`).join(', ')}`,
    ConditionExpression: `#status IN (${statuses.join(', ')}) AND #version = :before`,
    ExpressionAttributeNames: Object.fromEntries(set.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: {
      ...Object.fromEntries(set.map((name) => [`:${name}`, after[name]])),
      ...Object.fromEntries(from.map((status, index) => [`:from${index}`, status])),
      ':before': before.version,
    },
  }
}

function runOf(item: Record<string, unknown>, workspaceId: string): Run {
  const { pk: _, sk, ...run } = item as unknown as Omit<Run, 'id' | 'workspaceId'> & TableKey
  return { ...run, id: sk, workspaceId }
}
