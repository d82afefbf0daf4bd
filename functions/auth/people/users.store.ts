/**
 * Users, their addresses and what their mails are for, in the table; keys in `auth-keys.ts`. Every link is redeemed by one
 * conditional write, so that of many who follow it at once one wins. All reads are strongly consistent.
 */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import { type TableKey, TTL_ATTRIBUTE } from '#core/table.ts'
import { type Actions, transact } from '#core/transact.store.ts'
import { emailKey, registrationKey, userKey } from '../auth-keys.ts'
import type { User } from './user.ts'

/** A link that was sent by mail: what is stored of it, and the id of the request that it answers. */
export interface SentLink {
  readonly hash: string
  /** Sorts by time. */
  readonly request: string
  readonly expiresAt: Date
}

export interface UsersStore {
  find(userId: string): Promise<User | undefined>
  findByEmail(email: string): Promise<User | undefined>
  /** The newest request for an address is the one that counts; an older one, or the same again, changes nothing. */
  putRegistration(email: string, link: SentLink): Promise<void>
  /** Whether the link would work now: asked before a password is hashed for it. The write decides. */
  isNewestRegistration(email: string, linkHash: string, now: Date): Promise<boolean>
  /** False when the link was used, is over, is not the newest, or somebody has the address. `also` is in the same transaction. */
  register(user: User, linkHash: string, now: Date, also?: Actions): Promise<boolean>
  /** As `putRegistration`. */
  putReset(userId: string, link: SentLink): Promise<void>
  /** Whose password the link would set now, if it would; as `isNewestRegistration`. */
  findByReset(userId: string, linkHash: string, now: Date): Promise<User | undefined>
  /** Sets the password and ends every session; false when the link was used, is over or is not the newest. */
  resetPassword(userId: string, linkHash: string, passwordHash: string, now: Date): Promise<boolean>
}

export function createUsersStore(client: DynamoDBDocumentClient, table: string): UsersStore {
  const get = async (Key: TableKey) =>
    (await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))).Item
  const find = async (userId: string) => {
    const item = await get(userKey(userId))
    return item === undefined ? undefined : userOf(item)
  }
  return {
    find,
    async findByEmail(email) {
      const item = await get(emailKey(email))
      return item === undefined ? undefined : find(String(item['userId']))
    },
    async putRegistration(email, { hash, request, expiresAt }) {
      const newer = 'attribute_not_exists(requestId) OR requestId < :request'
      await unlessRefused(
        client.send(
          new PutCommand({
            TableName: table,
            Item: {
              ...registrationKey(email),
              hash,
              requestId: request,
              expiresAt: expiresAt.toISOString(),
              [TTL_ATTRIBUTE]: epochSeconds(expiresAt),
            },
            ConditionExpression: newer,
            ExpressionAttributeValues: { ':request': request },
          }),
        ),
      )
    },
    async isNewestRegistration(email, linkHash, now) {
      const item = await get(registrationKey(email))
      return item !== undefined && item['hash'] === linkHash && String(item['expiresAt']) > now.toISOString()
    },
    register: (user, linkHash, now, also = []) =>
      unlessRefused(transact(client, [...registration(table, user, linkHash, now), ...also])),
    async putReset(userId, { hash, request, expiresAt }) {
      // `resetRequest` outlives the link, so that a message delivered late does not bring a used link back.
      const newer = 'attribute_exists(pk) AND (attribute_not_exists(resetRequest) OR resetRequest < :request)'
      await unlessRefused(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: userKey(userId),
            UpdateExpression: 'SET resetHash = :hash, resetRequest = :request, resetExpiresAt = :expiresAt',
            ConditionExpression: newer,
            ExpressionAttributeValues: { ':hash': hash, ':request': request, ':expiresAt': expiresAt.toISOString() },
          }),
        ),
      )
    },
    async findByReset(userId, linkHash, now) {
      const item = await get(userKey(userId))
      const works = item?.['resetHash'] === linkHash && String(item['resetExpiresAt']) > now.toISOString()
      return item !== undefined && works ? userOf(item) : undefined
    },
    resetPassword(userId, linkHash, passwordHash, now) {
      const newestLink = 'resetHash = :link'
      const inTime = 'resetExpiresAt > :now'
      return unlessRefused(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: userKey(userId),
            UpdateExpression:
              'SET passwordHash = :password, passwordChangedAt = :now ADD epoch :one REMOVE resetHash, resetExpiresAt',
            ConditionExpression: `${newestLink} AND ${inTime}`,
            ExpressionAttributeValues: {
              ':link': linkHash,
              ':password': passwordHash,
              ':now': now.toISOString(),
              ':one': 1,
            },
          }),
        ),
      )
    },
  }
}

/**
 *   mail sent ──follow──► registered: user and address exist, the link is gone
 *       └─ newer mail ──► only the newer link works
 */
function registration(table: string, user: User, linkHash: string, now: Date): Actions {
  const { id, ...profile } = user
  const isNew = 'attribute_not_exists(pk)'
  const newestLink = '#hash = :link'
  const inTime = 'expiresAt > :now'
  return [
    { Put: { TableName: table, Item: { ...userKey(id), ...profile }, ConditionExpression: isNew } },
    { Put: { TableName: table, Item: { ...emailKey(user.email), userId: id }, ConditionExpression: isNew } },
    {
      Delete: {
        TableName: table,
        Key: registrationKey(user.email),
        ConditionExpression: `${newestLink} AND ${inTime}`,
        ExpressionAttributeNames: { '#hash': 'hash' },
        ExpressionAttributeValues: { ':link': linkHash, ':now': now.toISOString() },
      },
    },
  ]
}

/** True when the write was done, false when its condition did not hold. */
async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}

/** The item of `registration`, read back. */
function userOf(item: Record<string, unknown>): User {
  const { pk, email, passwordHash, epoch, createdAt, passwordChangedAt } = item as unknown as User & TableKey
  return { id: pk.slice('USER#'.length), email, passwordHash, epoch, createdAt, passwordChangedAt }
}
