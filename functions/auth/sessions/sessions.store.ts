/** Sessions in the table; keys in `auth-keys.ts`. A session is read together with its user: 2 read units a request. */
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import { type TableKey, TTL_ATTRIBUTE } from '#core/table.ts'
import { SESSION_PREFIX, sessionKey, userKey } from '../auth-keys.ts'
import type { User } from '../people/user.ts'
import type { Session } from './session.ts'

/** More than anybody has browsers; a list shows the newest. */
export const MAX_LISTED_SESSIONS = 100

export interface SessionsStore {
  create(session: Session): Promise<void>
  /** Undefined unless both exist. Strongly consistent: a revoked session is refused at once. */
  find(userId: string, sessionId: string): Promise<{ readonly session: Session; readonly user: User } | undefined>
  /** Newest first. */
  list(userId: string): Promise<readonly Session[]>
  /** Does nothing when the session was revoked meanwhile. */
  touch(session: Session, now: Date): Promise<void>
  /** False when there was none. */
  revoke(userId: string, sessionId: string): Promise<boolean>
}

export function createSessionsStore(client: DynamoDBDocumentClient, table: string): SessionsStore {
  return {
    async create({ id, userId, ...session }) {
      const ttl = { [TTL_ATTRIBUTE]: epochSeconds(new Date(session.expiresAt)) }
      await client.send(new PutCommand({ TableName: table, Item: { ...sessionKey(userId, id), ...session, ...ttl } }))
    },
    async find(userId, sessionId) {
      const Keys = [userKey(userId), sessionKey(userId, sessionId)]
      const { Responses, UnprocessedKeys } = await client.send(
        new BatchGetCommand({ RequestItems: { [table]: { Keys, ConsistentRead: true } } }),
      )
      if (UnprocessedKeys?.[table] !== undefined)
        throw Object.assign(new Error('a session could not be read'), { name: 'ThrottlingException' })
      const items = Responses?.[table] ?? []
      const session = items.find((item) => item['sk'] !== 'PROFILE')
      const user = items.find((item) => item['sk'] === 'PROFILE')
      if (session === undefined || user === undefined) return undefined
      return { session: sessionOf(session), user: { id: userId, ...(user as unknown as Omit<User, 'id'>) } }
    },
    async list(userId) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :user AND begins_with(sk, :sessions)',
          ExpressionAttributeValues: { ':user': userKey(userId).pk, ':sessions': SESSION_PREFIX },
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: MAX_LISTED_SESSIONS,
        }),
      )
      return Items.map(sessionOf)
    },
    async touch({ id, userId }, now) {
      try {
        await client.send(
          new UpdateCommand({
            TableName: table,
            Key: sessionKey(userId, id),
            UpdateExpression: 'SET lastSeenAt = :now',
            ConditionExpression: 'attribute_exists(pk)',
            ExpressionAttributeValues: { ':now': now.toISOString() },
          }),
        )
      } catch (error) {
        if (!conditionFailed(error)) throw error
      }
    },
    async revoke(userId, sessionId) {
      const { Attributes } = await client.send(
        new DeleteCommand({ TableName: table, Key: sessionKey(userId, sessionId), ReturnValues: 'ALL_OLD' }),
      )
      return Attributes !== undefined
    },
  }
}

/** The item of `create`, read back. */
function sessionOf(item: Record<string, unknown>): Session {
  const { pk, sk, hash, epoch, createdAt, lastSeenAt, expiresAt, userAgent } = item as unknown as Session & TableKey
  const [id, userId] = [sk.slice(SESSION_PREFIX.length), pk.slice('USER#'.length)]
  return { id, userId, hash, epoch, createdAt, lastSeenAt, expiresAt, userAgent }
}
