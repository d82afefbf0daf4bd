/** The schema of a click on the queue. The type stays equal to `Click`, which the redirect builds without zod. */
import * as z from 'zod'
import { LINK_ID } from '../link.ts'
import { type Click, MAX_USER_AGENT_LENGTH } from './click.ts'

export const clickMessage = z.object({
  version: z.literal(1),
  eventId: z.string().min(1).max(128),
  linkId: z.string().regex(LINK_ID),
  workspaceId: z.string().min(1).max(64),
  slug: z.string().min(1).max(256),
  occurredAt: z.iso.datetime(),
  userAgent: z.string().max(MAX_USER_AGENT_LENGTH),
  referrerHost: z.string().max(253).nullable(),
  country: z.string().length(2).nullable(),
}) satisfies z.ZodType<Click>
