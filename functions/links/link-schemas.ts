/** The API's input and output, described once: checked by the kit, published in the OpenAPI document. */

import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { MAX_STATS_DAYS } from './clicks/stats.ts'
import { LINK_ID } from './link.ts'
import { MAX_SLUG_LENGTH } from './slug.ts'
import { MAX_URL_LENGTH } from './url.ts'

const linkId = z
  .string()
  .regex(LINK_ID)
  .meta({
    description: 'Sorts by the time the link was made.',
    examples: ['lnk_01JD7N2V5B8Y3QK4M6T9X0ZCEG'],
  })

// Length and rules are checked together in `url.ts` and `slug.ts`, which give each refusal its own code.
const targetUrl = z.string().meta({
  minLength: 1,
  maxLength: MAX_URL_LENGTH,
  description:
    'Where the link leads: http or https, no user name or password, not this service itself. Stored and answered in ' +
    'its normal form (WHATWG URL serialisation). Refused with the codes `url_invalid`, `url_scheme`, `url_user_info`, ' +
    '`url_own_domain`, `url_too_long`.',
  examples: ['https://example.com/spring?utm_source=poster'],
})

const customSlug = z.string().meta({
  minLength: 1,
  maxLength: MAX_SLUG_LENGTH,
  description:
    'The name of the link; made at random when left out. Case-insensitive, answered in lower case. Letters of one ' +
    'script and digits, with `-`, `_` or `.` between them. Refused with the codes `slug_length`, `slug_characters`, ' +
    '`slug_mixed_scripts`, `slug_confusable`, `slug_reserved`.',
  examples: ['spring-sale'],
})

export const linkBody = z
  .strictObject({
    id: linkId,
    slug: z.string().meta({ description: 'Normalised, never changes.', examples: ['spring-sale'] }),
    shortUrl: z.url().meta({ description: 'The address to share.', examples: ['https://go.example.com/spring-sale'] }),
    url: z
      .string()
      .meta({ description: 'Where it leads.', examples: ['https://example.com/spring?utm_source=poster'] }),
    createdAt: timestamp('When the link was made.'),
    updatedAt: timestamp('When its target last changed.'),
  })
  .meta({ id: 'Link', description: 'A short link.' })

export const createLinkBody = z
  .strictObject({ url: targetUrl, slug: customSlug.optional() })
  .meta({ id: 'CreateLink', description: 'A link to be made.' })

export const updateLinkBody = z
  .strictObject({ url: targetUrl })
  .meta({ id: 'UpdateLink', description: 'What can change of a link.' })

export const linkParams = z.object({ id: z.string().meta({ description: 'The id of the link.' }) })

export const listQuery = z.object(pageParameters)

export const linkListBody = pageOf(linkBody).meta({ id: 'LinkList', description: 'Links, newest first.' })

const day = (description: string) => z.iso.date().meta({ description, examples: ['2026-11-21'] })
const count = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [42] })

export const statsQuery = z.object({
  from: day('First day, UTC. Default: 29 days before `to`.').optional(),
  to: day(`Last day, UTC. Default: today. At most ${MAX_STATS_DAYS} days from \`from\`, both included.`).optional(),
})

const counters = {
  clicks: count('Visits by people. HEAD requests and prefetches are not visits.'),
  bots: count('Visits by programs: crawlers, previews, mail scanners, anything without a user agent.'),
}

export const statsBody = z
  .strictObject({
    linkId,
    ...counters,
    from: day('First day of `byDay`.'),
    to: day('Last day of `byDay`.'),
    byDay: z
      .array(z.strictObject({ date: day('UTC.'), ...counters }))
      .meta({ description: 'Every day from `from` to `to`, also those without visits.' }),
  })
  .meta({ id: 'LinkStats', description: '`clicks` and `bots` count all visits since the link was made.' })
