/** What is due, from the index `due`; keys in `task-keys.ts`. Reads nothing that is not due. */
import { type DynamoDBDocumentClient, paginateQuery } from '@aws-sdk/lib-dynamodb'
import { DUE_INDEX, type DueEntry, dueEntryOf, duePartition } from '../task-keys.ts'

export interface DueStore {
  /** One shard's entries up to `until`, earliest first, in pages of at most 1 MB. Eventually consistent. */
  upTo(shard: number, until: Date): AsyncIterable<readonly DueEntry[]>
}

type DueKeys = Parameters<typeof dueEntryOf>[0]

export const createDueStore = (client: DynamoDBDocumentClient, table: string): DueStore => ({
  async *upTo(shard, until) {
    const query = {
      TableName: table,
      IndexName: DUE_INDEX,
      KeyConditionExpression: 'duePk = :shard AND dueSk < :until',
      ExpressionAttributeValues: { ':shard': duePartition(shard), ':until': until.toISOString() },
    }
    for await (const { Items = [] } of paginateQuery({ client }, query)) yield (Items as DueKeys[]).map(dueEntryOf)
  },
})
