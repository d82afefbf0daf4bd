/** What is due, and how far it was looked at; keys in `schedule-keys.ts`. Reads nothing that is not due. */
import { type DynamoDBDocumentClient, PutCommand, paginateQuery, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import { type DueEntry, duePartition, watermarkKey } from '../schedule-keys.ts'

export interface DueStore {
  /** By shard: an hour before which nothing is left. Shards that were never looked at are not there. */
  watermarks(): Promise<ReadonlyMap<number, Date>>
  /** Entries of one hour and shard before `until`, earliest first, in pages of at most 1 MB. Strongly consistent. */
  before(bucket: string, shard: number, until: Date): AsyncIterable<readonly DueEntry[]>
  /** Does nothing when another tick is further already. */
  advance(shard: number, through: Date): Promise<void>
}

const NOT_FURTHER = 'attribute_not_exists(pk) OR through < :through'

export const createDueStore = (client: DynamoDBDocumentClient, table: string): DueStore => ({
  async watermarks() {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :tick',
        ExpressionAttributeValues: { ':tick': watermarkKey(0).pk },
      }),
    )
    return new Map(Items.map(({ sk, through }) => [Number(sk), new Date(through as string)]))
  },
  async *before(bucket, shard, until) {
    const query = {
      TableName: table,
      KeyConditionExpression: 'pk = :bucket AND sk < :until',
      ExpressionAttributeValues: { ':bucket': duePartition(bucket, shard), ':until': until.toISOString() },
      // An entry that is missed now is late by a minute; and of an hour that seems empty nothing may be left.
      ConsistentRead: true,
    }
    for await (const { Items = [] } of paginateQuery({ client }, query)) yield Items as DueEntry[]
  },
  async advance(shard, through) {
    try {
      await client.send(
        new PutCommand({
          TableName: table,
          Item: { ...watermarkKey(shard), through: through.toISOString() },
          ConditionExpression: NOT_FURTHER,
          ExpressionAttributeValues: { ':through': through.toISOString() },
        }),
      )
    } catch (error) {
      if (!conditionFailed(error)) throw error
    }
  },
})
