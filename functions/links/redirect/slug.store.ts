/**
 * What the redirect reads: one slug item. No SDK, see `aws-call.store.ts`. Never writes.
 *
 * A hit costs 0.5 read units. A miss may only mean that the replica asked is behind, so it is read once more, strongly
 * consistent (1 unit): a link works the moment its creation was answered.
 */
import { epochSeconds } from '#core/clock.ts'
import type { Visited } from '../clicks/click.ts'
import { slugKey } from '../link-keys.ts'
import type { AwsCall } from './aws-call.store.ts'

export type FoundSlug =
  | ({ readonly kind: 'live'; readonly url: string } & Visited)
  | { readonly kind: 'deleted' }
  | { readonly kind: 'unknown' }

/** Rejects with `AwsCallError`. */
export type FindSlug = (slug: string, now: Date) => Promise<FoundSlug>

const GET_ITEM = 'DynamoDB_20120810.GetItem'

/** DynamoDB's JSON of a slug item; see `link-keys.ts`. */
interface SlugItem {
  readonly url?: { readonly S: string }
  readonly linkId?: { readonly S: string }
  readonly workspaceId?: { readonly S: string }
  readonly ttl?: { readonly N: string }
}

export function createFindSlug(call: AwsCall, table: string): FindSlug {
  const read = async (slug: string, now: Date, consistent: boolean): Promise<FoundSlug> => {
    const { pk, sk } = slugKey(slug)
    const body = { TableName: table, ConsistentRead: consistent, Key: { pk: { S: pk }, sk: { S: sk } } }
    const answer = await call(GET_ITEM, JSON.stringify(body))
    return judge(slug, (JSON.parse(answer) as { Item?: SlugItem }).Item, now)
  }
  return async (slug, now) => {
    const found = await read(slug, now, false)
    return found.kind === 'live' ? found : read(slug, now, true)
  }
}

function judge(slug: string, item: SlugItem | undefined, now: Date): FoundSlug {
  if (item === undefined) return { kind: 'unknown' }
  const { url, linkId, workspaceId, ttl } = item
  if (url !== undefined && linkId !== undefined && workspaceId !== undefined)
    return { kind: 'live', slug, url: url.S, linkId: linkId.S, workspaceId: workspaceId.S }
  return ttl !== undefined && Number(ttl.N) <= epochSeconds(now) ? { kind: 'unknown' } : { kind: 'deleted' }
}
