/** Received webhooks in the table; keys in `payments-keys.ts`. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import { receivedKey } from '../../payments-keys.ts'
import { type ReceivedWebhook, receivedItem } from './received.ts'

/**
 * One conditional put: `attribute_not_exists` makes the first of two deliveries the one that counts. False when it is there
 * already. 1 write unit for each kB of the message, and 2 for the indexes.
 */
export type KeepWebhook = (webhook: ReceivedWebhook) => Promise<boolean>

export const createKeepWebhook =
  (client: DynamoDBDocumentClient, table: string): KeepWebhook =>
  async (webhook) => {
    try {
      await client.send(
        new PutCommand({
          TableName: table,
          Item: receivedItem(webhook),
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      )
      return true
    } catch (error) {
      if (conditionFailed(error)) return false
      throw error
    }
  }

/** Strongly consistent; undefined for a message that never came, or came too long ago. */
export type FindWebhook = (sourceId: string, messageId: string) => Promise<ReceivedWebhook | undefined>

export const createFindWebhook =
  (client: DynamoDBDocumentClient, table: string): FindWebhook =>
  async (sourceId, messageId) => {
    const Key = receivedKey(sourceId, messageId)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    return Item as ReceivedWebhook | undefined
  }
