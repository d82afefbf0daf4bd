/**
 * What the redirect takes and answers, for the OpenAPI document. The redirect itself (`redirect.ts`) does without the
 * kit and without zod; the tests hold it to this description.
 */
import * as z from 'zod'
import type { ServiceDescription } from '#core/route.ts'

const PAGE = { contentType: 'text/html; charset=utf-8', body: z.string() }

const REQUEST_ID = { 'X-Request-Id': 'The request id, by which the request is found in the log.' }

type Elsewhere = NonNullable<ServiceDescription<never>['elsewhere']>[number]

const followLink = {
  method: 'GET',
  path: '/{slug}',
  operationId: 'followLink',
  summary: 'Follow a link',
  description:
    'Sends the visitor to the target of the link and counts the visit afterwards. Browsers get errors as a page, all ' +
    'others as a problem document.',
  permission: 'public',
  params: z.object({
    slug: z.string().meta({ description: 'The name of the link, in any case.', examples: ['spring-sale'] }),
  }),
  answers: {
    302: {
      description: 'The way to the target.',
      headers: {
        ...REQUEST_ID,
        Location: 'The target.',
        'Cache-Control': '`private, no-store`: every visit is counted, every change is seen.',
      },
    },
    404: { description: 'No link has this slug.', ...PAGE },
    405: { description: 'A link can only be followed.', ...PAGE },
    410: { description: 'The link was deleted.', ...PAGE },
    500: { description: 'A fault of ours.', ...PAGE },
    503: { description: 'Links can not be looked up right now.', ...PAGE },
  },
  problems: ['not_found', 'method_not_allowed', 'link_gone', 'internal_error', 'dependency_unavailable'],
} as const satisfies Elsewhere

const CACHED = { ...REQUEST_ID, 'Cache-Control': 'May be kept for a day.' }

/** What every host is asked for; see `fixedAnswer`. */
const readHome = {
  method: 'GET',
  path: '/',
  operationId: 'readHome',
  summary: 'Read what this address is',
  permission: 'public',
  answers: { 200: { description: 'A page.', ...PAGE, headers: CACHED } },
} as const satisfies Elsewhere

const readRobots = {
  method: 'GET',
  path: '/robots.txt',
  operationId: 'readRobots',
  summary: 'Read what crawlers may visit',
  permission: 'public',
  answers: {
    200: {
      description: 'Rules (RFC 9309).',
      contentType: 'text/plain; charset=utf-8',
      body: z.string(),
      headers: CACHED,
    },
  },
} as const satisfies Elsewhere

const readIcon = {
  method: 'GET',
  path: '/favicon.ico',
  operationId: 'readIcon',
  summary: 'Ask for an icon',
  description: 'There is none; the pages have theirs in themselves.',
  permission: 'public',
  answers: { 204: { description: 'No icon.', headers: CACHED } },
} as const satisfies Elsewhere

export const redirectRoutes: readonly Elsewhere[] = [followLink, readHome, readRobots, readIcon]
