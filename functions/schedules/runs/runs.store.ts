/** Runs of schedules, which `schedules.store.ts` makes; keys in `schedule-keys.ts`. */
import {
  type DynamoDBDocumentClient,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
} from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import type { Run } from '../schedule.ts'
import { runKey, runsPartition } from '../schedule-keys.ts'
import type { ToldOfRun } from './task-told.ts'

export interface RunsStore {
  /** By nominal time, latest first. `next` is the position behind which the next page begins. */
  list(scheduleId: string, limit: number, after: string | undefined): Promise<RunPage>
  /** The first delivery stands: one that is repeated changes nothing. */
  delivered(run: Pick<Run, 'scheduleId' | 'id'>, at: Date): Promise<void>
  /** Undefined when the run is gone, or something later of its task was told already. */
  recordTask(told: ToldOfRun): Promise<Run | undefined>
}

export interface RunPage {
  readonly runs: readonly Run[]
  readonly next: string | undefined
}

const NOT_YET_DELIVERED = 'attribute_exists(pk) AND attribute_not_exists(deliveredAt)'
/** Events come in any order and more than once; and an id in one is only as good as its sender. */
const ITS_RUN = 'workspaceId = :workspace'
const NEWS = 'attribute_not_exists(task) OR task.#sequence <= :sequence'

export const createRunsStore = (client: DynamoDBDocumentClient, table: string): RunsStore => ({
  async list(scheduleId, limit, after) {
    const pk = runsPartition(scheduleId)
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :partition',
        ExpressionAttributeValues: { ':partition': pk },
        ScanIndexForward: false,
        // One more than asked for tells whether there is a next page.
        Limit: limit + 1,
        ...(after !== undefined && { ExclusiveStartKey: { pk, sk: after } }),
      }),
    )
    const page = Items.slice(0, limit) as (TableKey & Run)[]
    return { runs: page, next: Items.length > limit ? page.at(-1)?.sk : undefined }
  },
  async delivered(run, at) {
    await update(client, {
      TableName: table,
      Key: runKey(run),
      UpdateExpression: 'SET deliveredAt = :at',
      ConditionExpression: NOT_YET_DELIVERED,
      ExpressionAttributeValues: { ':at': at.toISOString() },
    })
  },
  recordTask: ({ task, workspaceId, ...run }) =>
    update(client, {
      TableName: table,
      Key: runKey(run),
      UpdateExpression: 'SET task = :task',
      ConditionExpression: `${ITS_RUN} AND (${NEWS})`,
      ExpressionAttributeNames: { '#sequence': 'sequence' },
      ExpressionAttributeValues: { ':task': task, ':workspace': workspaceId, ':sequence': task.sequence },
    }),
})

/** @returns the run as it is now, or undefined when the condition does not hold */
async function update(client: DynamoDBDocumentClient, input: UpdateCommandInput): Promise<Run | undefined> {
  try {
    const { Attributes } = await client.send(new UpdateCommand({ ...input, ReturnValues: 'ALL_NEW' }))
    return Attributes as (TableKey & Run) | undefined
  } catch (error) {
    if (conditionFailed(error)) return undefined
    throw error
  }
}
