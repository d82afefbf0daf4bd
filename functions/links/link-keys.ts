/**
 * Keys of the table `backlot-links`; the README of this folder has the access patterns. Pure.
 *
 *   slug, live      SLUG#<slug>            LINK                  linkId workspaceId slug url
 *   slug, deleted   SLUG#<slug>            LINK                  linkId workspaceId slug deletedAt ttl
 *   link            WS#<workspace>#LINKS   <link id>             workspaceId slug url version createdAt updatedAt createdBy traceparent
 *   counter         LINK#<link id>         DAY#<date>#<shard>    clicks bots
 *   counter         LINK#<link id>         TOTAL#<shard>         clicks bots
 *   forgotten       LINK#<link id>         FORGOTTEN             ttl
 *   click marker    CLICK#<event id>       CLICK                 ttl
 *
 * `ttl` is in epoch seconds. DynamoDB removes expired items late, so whoever reads one compares it with now.
 */
import type { TableKey as Key } from '#core/table.ts'

export const slugKey = (slug: string): Key => ({ pk: `SLUG#${slug}`, sk: 'LINK' })

/** The stream's filter and `publish-events.lambda.ts` know link items by it. */
export const LINKS_PARTITION_PREFIX = 'WS#'
export const linksPartition = (workspaceId: string): string => `${LINKS_PARTITION_PREFIX}${workspaceId}#LINKS`
export const linkKey = (workspaceId: string, linkId: string): Key => ({ pk: linksPartition(workspaceId), sk: linkId })

export const countersPartition = (linkId: string): string => `LINK#${linkId}`
/** `date` is `YYYY-MM-DD`, UTC. */
export const dayKey = (linkId: string, date: string, shard: number): Key => ({
  pk: countersPartition(linkId),
  sk: `DAY#${date}#${shard}`,
})
export const totalKey = (linkId: string, shard: number): Key => ({
  pk: countersPartition(linkId),
  sk: `TOTAL#${shard}`,
})
export const forgottenKey = (linkId: string): Key => ({ pk: countersPartition(linkId), sk: 'FORGOTTEN' })
export const clickKey = (eventId: string): Key => ({ pk: `CLICK#${eventId}`, sk: 'CLICK' })
