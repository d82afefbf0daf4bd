/**
 * Counters of the rate limit, in the service's own table.
 *
 * | item | pk | sk | attributes |
 * |---|---|---|---|
 * | window | `kit#rate#<subject>` | `<class>#<window start, epoch ms>` | hits, ttl |
 *
 * `{ pk: 'kit#rate#01J…', sk: 'write#1767225600000', hits: 17, ttl: 1767225720 }`. A window is named by its start, so a
 * new one begins with a new item and nothing has to be reset; TTL cleans up one window length after its end.
 * Access pattern: one UpdateItem a request, 1 WCU, no condition, no read.
 */
import { type DynamoDBDocumentClient, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { SECOND } from './clock.ts'
import type { RateLimitStore } from './rate-limit.ts'
import { KIT_PREFIX, TTL_ATTRIBUTE } from './table.ts'

export function rateLimitStore(client: DynamoDBDocumentClient, table: string): RateLimitStore {
  return {
    async count(subject, limitClass, windowStart, windowMs) {
      const { Attributes } = await client.send(
        new UpdateCommand({
          TableName: table,
          Key: { pk: `${KIT_PREFIX}rate#${subject}`, sk: `${limitClass}#${windowStart}` },
          UpdateExpression: 'ADD hits :one SET #ttl = :ttl',
          ExpressionAttributeNames: { '#ttl': TTL_ATTRIBUTE },
          ExpressionAttributeValues: { ':one': 1, ':ttl': Math.ceil((windowStart + 2 * windowMs) / SECOND) },
          ReturnValues: 'UPDATED_NEW',
        }),
      )
      const hits: unknown = Attributes?.['hits']
      if (typeof hits !== 'number') throw new TypeError(`expected the updated counter, got ${typeof hits}`)
      return hits
    },
  }
}
