/** Deliveries and their attempts in the table; keys in `payments-keys.ts`. They are written as part of `Changes`; lists are the objects store's. */
import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import {
  ATTEMPT_PREFIX,
  DUE_INDEX,
  type DueKeys,
  deliveryPartition,
  parkedEventOf,
  parkedPartition,
  rowOf,
} from '../../payments-keys.ts'
import { type Attempt, DELIVERY_KEY, type Delivery, type DeliveryRef } from './delivery.ts'

export interface DeliveriesStore {
  /** Strongly consistent. */
  find(ref: DeliveryRef): Promise<Delivery | undefined>
  /** The latest first, at most `MAX_LISTED_ATTEMPTS`. */
  attempts(ref: DeliveryRef): Promise<readonly Attempt[]>
  /** Those that wait with an endpoint, the oldest first; eventually consistent, so look at the delivery itself. */
  parked(endpoint: Omit<DeliveryRef, 'eventId'>, limit: number): Promise<readonly DeliveryRef[]>
}

/** Ten of each round: somebody who sends again so often has seen the others. */
export const MAX_LISTED_ATTEMPTS = 50

export function createDeliveriesStore(client: DynamoDBDocumentClient, table: string): DeliveriesStore {
  const partitionOf = ({ workspaceId, endpointId, eventId }: DeliveryRef): string =>
    deliveryPartition(workspaceId, endpointId, eventId)
  return {
    async find(ref) {
      const Key = { pk: partitionOf(ref), sk: DELIVERY_KEY }
      const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
      return Item === undefined ? undefined : rowOf<Delivery>(Item)
    },
    async attempts(ref) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :delivery AND begins_with(sk, :attempts)',
          ExpressionAttributeValues: { ':delivery': partitionOf(ref), ':attempts': ATTEMPT_PREFIX },
          ConsistentRead: true,
          ScanIndexForward: false,
          Limit: MAX_LISTED_ATTEMPTS,
        }),
      )
      return Items as Attempt[]
    },
    async parked({ workspaceId, endpointId }, limit) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          IndexName: DUE_INDEX,
          KeyConditionExpression: 'duePk = :endpoint',
          ExpressionAttributeValues: { ':endpoint': parkedPartition(workspaceId, endpointId) },
          Limit: limit,
        }),
      )
      return (Items as DueKeys[]).map((keys) => ({ workspaceId, endpointId, eventId: parkedEventOf(keys) }))
    },
  }
}
