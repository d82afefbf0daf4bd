/** OAuth clients in the access table, where the gate of every service looks them up; keys in `#core/access.store.ts`. */
import { type DynamoDBDocumentClient, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { type Client, clientKey } from '#core/access.store.ts'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import { transact } from '#core/transact.store.ts'

export type ListedClient = Omit<Client, 'secretHash' | 'previousSecretHash' | 'previousSecretEndsAt'>

export interface ClientsStore {
  create(client: Client): Promise<void>
  /** Oldest first, those after the id `after`. */
  list(workspaceId: string, limit: number, after?: string): Promise<readonly ListedClient[]>
  /** The secret so far works until `endsAt`, the one before it no more. False when the workspace has no such client with a secret. */
  rotateSecret(workspaceId: string, id: string, secretHash: string, endsAt: Date): Promise<boolean>
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
    async rotateSecret(workspaceId, id, secretHash, endsAt) {
      // Named conditions: `of this workspace`, `confidential`.
      const values = { ':workspace': workspaceId, ':new': secretHash, ':endsAt': endsAt.toISOString() }
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: clientKey(id),
            UpdateExpression: 'SET previousSecretHash = secretHash, previousSecretEndsAt = :endsAt, secretHash = :new',
            ConditionExpression: 'workspaceId = :workspace AND attribute_exists(secretHash)',
            ExpressionAttributeValues: values,
          }),
        )
        return true
      } catch (error) {
        if (conditionFailed(error)) return false
        throw error
      }
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
