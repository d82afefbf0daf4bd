/** What is due, from the index `due`; keys in `task-keys.ts`. Reads nothing that is not due. */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { DUE_INDEX, type DueEntry, dueEntryOf, duePartition } from '../task-keys.ts'

export interface DueStore {
  /** One shard's entries up to `until`, earliest first, in pages of at most 1 MB. Eventually consistent. */
  upTo(shard: number, until: Date): AsyncIterable<readonly DueEntry[]>
}

type DueKeys = Parameters<typeof dueEntryOf>[0]

export const createDueStore = (client: DynamoDBDocumentClient, table: string): DueStore => ({
  async *upTo(shard, until) {
    let start: Record<string, unknown> | undefined
    do {
      const { Items = [], LastEvaluatedKey } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: DUE_INDEX,
          KeyConditionExpression: 'duePk = :shard AND dueSk < :until',
          ExpressionAttributeValues: { ':shard': duePartition(shard), ':until': until.toISOString() },
          ...(start !== undefined && { ExclusiveStartKey: start }),
        }),
      )
      yield (Items as DueKeys[]).map(dueEntryOf)
      start = LastEvaluatedKey
    } while (start !== undefined)
  },
})
