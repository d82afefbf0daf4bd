/**
 * Lists of tasks; keys in `task-keys.ts`. Newest first: all of a workspace by the time they were made, from the table;
 * those of a queue or in a status by the time they entered it, from the index `state`. Nothing is scanned.
 */
import { type DynamoDBDocumentClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/lib-dynamodb'
import type { TasksStore } from '../states/tasks.store.ts'
import { STATUSES, type Status, type Task } from '../task.ts'
import { SHARDS, STATE_INDEX, statePartition, tasksPartition } from '../task-keys.ts'
import { mergePages, type PartitionPage } from './task-list.ts'

export interface TaskFilter {
  readonly status?: Status | undefined
  readonly queue?: string | undefined
  readonly name?: string | undefined
}

export interface TaskPage {
  /** Those of other names are left out after reading, so a page may have fewer than asked for. */
  readonly tasks: readonly Task[]
  readonly next: string | undefined
}

export interface TaskListsStore {
  /** `queues` are the names of the workspace's queues; `after` is the `next` of the page before. */
  list(
    workspaceId: string,
    filter: TaskFilter,
    queues: readonly string[],
    limit: number,
    after: string | undefined,
  ): Promise<TaskPage>
}

interface Entry {
  readonly id: string
  readonly position: string
}

export function createTaskListsStore(
  client: DynamoDBDocumentClient,
  table: string,
  tasks: Pick<TasksStore, 'getAll'>,
): TaskListsStore {
  const query = async (input: Omit<QueryCommandInput, 'TableName'>, sortKey: string): Promise<PartitionPage<Entry>> => {
    const { Items = [], LastEvaluatedKey } = await client.send(
      new QueryCommand({ TableName: table, ScanIndexForward: false, ...input }),
    )
    const items = Items.map((item) => ({ id: item['sk'] as string, position: item[sortKey] as string }))
    return { items, stoppedAt: LastEvaluatedKey?.[sortKey] as string | undefined }
  }
  return {
    async list(workspaceId, filter, queues, limit, after) {
      const byState = filter.status !== undefined || filter.queue !== undefined
      const pages = byState
        ? statePartitions(workspaceId, filter, queues).map((partition) =>
            query(
              { IndexName: STATE_INDEX, ...behind('statePk', partition, 'stateSk', after), Limit: limit },
              'stateSk',
            ),
          )
        : Array.from({ length: SHARDS }, (_, shard) =>
            query(
              {
                ...behind('pk', tasksPartition(workspaceId, shard), 'sk', after),
                // Only where to look: the tasks themselves are read once, strongly consistent.
                ProjectionExpression: 'sk',
                Limit: limit,
              },
              'sk',
            ),
          )
      const { items, next } = mergePages(await Promise.all(pages), limit, ({ position }) => position)
      const found = await tasks.getAll(
        workspaceId,
        items.map(({ id }) => id),
      )
      return { tasks: found.filter((task) => matches(task, filter)), next }
    },
  }
}

const statePartitions = (workspaceId: string, { status, queue }: TaskFilter, queues: readonly string[]): string[] =>
  (queue === undefined ? queues : [queue]).flatMap((name) =>
    (status === undefined ? STATUSES : [status]).map((each) => statePartition(workspaceId, name, each)),
  )

const behind = (pk: string, partition: string, sk: string, after: string | undefined) => ({
  KeyConditionExpression: after === undefined ? '#pk = :pk' : '#pk = :pk AND #sk < :after',
  ExpressionAttributeNames: { '#pk': pk, ...(after !== undefined && { '#sk': sk }) },
  ExpressionAttributeValues: { ':pk': partition, ...(after !== undefined && { ':after': after }) },
})

/** An index may lag behind the table by a moment. */
const matches = (task: Task, { status, queue, name }: TaskFilter): boolean =>
  (status === undefined || task.status === status) &&
  (queue === undefined || task.queue === queue) &&
  (name === undefined || task.name === name)
