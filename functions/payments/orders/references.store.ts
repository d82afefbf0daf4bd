/** Which order a payment elsewhere belongs to. Written with the order, by `external-facts.ts`; read here. */
import { type DynamoDBDocumentClient, GetCommand } from '@aws-sdk/lib-dynamodb'
import { referenceKey } from '../payments-keys.ts'

export interface ReferencesStore {
  /** Strongly consistent; undefined for a payment that nobody told of yet. */
  orderOf(workspaceId: string, source: string, externalId: string): Promise<string | undefined>
}

export const createReferencesStore = (client: DynamoDBDocumentClient, table: string): ReferencesStore => ({
  async orderOf(workspaceId, source, externalId) {
    const Key = referenceKey(workspaceId, source, externalId)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return Item?.['orderId'] as string | undefined
  },
})
