/**
 * Workspaces and API keys in the access table. Never decides who may do what: the gate does.
 *
 * | item | pk | sk | attributes |
 * |---|---|---|---|
 * | workspace | `workspace#<id>` | `workspace` | name, createdAt |
 * | API key | `api-key#<id>` | `api-key` | workspaceId, hash, role, scopes?, name, createdAt, expiresAt?, revokedAt? |
 * | key in its workspace's list | `workspace#<workspaceId>` | `api-key#<id>` | as the API key, without the hash |
 * | OAuth client | `client#<id>` | `client` | workspaceId, name, role, scopes, grants, redirectUris, secretHash?, previousSecretHash?, previousSecretEndsAt?, createdBy, createdAt |
 * | client in its workspace's list | `workspace#<workspaceId>` | `client#<id>` | as the client |
 * | the issuer's public keys | `issuer` | `jwks` | keys |
 * | member | `workspace#<id>` | `member#<userId>` | userId, email, role, joinedAt; written by the auth service |
 *
 * An API key in its three life stages:
 *   active   { pk: 'api-key#01J…', sk: 'api-key', workspaceId: 'wsp_01J…', hash: '9f…', role: 'member', name: 'CI', createdAt }
 *   expiring { …, expiresAt: '2027-01-01T00:00:00.000Z' }: refused from that instant on; the item stays, for the audit
 *   revoked  { …, revokedAt: '2026-05-01T09:30:00.000Z' }: refused everywhere within the gate's cache time
 *
 * Access patterns, all on the table's own key: find a key (one strongly consistent GetItem, 1 RCU); a workspace
 * (the same); a workspace's keys in the order of their creation (Query, `begins_with(sk, 'api-key#')`), its members likewise. Key and list
 * entry are written in one transaction (4 WCU). No TTL: nothing here expires by itself.
 */
import {
  type DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  paginateQuery,
  QueryCommand,
  TransactWriteCommand,
  type TransactWriteCommandInput,
} from '@aws-sdk/lib-dynamodb'
import * as z from 'zod'
import { type PublicJwk, publicJwk } from './access-token.ts'
import { conditionFailed } from './dynamo.ts'
import { PERMISSIONS, ROLES } from './permissions.ts'
import type { TableKey } from './table.ts'

const workspaceSchema = z.object({ id: z.string(), name: z.string(), createdAt: z.iso.datetime() })
export type Workspace = z.infer<typeof workspaceSchema>

const listedKeySchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  /** Narrows the role. A scope that no longer exists allows nothing, so it is left out. */
  scopes: z
    .array(z.string())
    .transform((scopes) => PERMISSIONS.filter((permission) => scopes.includes(permission)))
    .optional(),
  createdAt: z.iso.datetime(),
  /** Who made it: the id of a user or of another key. */
  createdBy: z.string().optional(),
  /** The key that took its place, once it was rotated. */
  replacedBy: z.string().optional(),
  expiresAt: z.iso.datetime().optional(),
  revokedAt: z.iso.datetime().optional(),
})
const apiKeySchema = listedKeySchema.extend({ hash: z.hex() })

/** What a list shows of a key. */
export type ListedApiKey = z.infer<typeof listedKeySchema>
/** `hash` is `hashApiKey`'s; the secret itself is stored nowhere. */
export type StoredApiKey = z.infer<typeof apiKeySchema>

const memberSchema = z.object({
  userId: z.string(),
  email: z.string(),
  role: z.enum(ROLES),
  joinedAt: z.iso.datetime(),
})
export type Member = z.infer<typeof memberSchema>

const clientSchema = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  /** What it may do at most when it acts for the workspace itself, and who could make it. */
  role: z.enum(ROLES),
  scopes: z.array(z.string()).transform((scopes) => PERMISSIONS.filter((permission) => scopes.includes(permission))),
  grants: z.array(z.enum(['authorization_code', 'client_credentials'])),
  redirectUris: z.array(z.string()),
  /** Of a confidential client: the SHA-256 of its secret, hex. */
  secretHash: z.hex().optional(),
  /** The one before it, which works until then: two, so that a secret can be replaced without a gap. */
  previousSecretHash: z.hex().optional(),
  previousSecretEndsAt: z.iso.datetime().optional(),
  createdBy: z.string(),
  createdAt: z.iso.datetime(),
})
/** An OAuth client. */
export type Client = z.infer<typeof clientSchema>

