/** Invitations in the table; keys in `auth-keys.ts`. Accepted together with the membership, in one transaction. */
import { type DynamoDBDocumentClient, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import { type TableKey, TTL_ATTRIBUTE } from '#core/table.ts'
import { type Actions, transact } from '#core/transact.store.ts'
import { INVITATION_PREFIX, invitationKey } from '../auth-keys.ts'
import type { Invitation } from './invitation.ts'

export interface InvitationsStore {
  create(invitation: Invitation): Promise<void>
  find(workspaceId: string, id: string): Promise<Invitation | undefined>
  /** Newest first, those after the id `after`. */
  list(workspaceId: string, limit: number, after?: string): Promise<readonly Invitation[]>
  /** False when it does not wait for an answer any more. */
  revoke(workspaceId: string, id: string, now: Date): Promise<boolean>
  /** False when it does not wait any more, or when a condition of `joining` failed. */
  accept(invitation: Invitation, userId: string, now: Date, joining: Actions): Promise<boolean>
}

export function createInvitationsStore(client: DynamoDBDocumentClient, table: string): InvitationsStore {
  const unanswered = 'attribute_exists(pk) AND attribute_not_exists(acceptedAt) AND attribute_not_exists(revokedAt)'
  return {
    async create({ id, workspaceId, ...invitation }) {
      const ttl = { [TTL_ATTRIBUTE]: epochSeconds(new Date(invitation.expiresAt)) }
      await client.send(
        new PutCommand({ TableName: table, Item: { ...invitationKey(workspaceId, id), ...invitation, ...ttl } }),
      )
    },
    async find(workspaceId, id) {
      const { Item } = await client.send(
        new GetCommand({ TableName: table, Key: invitationKey(workspaceId, id), ConsistentRead: true }),
      )
      return Item === undefined ? undefined : invitationOf(Item)
    },
    async list(workspaceId, limit, after) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :workspace AND begins_with(sk, :invitations)',
          ExpressionAttributeValues: { ':workspace': `WS#${workspaceId}`, ':invitations': INVITATION_PREFIX },
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit,
          ...(after !== undefined && { ExclusiveStartKey: invitationKey(workspaceId, after) }),
        }),
      )
      return Items.map(invitationOf)
    },
    revoke: (workspaceId, id, now) =>
      unlessRefused(
        client.send(
          new UpdateCommand({
            TableName: table,
            Key: invitationKey(workspaceId, id),
            UpdateExpression: 'SET revokedAt = :now',
            ConditionExpression: unanswered,
            ExpressionAttributeValues: { ':now': now.toISOString() },
          }),
        ),
      ),
    accept: ({ workspaceId, id }, userId, now, joining) =>
      unlessRefused(
        transact(client, [
          {
            Update: {
              TableName: table,
              Key: invitationKey(workspaceId, id),
              UpdateExpression: 'SET acceptedAt = :now, acceptedBy = :user',
              ConditionExpression: `${unanswered} AND expiresAt > :now`,
              ExpressionAttributeValues: { ':now': now.toISOString(), ':user': userId },
            },
          },
          ...(joining ?? []),
        ]),
      ),
  }
}

async function unlessRefused(write: Promise<unknown>): Promise<boolean> {
  try {
    await write
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}

function invitationOf(item: Record<string, unknown>): Invitation {
  const {
    pk,
    sk,
    ttl: _,
    ...rest
  } = item as unknown as Omit<Invitation, 'id' | 'workspaceId'> & TableKey & { ttl: number }
  return { id: sk.slice(INVITATION_PREFIX.length), workspaceId: pk.slice('WS#'.length), ...rest }
}
