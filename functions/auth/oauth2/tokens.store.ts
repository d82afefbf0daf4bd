/**
 * What the protocol engine stores, in the table of this service: codes, refresh tokens, grants, its sessions, interactions.
 *
 * | item | pk | sk | attributes |
 * |---|---|---|---|
 * | anything | `OIDC#<model>#<SHA-256 of its id>` | `OIDC` | payload, expiresAt (epoch s), ttl, grantId? |
 * | used once | the same | the same | … consumedAt (epoch s) |
 * | answer to a refresh | `OIDC#RefreshAnswer#<SHA-256 of the old token>` | `OIDC` | sealed (under the old token), answeredAt, expiresAt, ttl |
 * | session by uid | `OIDC#Uid#<uid>` | `OIDC` | sealed (its id, encrypted), expiresAt, ttl |
 *
 * An id is a secret that whoever holds it may use, so no id is stored in clear, neither as a key nor in a payload. A token's
 * family is its grant: a deleted grant ends every token of it at once, because using one locks the grant in the same
 * transaction. Two who use one token at once:
 *
 *     first    Update token if not consumed + grant exists ✓ ── new token
 *     second   the same ✗ ── within the window: the answer of the first (`repeated-refresh.ts`)
 *     later    any use of it ── refused, and the grant is deleted: somebody copied the token
 */
import { createHash } from 'node:crypto'
import { DeleteCommand, type DynamoDBDocumentClient, GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import { type TableKey, TTL_ATTRIBUTE } from '#core/table.ts'
import { cancellationCodes, transact } from '#core/transact.store.ts'

export type Payload = Readonly<Record<string, unknown>>

export interface Stored {
  readonly payload: Payload
  readonly consumedAt?: number
}

/** `used`: somebody was first, or it is not there. `family_gone`: its grant was deleted. */
export type Consumption = 'done' | 'used' | 'family_gone'

export interface TokensStore {
  /** Creates or replaces; with `once`, false when it was there. `expiresAt` in epoch seconds. */
  put(model: string, id: string, payload: Payload, expiresAt: number, once?: boolean): Promise<boolean>
  /** Undefined also for what expired. Strongly consistent. */
  find(model: string, id: string, now: number): Promise<Stored | undefined>
  /** `done` for one of all who call it for one id. */
  consume(model: string, id: string, grantId: string | undefined, now: number): Promise<Consumption>
  remove(model: string, id: string): Promise<void>
}

export const idHash = (id: string): string => createHash('sha256').update(id).digest('hex')

const keyOf = (model: string, id: string): TableKey => ({ pk: `OIDC#${model}#${idHash(id)}`, sk: 'OIDC' })

export function createTokensStore(client: DynamoDBDocumentClient, table: string): TokensStore {
  return {
    async put(model, id, payload, expiresAt, once = false) {
      const { jti: _, ...kept } = payload
      try {
        await client.send(
          new PutCommand({
            TableName: table,
            Item: { ...keyOf(model, id), payload: kept, expiresAt, [TTL_ATTRIBUTE]: expiresAt },
            ...(once && { ConditionExpression: 'attribute_not_exists(pk)' }),
          }),
        )
        return true
      } catch (error) {
        if (once && conditionFailed(error)) return false
        throw error
      }
    },
    async find(model, id, now) {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: keyOf(model, id), ConsistentRead: true }),
      )
      if (Item === undefined || Number(Item['expiresAt']) <= now) return undefined
      const consumedAt = Item['consumedAt'] as number | undefined
      return { payload: Item['payload'] as Payload, ...(consumedAt !== undefined && { consumedAt }) }
    },
    async consume(model, id, grantId, now) {
      const unused = 'attribute_exists(pk) AND attribute_not_exists(consumedAt)'
      const familyLives = { TableName: table, ConditionExpression: 'attribute_exists(pk)' }
      try {
        await transact(client, [
          {
            Update: {
              TableName: table,
              Key: keyOf(model, id),
              UpdateExpression: 'SET consumedAt = :now',
              ConditionExpression: unused,
              ExpressionAttributeValues: { ':now': now },
            },
          },
          ...(grantId === undefined ? [] : [{ ConditionCheck: { ...familyLives, Key: keyOf('Grant', grantId) } }]),
        ])
        return 'done'
      } catch (error) {
        if (!conditionFailed(error)) throw error
        const [token] = cancellationCodes(error)
        return token === 'ConditionalCheckFailed' ? 'used' : 'family_gone'
      }
    },
    async remove(model, id) {
      await client.send(new DeleteCommand({ TableName: table, Key: keyOf(model, id) }))
    },
  }
}
