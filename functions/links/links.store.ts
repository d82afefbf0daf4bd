/**
 * Links and their slugs in the table; keys in `link-keys.ts`. Every change is one transaction over the link item and
 * its slug item, 4 write units. Reads are strongly consistent where a decision or a caller's own write hangs on them.
 */
import { type DynamoDBDocumentClient, GetCommand, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { DAY, epochSeconds } from '#core/clock.ts'
import { conditionFailed } from '#core/dynamo.ts'
import type { TableKey } from '#core/table.ts'
import { transact } from '#core/transact.store.ts'
import { etagOf, LINK_ID, type Link, TOMBSTONE_DAYS } from './link.ts'
import { linkKey, linksPartition, slugKey } from './link-keys.ts'

export interface LinkRef {
  readonly workspaceId: string
  readonly id: string
  /** The version that the caller saw; undefined when any will do. */
  readonly ifMatch: string | undefined
  readonly traceparent: string
}

export type Changed =
  | { readonly kind: 'done'; readonly link: Link }
  | { readonly kind: 'unknown' }
  /** `ifMatch` names another version. */
  | { readonly kind: 'stale'; readonly version: string }
  /** Without `ifMatch`: others kept changing it. */
  | { readonly kind: 'contended' }

export interface Page {
  readonly links: readonly Link[]
  /** Id of the last link, when there are more behind it. */
  readonly next: string | undefined
}

export interface LinksStore {
  create(link: Link): Promise<'created' | 'slug_taken'>
  get(workspaceId: string, id: string): Promise<Link | undefined>
  /** Newest first. `after` is the `next` of the page before. */
  list(workspaceId: string, limit: number, after: string | undefined): Promise<Page>
  changeUrl(ref: LinkRef, url: string, now: Date): Promise<Changed>
  delete(ref: LinkRef, now: Date): Promise<Changed>
}

/** Tries without `ifMatch`, when somebody else changed the link between our read and our write. */
const CHANGE_TRIES = 4

type Actions = Parameters<typeof transact>[1]

export function createLinksStore(client: DynamoDBDocumentClient, table: string): LinksStore {
  const get = async (workspaceId: string, id: string): Promise<Link | undefined> => {
    // Also keeps what is no key (too long, empty) away from DynamoDB, which would call it our mistake.
    if (!LINK_ID.test(id)) return undefined
    const { Item } = await client.send(
      new GetCommand({ TableName: table, Key: linkKey(workspaceId, id), ConsistentRead: true }),
    )
    return Item === undefined ? undefined : linkOf(Item)
  }

  /** Reads, so that the slug is known (it never changes), and writes on condition that the version is still that. */
  const change = async (
    { workspaceId, id, ifMatch }: LinkRef,
    write: (before: Link) => { after: Link; actions: Actions },
  ): Promise<Changed> => {
    for (let tries = 1; tries <= CHANGE_TRIES; tries += 1) {
      const before = await get(workspaceId, id)
      if (before === undefined) return { kind: 'unknown' }
      if (ifMatch !== undefined && ifMatch !== etagOf(before)) return { kind: 'stale', version: etagOf(before) }
      const { after, actions } = write(before)
      try {
        if (actions.length > 0) await transact(client, actions)
        return { kind: 'done', link: after }
      } catch (error) {
        if (!conditionFailed(error)) throw error
      }
    }
    return { kind: 'contended' }
  }

  return {
    get,
    async create(link) {
      try {
        await transact(client, creation(table, link))
        return 'created'
      } catch (error) {
        if (conditionFailed(error)) return 'slug_taken'
        throw error
      }
    },
    async list(workspaceId, limit, after) {
      const { Items = [] } = await client.send(
        new QueryCommand({
          TableName: table,
          KeyConditionExpression: 'pk = :links',
          ExpressionAttributeValues: { ':links': linksPartition(workspaceId) },
          ScanIndexForward: false,
          // One more than asked for tells whether there is a next page.
          Limit: limit + 1,
          ...(after !== undefined && { ExclusiveStartKey: linkKey(workspaceId, after) }),
        }),
      )
      const links = Items.slice(0, limit).map((item) => linkOf(item))
      return { links, next: Items.length > limit ? links.at(-1)?.id : undefined }
    },
    changeUrl: (ref, url, now) =>
      change(ref, (before) => {
        if (before.url === url) return { after: before, actions: [] }
        const { traceparent } = ref
        const after = { ...before, url, version: before.version + 1, updatedAt: now.toISOString(), traceparent }
        return { after, actions: changeOfUrl(table, before, after) }
      }),
    delete: (ref, now) => change(ref, (before) => ({ after: before, actions: deletion(table, before, now) })),
  }
}

/**
 * The slug is free (1) if it was never used, (2) if this workspace deleted the link that had it, or (3) if its
 * tombstone's time is over.
 *
 *   live ──delete──► tombstone: own workspace only ──30 days──► free (removed by TTL some time later)
 */
function creation(table: string, link: Link): Actions {
  const neverUsed = 'attribute_not_exists(pk)'
  const ownTombstone = '(attribute_exists(deletedAt) AND workspaceId = :workspace)'
  const expiredTombstone = '(attribute_exists(deletedAt) AND #ttl <= :now)'
  const { id, workspaceId, slug, url, ...rest } = link
  return [
    {
      Put: {
        TableName: table,
        Item: { ...slugKey(slug), linkId: id, workspaceId, slug, url },
        ConditionExpression: `${neverUsed} OR ${ownTombstone} OR ${expiredTombstone}`,
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: { ':workspace': workspaceId, ':now': epochSeconds(new Date(rest.createdAt)) },
      },
    },
    {
      Put: {
        TableName: table,
        Item: { ...linkKey(workspaceId, id), workspaceId, slug, url, ...rest },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
  ]
}

function changeOfUrl(table: string, before: Link, after: Link): Actions {
  return [
    {
      Update: {
        TableName: table,
        Key: linkKey(after.workspaceId, after.id),
        UpdateExpression: 'SET #url = :url, version = :version, updatedAt = :updatedAt, traceparent = :traceparent',
        ConditionExpression: 'version = :before',
        ExpressionAttributeNames: { '#url': 'url' },
        ExpressionAttributeValues: {
          ':url': after.url,
          ':version': after.version,
          ':updatedAt': after.updatedAt,
          ':traceparent': after.traceparent,
          ':before': before.version,
        },
      },
    },
    {
      Update: {
        TableName: table,
        Key: slugKey(after.slug),
        UpdateExpression: 'SET #url = :url',
        ConditionExpression: 'linkId = :id',
        ExpressionAttributeNames: { '#url': 'url' },
        ExpressionAttributeValues: { ':url': after.url, ':id': after.id },
      },
    },
  ]
}

function deletion(table: string, link: Link, now: Date): Actions {
  return [
    {
      Delete: {
        TableName: table,
        Key: linkKey(link.workspaceId, link.id),
        ConditionExpression: 'version = :before',
        ExpressionAttributeValues: { ':before': link.version },
      },
    },
    {
      Update: {
        TableName: table,
        Key: slugKey(link.slug),
        UpdateExpression: 'SET deletedAt = :deletedAt, #ttl = :ttl REMOVE #url',
        ConditionExpression: 'linkId = :id',
        ExpressionAttributeNames: { '#url': 'url', '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':deletedAt': now.toISOString(),
          ':ttl': epochSeconds(new Date(now.getTime() + TOMBSTONE_DAYS * DAY)),
          ':id': link.id,
        },
      },
    },
  ]
}

/** The item of `creation`, read back. */
function linkOf(item: Record<string, unknown>): Link {
  const { pk: _, sk, ...link } = item as unknown as Omit<Link, 'id'> & TableKey
  return { id: sk, ...link }
}
