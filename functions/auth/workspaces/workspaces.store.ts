/**
 * Workspaces and who is in them, in the access table, which every service's gate reads (`#core/access.store.ts`).
 *
 * | item | pk | sk | attributes |
 * |---|---|---|---|
 * | workspace | `workspace#<id>` | `workspace` | id, name, createdAt |
 * | member | `workspace#<id>` | `member#<user id>` | userId, email, role, joinedAt |
 * | how many owners | `workspace#<id>` | `owners` | owners |
 * | the member's list entry | `user#<user id>` | `workspace#<id>` | workspaceId, name, role, joinedAt |
 *
 * Each change is one transaction (4 to 8 write units). The number of owners changes in the transaction that changes an
 * owner, on condition that one is left, so that of two owners who leave at once one stays:
 *
 *     owner A   leaves: owners 2 → 1 if > 1 ✓
 *     owner B   leaves: owners 1 → 0 if > 1 ✗ last_owner
 */
import { type DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { type Member, memberKey, type Workspace } from '#core/access.store.ts'
import type { Role } from '#core/permissions.ts'
import type { TableKey } from '#core/table.ts'
import { type Actions, cancellationCodes, transact } from '#core/transact.store.ts'

export interface Membership {
  readonly workspaceId: string
  readonly name: string
  readonly role: Role
  readonly joinedAt: string
}

/** `changed`: the member is not there, or not in the role that the change was decided on. */
export type MemberChange = 'done' | 'last_owner' | 'changed'

/** A list shows at most so many; a workspace with more needs groups first. */
export const MAX_MEMBERS = 100

/** `also` is written in the same transaction. */
export interface WorkspacesStore {
  create(workspace: Workspace, owner: Member, also?: Actions): Promise<void>
  /** At most 100, the oldest first. */
  listOf(userId: string): Promise<readonly Membership[]>
  /** At most 100, the oldest first. */
  members(workspaceId: string): Promise<readonly Member[]>
  changeRole(workspaceId: string, member: Member, to: Role, also?: Actions): Promise<MemberChange>
  remove(workspaceId: string, member: Member, also?: Actions): Promise<MemberChange>
  /** For a transaction that somebody joins by; fails on a condition when they are in already. */
  joining(workspace: Workspace, member: Member): Actions
}

const ownersKey = (workspaceId: string): TableKey => ({ pk: `workspace#${workspaceId}`, sk: 'owners' })
const entryKey = (userId: string, workspaceId: string): TableKey => ({
  pk: `user#${userId}`,
  sk: `workspace#${workspaceId}`,
})

export function createWorkspacesStore(client: DynamoDBDocumentClient, table: string): WorkspacesStore {
  const isNew = 'attribute_not_exists(pk)'
  const list = async (pk: string, prefix: string) => {
    const { Items = [] } = await client.send(
      new QueryCommand({
        TableName: table,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
        ExpressionAttributeValues: { ':pk': pk, ':prefix': prefix },
        ConsistentRead: true,
        Limit: MAX_MEMBERS,
      }),
    )
    return Items
  }
  const put = (Item: object) => ({ Put: { TableName: table, Item: { ...Item }, ConditionExpression: isNew } })

  const joining = (workspace: Workspace, member: Member): Actions => {
    const { role, joinedAt } = member
    return [
      put({ ...memberKey(workspace.id, member.userId), ...member }),
      put({
        ...entryKey(member.userId, workspace.id),
        workspaceId: workspace.id,
        name: workspace.name,
        role,
        joinedAt,
      }),
      ...ownersChange(table, workspace.id, undefined, role),
    ]
  }

  return {
    joining,
    async create(workspace, owner, also = []) {
      const item = { pk: `workspace#${workspace.id}`, sk: 'workspace', ...workspace }
      await transact(client, [put(item), ...joining(workspace, owner), ...also])
    },
    async listOf(userId) {
      const items = await list(`user#${userId}`, 'workspace#')
      return items.map(({ workspaceId, name, role, joinedAt }) => ({ workspaceId, name, role, joinedAt }))
    },
    async members(workspaceId) {
      const items = await list(`workspace#${workspaceId}`, 'member#')
      return items.map(({ userId, email, role, joinedAt }) => ({ userId, email, role, joinedAt }))
    },
    changeRole: (workspaceId, { userId, role: from }, to, also = []) =>
      change(client, ownersChange(table, workspaceId, from, to), [
        ...[memberKey(workspaceId, userId), entryKey(userId, workspaceId)].map((Key) => ({
          Update: {
            TableName: table,
            Key,
            UpdateExpression: 'SET #role = :to',
            ...inRole(from, { ':to': to }),
          },
        })),
        ...also,
      ]),
    remove: (workspaceId, { userId, role: from }, also = []) =>
      change(client, ownersChange(table, workspaceId, from, undefined), [
        ...[memberKey(workspaceId, userId), entryKey(userId, workspaceId)].map((Key) => ({
          Delete: { TableName: table, Key, ...inRole(from) },
        })),
        ...also,
      ]),
  }
}

/** Named condition `still in that role`. */
const inRole = (role: Role, values: Readonly<Record<string, string>> = {}) => ({
  ConditionExpression: '#role = :from',
  ExpressionAttributeNames: { '#role': 'role' },
  ExpressionAttributeValues: { ':from': role, ...values },
})

/** Nothing when no owner comes or goes. Named condition `one is left`. */
function ownersChange(table: string, workspaceId: string, from: Role | undefined, to: Role | undefined): Actions {
  if ((from === 'owner') === (to === 'owner')) return []
  const base = { TableName: table, Key: ownersKey(workspaceId), UpdateExpression: 'ADD owners :change' }
  const leaves = { ConditionExpression: 'owners > :one', ExpressionAttributeValues: { ':change': -1, ':one': 1 } }
  return [{ Update: { ...base, ...(to === 'owner' ? { ExpressionAttributeValues: { ':change': 1 } } : leaves) } }]
}

async function change(client: DynamoDBDocumentClient, owners: Actions, others: Actions): Promise<MemberChange> {
  try {
    await transact(client, [...owners, ...others])
    return 'done'
  } catch (error) {
    const failed = cancellationCodes(error).map((code) => code === 'ConditionalCheckFailed')
    if (!failed.includes(true)) throw error
    // The counter comes first where there is one; a member in another role explains its failure too.
    const aboutOwners = owners.length > 0 && failed[0] === true
    return aboutOwners && !failed.slice(1).includes(true) ? 'last_owner' : 'changed'
  }
}
