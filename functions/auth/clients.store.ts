/** OAuth clients in the access table, where the gate of every service looks them up; keys in `#core/access.store.ts`. */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { type Client, clientKey } from '#core/access.store.ts'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import { transact } from '#core/transact.store.ts'

export type ListedClient = Omit<Client, 'secretHash'>

export interface ClientsStore {
  create(client: Client): Promise<void>
  /** Oldest first, those after the id `after`. */
  list(workspaceId: string, limit: number, after?: string): Promise<readonly ListedClient[]>
  /** False when the workspace has no such client. Its tokens are refused within the gate's cache time. */
  remove(workspaceId: string, id: string): Promise<boolean>
}

const listKey = (workspaceId: string, id: string): TableKey => ({ pk: `workspace#${workspaceId}`, sk: `client#${id}` })

export function createClientsStore(client: DynamoDBDocumentClient, table: string): ClientsStore {
  return {
    async create({ secretHash, ...listed }) {
      const full = { ...clientKey(listed.id), ...listed, ...(secretHash !== undefined && { secretHash }) }
      const items = [full, { ...listKey(listed.workspaceId, listed.id), ...listed }]
      await transact(
        client,
        items.map((Item) => ({ Put: { TableName: table, Item, ConditionExpression: 'attribute_not_exists(pk)' } })),
      )
    },
    async list(workspaceId, limit, after) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :clients)',
          ExpressionAttributeValues: { ':pk': `workspace#${workspaceId}`, ':clients': 'client#' },
          ConsistentRead: true,
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: listKey(workspaceId, after) }),
        }),
      )
      return Items.map((item) => {
        const { pk: _pk, sk: _sk, ...listed } = item
        return listed as ListedClient
      })
    },
    async remove(workspaceId, id) {
      // Named condition `of this workspace`.
      const values = { ':workspace': workspaceId }
      try {
        await transact(
          client,
          [clientKey(id), listKey(workspaceId, id)].map((Key) => ({
            Delete: {
              TableName: table,
              Key,
              ConditionExpression: 'workspaceId = :workspace',
              ExpressionAttributeValues: values,
            },
          })),
        )
        return true
      } catch (error) {
        if (conditionFailed(error)) return false
        throw error
      }
    },
  }
}
