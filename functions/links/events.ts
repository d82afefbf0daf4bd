/**
 * What others may hear about links: events on the bus with source `backlot.links`, at least once, in order per link by
 * `sequence`. Versioned: a field is never removed or reused within a version; new ones may be added.
 */
import * as z from 'zod'
import { LINK_ID } from './link.ts'

const changed = {
  version: z.literal(1),
  linkId: z.string().regex(LINK_ID),
  workspaceId: z.string().min(1),
  slug: z.string().min(1),
  /** Where the link leads; for LinkDeleted, where it led last. */
  url: z.url(),
  /** RFC 3339, UTC. */
  occurredAt: z.iso.datetime(),
}

export const linkCreated = z.object(changed)
export const linkUpdated = z.object({ ...changed, previousUrl: z.url() })
export const linkDeleted = z.object(changed)

/** By detail type. */
export const LINK_EVENTS = { LinkCreated: linkCreated, LinkUpdated: linkUpdated, LinkDeleted: linkDeleted } as const

export type LinkCreated = z.infer<typeof linkCreated>
export type LinkUpdated = z.infer<typeof linkUpdated>
export type LinkDeleted = z.infer<typeof linkDeleted>
