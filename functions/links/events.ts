/**
 * What others may hear about links: events on the bus with source `backlot.links`. Versioned: within a version a field
 * never changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import type { TableKey } from '#core/table.ts'
import { LINK_ID } from './link.ts'
import { LINKS_PARTITION_PREFIX } from './link-keys.ts'

const link = {
  linkId: z.string().regex(LINK_ID),
  slug: z.string().min(1),
  /** Where the link leads; of a deleted one, where it led last. */
  url: z.url(),
}

export const linkCreated = eventSchema('LinkCreated', 1, z.object(link))
export const linkUpdated = eventSchema('LinkUpdated', 1, z.object({ ...link, previousUrl: z.url() }))
export const linkDeleted = eventSchema('LinkDeleted', 1, z.object(link))

/** By detail type. */
export const LINK_EVENTS = { LinkCreated: linkCreated, LinkUpdated: linkUpdated, LinkDeleted: linkDeleted } as const

/** A link item, as the stream carries it; see `link-keys.ts`. */
export const linkItem = z.object({
  sk: z.string().regex(LINK_ID),
  workspaceId: z.string(),
  slug: z.string(),
  url: z.string(),
  version: z.int().positive(),
  createdAt: z.string(),
  updatedAt: z.string(),
  traceparent: z.string().optional(),
})
export type LinkItem = z.infer<typeof linkItem>

/** Slugs, counters and markers share the table, and are nobody else's business. */
export const isLinkItem = ({ pk }: TableKey): boolean => pk.startsWith(LINKS_PARTITION_PREFIX)

/** The event that a change of a link item is; undefined when nothing changed that others could see. */
export function eventOf({ before, after, at }: TableChange<LinkItem>): OutboxEvent | undefined {
  if (before === undefined && after !== undefined) return eventAbout('LinkCreated', after, after.createdAt)
  if (before !== undefined && after === undefined) {
    // What was stored of the trace belongs to the change before; who deleted is not in the item any more.
    const { traceparent: _, ...last } = before
    return eventAbout('LinkDeleted', { ...last, version: before.version + 1 }, at.toISOString())
  }
  if (before === undefined || after === undefined || before.version === after.version) return undefined
  return eventAbout('LinkUpdated', after, after.updatedAt, { previousUrl: before.url })
}

const eventAbout = (
  type: keyof typeof LINK_EVENTS,
  { sk, workspaceId, slug, url, version, traceparent }: LinkItem,
  occurredAt: string,
  more: { previousUrl?: string } = {},
): OutboxEvent => ({
  type,
  version: 1,
  occurredAt,
  workspaceId,
  sequence: version,
  ...(traceparent !== undefined && { traceparent }),
  data: { linkId: sk, slug, url, ...more },
})