type Actions = NonNullable<TransactWriteCommandInput['TransactItems']>

export interface AccessStore {
  /** Creates or replaces. */
  putWorkspace(workspace: Workspace): Promise<void>
  findWorkspace(id: string): Promise<Workspace | undefined>
  /** Creates or replaces the key and its entry in the workspace's list. `also` is written in the same transaction, here and below. */
  putApiKey(key: StoredApiKey, also?: Actions): Promise<void>
  findApiKey(id: string): Promise<StoredApiKey | undefined>
  /** At most `limit`, oldest first, those after the id `after`. */
  listApiKeys(workspaceId: string, limit: number, after?: string): Promise<readonly ListedApiKey[]>
  /**
   * Puts `key` in the place of `oldId`, which ends at `endsAt`. False when the workspace has no such
   * key that works until then and was not rotated yet.
   */
  rotateApiKey(oldId: string, endsAt: Date, key: StoredApiKey, also?: Actions): Promise<boolean>
  /** The public keys of the issuer of access tokens; none before it first ran. */
  issuerKeys(): Promise<readonly PublicJwk[]>
  putIssuerKeys(keys: readonly PublicJwk[]): Promise<void>
  findClient(id: string): Promise<Client | undefined>
  findMember(workspaceId: string, userId: string): Promise<Member | undefined>
  /** Its members who are owners: those that are told when something of the workspace needs a person. */
  ownersOf(workspaceId: string): Promise<readonly Member[]>
  /** False when the workspace has no such key. Revoking again keeps the first time. */
  revokeApiKey(workspaceId: string, id: string, revokedAt: Date, also?: Actions): Promise<boolean>
}

const workspaceKey = (id: string): TableKey => ({ pk: `workspace#${id}`, sk: 'workspace' })
const apiKeyKey = (id: string): TableKey => ({ pk: `api-key#${id}`, sk: 'api-key' })
const listKey = (workspaceId: string, id: string): TableKey => ({ pk: `workspace#${workspaceId}`, sk: `api-key#${id}` })
const ISSUER_KEYS: TableKey = { pk: 'issuer', sk: 'jwks' }
export const clientKey = (id: string): TableKey => ({ pk: `client#${id}`, sk: 'client' })
export const memberKey = (workspaceId: string, userId: string): TableKey => ({
  pk: `workspace#${workspaceId}`,
  sk: `member#${userId}`,
})

export function accessStore(client: DynamoDBDocumentClient, table: string): AccessStore {
  const get = async (key: TableKey) =>
    (await client.send(new GetCommand({ TableName: table, Key: key, ConsistentRead: true }))).Item
  return {
    async putWorkspace(workspace) {
      await client.send(new PutCommand({ TableName: table, Item: { ...workspaceKey(workspace.id), ...workspace } }))
    },
    async findWorkspace(id) {
      const item = await get(workspaceKey(id))
      return item === undefined ? undefined : workspaceSchema.parse(item)
    },
    async putApiKey(key, also = []) {
      await client.send(new TransactWriteCommand({ TransactItems: [...putsOf(table, key), ...also] }))
    },
    async findApiKey(id) {
      const item = await get(apiKeyKey(id))
      return item === undefined ? undefined : apiKeySchema.parse(item)
    },
    rotateApiKey: (oldId, endsAt, key, also = []) =>
      rotateApiKey(client, table, oldId, endsAt, [...putsOf(table, key), ...also], key),
    async issuerKeys() {
      const item = await get(ISSUER_KEYS)
      return item === undefined ? [] : z.array(publicJwk).parse(item['keys'])
    },
    async putIssuerKeys(keys) {
      await client.send(new PutCommand({ TableName: table, Item: { ...ISSUER_KEYS, keys } }))
    },
    async findClient(id) {
      const item = await get(clientKey(id))
      return item === undefined ? undefined : clientSchema.parse(item)
    },
    async findMember(workspaceId, userId) {
      const item = await get(memberKey(workspaceId, userId))
      return item === undefined ? undefined : memberSchema.parse(item)
    },
    ownersOf: (workspaceId) => ownersOf(client, table, workspaceId),
    listApiKeys: (workspaceId, limit, after) => listApiKeys(client, table, workspaceId, limit, after),
    revokeApiKey: (workspaceId, id, revokedAt, also = []) =>
      revokeApiKey(client, table, { workspaceId, id }, revokedAt, also),
  }
}

