/** Numbers without gaps: a counter is read, and raised in the transaction that uses its number, on condition that nobody else did. */
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import type { Write } from '../changes/write.ts'
import { counterKey } from '../payments-keys.ts'

export interface CountersStore {
  /** Strongly consistent; 0 when nothing was counted yet. */
  value(workspaceId: string, name: string): Promise<number>
}

export const createCountersStore = (client: DynamoDBDocumentClient, table: string): CountersStore => ({
  async value(workspaceId, name) {
    const Key = counterKey(workspaceId, name)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return (Item?.['value'] as number | undefined) ?? 0
  },
})

/** Takes the next `count` numbers behind `before`. Condition `still what was read`. */
export const counterWrite = (workspaceId: string, name: string, before: number, count: number): Write => ({
  label: `counter:${name}`,
  action: {
    Put: {
      Item: { ...counterKey(workspaceId, name), value: before + count },
      ConditionExpression: before === 0 ? 'attribute_not_exists(pk)' : '#value = :before',
      ...(before > 0 && {
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':before': before },
      }),
    },
  },
})
