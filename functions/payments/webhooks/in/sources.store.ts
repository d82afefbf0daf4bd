/** Sources of webhooks in the table; keys in `payments-keys.ts`. Lists are the objects store's. */
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import { indexKeys, sourceKey } from '../../payments-keys.ts'
import { isSourceId, type WebhookSource } from './source.ts'

export interface SourcesStore {
  /** By its id alone: the sender of a webhook does not know the workspace. */
  find(id: string): Promise<WebhookSource | undefined>
  create(source: WebhookSource): Promise<void>
  /** False when it changed since `before` was read. */
  replace(before: WebhookSource, after: WebhookSource): Promise<boolean>
  /** False when it changed since it was read. */
  remove(source: WebhookSource): Promise<boolean>
}

const UNCHANGED = '#version = :before'
const NAMES = { '#version': 'version' }

export function createSourcesStore(client: DynamoDBDocumentClient, table: string): SourcesStore {
  const itemOf = (source: WebhookSource) => ({
    ...sourceKey(source.id),
    ...indexKeys({ ...source, kind: 'source' }),
    ...source,
  })
  return {
    async find(id) {
      if (!isSourceId(id)) return undefined
      const Key = sourceKey(id)
      const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item as WebhookSource | undefined
    },
    async create(source) {
      const ConditionExpression = 'attribute_not_exists(pk)'
      await client.send(new PutCommand({ TableName: table, Item: itemOf(source), ConditionExpression }))
    },
    replace: (before, after) =>
      held(
        client.send(
          new PutCommand({
            TableName: table,
            Item: itemOf(after),
            ConditionExpression: UNCHANGED,
            ExpressionAttributeNames: NAMES,
            ExpressionAttributeValues: { ':before': before.version },
          }),
        ),
      ),
    remove: ({ id, version }) =>
      held(
        client.send(
          new DeleteCommand({
            TableName: table,
            Key: sourceKey(id),
            ConditionExpression: UNCHANGED,
            ExpressionAttributeNames: NAMES,
            ExpressionAttributeValues: { ':before': version },
          }),
        ),
      ),
  }
}

async function held(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}