async function listApiKeys(
  client: DynamoDBDocumentClient,
  table: string,
  workspaceId: string,
  limit: number,
  after: string | undefined,
): Promise<readonly ListedApiKey[]> {
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName: table,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :keys)',
      ExpressionAttributeValues: { ':pk': `workspace#${workspaceId}`, ':keys': 'api-key#' },
      Limit: limit,
      ConsistentRead: true,
      ...(after !== undefined && { ExclusiveStartKey: listKey(workspaceId, after) }),
    }),
  )
  return Items.map((item) => listedKeySchema.parse(item))
}

async function ownersOf(
  client: DynamoDBDocumentClient,
  table: string,
  workspaceId: string,
): Promise<readonly Member[]> {
  const owners: Member[] = []
  const query = {
    TableName: table,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :members)',
    ExpressionAttributeValues: { ':pk': `workspace#${workspaceId}`, ':members': 'member#' },
  }
  for await (const { Items = [] } of paginateQuery({ client }, query))
    owners.push(...Items.map((item) => memberSchema.parse(item)).filter(({ role }) => role === 'owner'))
  return owners
}

async function revokeApiKey(
  client: DynamoDBDocumentClient,
  table: string,
  { workspaceId, id }: { readonly workspaceId: string; readonly id: string },
  revokedAt: Date,
  also: Actions,
): Promise<boolean> {
  // Named condition `of this workspace`: a foreign or unknown id changes nothing.
  const update = (Key: TableKey) => ({
    Update: {
      TableName: table,
      Key,
      UpdateExpression: 'SET revokedAt = if_not_exists(revokedAt, :revokedAt)',
      ConditionExpression: 'workspaceId = :workspaceId',
      ExpressionAttributeValues: { ':revokedAt': revokedAt.toISOString(), ':workspaceId': workspaceId },
    },
  })
  try {
    await client.send(
      new TransactWriteCommand({ TransactItems: [update(apiKeyKey(id)), update(listKey(workspaceId, id)), ...also] }),
    )
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}

/** Key and list entry. */
function putsOf(table: string, key: StoredApiKey) {
  const { hash: _hash, ...listed } = key
  const items = [
    { ...apiKeyKey(key.id), ...key },
    { ...listKey(key.workspaceId, key.id), ...listed },
  ]
  return items.map((Item) => ({ Put: { TableName: table, Item } }))
}

async function rotateApiKey(
  client: DynamoDBDocumentClient,
  table: string,
  oldId: string,
  endsAt: Date,
  puts: Actions,
  key: StoredApiKey,
): Promise<boolean> {
  // Named conditions: `of this workspace`, `still works`, `first rotation`. A key that ends earlier keeps its end.
  const retire = (Key: TableKey) => ({
    Update: {
      TableName: table,
      Key,
      UpdateExpression: 'SET replacedBy = :new, expiresAt = :endsAt',
      ConditionExpression:
        'workspaceId = :workspaceId AND attribute_not_exists(revokedAt) AND attribute_not_exists(replacedBy) AND (attribute_not_exists(expiresAt) OR expiresAt >= :endsAt)',
      ExpressionAttributeValues: { ':workspaceId': key.workspaceId, ':new': key.id, ':endsAt': endsAt.toISOString() },
    },
  })
  try {
    await client.send(
      new TransactWriteCommand({
        TransactItems: [retire(apiKeyKey(oldId)), retire(listKey(key.workspaceId, oldId)), ...puts],
      }),
    )
    return true
  } catch (error) {
    if (conditionFailed(error)) return false
    throw error
  }
}
