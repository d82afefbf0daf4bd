/** The routes of the links API. Handlers parse → decide → store → respond; the rules are in `url.ts`, `slug.ts`, `clicks/stats.ts`. */
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import { answerPage } from '#core/pagination.ts'
import { type FieldError, Problem } from '#core/problem.ts'
import { routeOf, type ServiceDescription } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import type { ClicksStore } from './clicks/clicks.store.ts'
import { everyDay, periodOf } from './clicks/stats.ts'
import { etagOf, type Link, shortUrl } from './link.ts'
import examples from './link-examples.json' with { type: 'json' }
import {
  createLinkBody,
  linkBody,
  linkListBody,
  linkParams,
  listQuery,
  statsBody,
  statsQuery,
  updateLinkBody,
} from './link-schemas.ts'
import type { Changed, LinksStore } from './links.store.ts'
import { redirectRoutes } from './redirect/redirect-description.ts'
import { checkSlug, type RandomBytes, randomSlug } from './slug.ts'
import { checkUrl } from './url.ts'

export interface LinksServices {
  readonly links: LinksStore
  readonly clicks: Pick<ClicksStore, 'stats'>
  readonly ids: Ids
  readonly randomBytes: RandomBytes
  readonly cursors: Cursors
  /** Where the short links live, such as `https://go.example.com`. */
  readonly publicOrigin: string
}

const route = routeOf<LinksServices>()

/** A random slug that is taken is followed by a longer one: five in a row never happen unless something is broken. */
const RANDOM_SLUG_TRIES = 5

const PATH = '/api/links/links'
const ETAG = { ETag: 'The version of the link, for `If-Match` and `If-None-Match`.' }

const createLink = route({
  method: 'POST',
  path: PATH,
  operationId: 'createLink',
  summary: 'Make a link',
  description:
    'Makes a short link that works from the moment of the answer. A slug that somebody else has, or that another ' +
    'workspace deleted less than 30 days ago, is refused with `slug_taken`.',
  permission: 'links:write',
  body: createLinkBody,
  answers: {
    201: { description: 'The link was made.', body: linkBody, headers: { Location: 'The path of the link.', ...ETAG } },
  },
  problems: ['slug_taken'],
  async handle({ body, principal, headers, trace, now }, services) {
    const url = checkUrl(body.url, ownOrigins(services, headers))
    const custom = body.slug === undefined ? undefined : checkSlug(body.slug)
    const errors: FieldError[] = []
    if (!url.ok) errors.push({ pointer: '/url', code: url.code, detail: url.detail })
    if (custom?.ok === false) errors.push({ pointer: '/slug', code: custom.code, detail: custom.detail })
    if (!url.ok || custom?.ok === false) throw invalid(errors)
    const at = now.toISOString()
    const link = await createWithFreeSlug(services, custom?.slug, {
      id: services.ids('lnk'),
      workspaceId: principal.workspaceId,
      url: url.href,
      version: 1,
      createdAt: at,
      updatedAt: at,
      createdBy: principal.id,
      traceparent: formatTraceparent(trace),
    })
    return {
      status: 201,
      headers: { Location: `${PATH}/${link.id}` },
      etag: etagOf(link),
      body: wireOf(services, link),
    }
  },
})

const listLinks = route({
  method: 'GET',
  path: PATH,
  operationId: 'listLinks',
  summary: 'List links',
  description: 'The links of the workspace, newest first. A link that was just made may be missing for a second.',
  permission: 'links:read',
  query: listQuery,
  answers: { 200: { description: 'A page of links.', body: linkListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, services) {
    const { workspaceId } = principal
    const scope = ['listLinks', workspaceId]
    const body = await answerPage(services.cursors, scope, query, async (limit, after) => {
      const { links, next } = await services.links.list(workspaceId, limit, after)
      return { items: links.map((link) => wireOf(services, link)), next }
    })
    return { status: 200, body }
  },
})

const getLink = route({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'getLink',
  summary: 'Read a link',
  permission: 'links:read',
  params: linkParams,
  answers: { 200: { description: 'The link.', body: linkBody, headers: ETAG } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    const link = await services.links.get(principal.workspaceId, params.id)
    if (link === undefined) throw unknownLink(params.id)
    return { status: 200, etag: etagOf(link), body: wireOf(services, link) }
  },
})

const updateLink = route({
  method: 'PATCH',
  path: `${PATH}/{id}`,
  operationId: 'updateLink',
  summary: 'Change where a link leads',
  description:
    'Visitors are sent to the new target at once or within about a second. The slug can not change. With `If-Match` ' +
    'the change is made only if the link still has that version.',
  permission: 'links:write',
  params: linkParams,
  body: updateLinkBody,
  answers: { 200: { description: 'The changed link.', body: linkBody, headers: ETAG } },
  problems: ['not_found', 'precondition_failed', 'conflict'],
  async handle({ params, body, principal, ifMatch, headers, trace, now }, services) {
    const url = checkUrl(body.url, ownOrigins(services, headers))
    if (!url.ok) throw invalid([{ pointer: '/url', code: url.code, detail: url.detail }])
    const ref = { workspaceId: principal.workspaceId, id: params.id, ifMatch, traceparent: formatTraceparent(trace) }
    const link = changedLink(await services.links.changeUrl(ref, url.href, now), params.id)
    return { status: 200, etag: etagOf(link), body: wireOf(services, link) }
  },
})

const deleteLink = route({
  method: 'DELETE',
  path: `${PATH}/{id}`,
  operationId: 'deleteLink',
  summary: 'Delete a link',
  description:
    'The link stops working, and what was counted for it is forgotten. For 30 days its slug answers 410 to visitors ' +
    'and can be taken by the same workspace only; then it is free.',
  permission: 'links:write',
  params: linkParams,
  answers: { 204: { description: 'The link was deleted.' } },
  problems: ['not_found', 'precondition_failed', 'conflict'],
  async handle({ params, principal, ifMatch, trace, now }, services) {
    const ref = { workspaceId: principal.workspaceId, id: params.id, ifMatch, traceparent: formatTraceparent(trace) }
    changedLink(await services.links.delete(ref, now), params.id)
    return { status: 204 }
  },
})

const getLinkStats = route({
  method: 'GET',
  path: `${PATH}/{id}/stats`,
  operationId: 'getLinkStats',
  summary: 'Read how often a link was followed',
  description: 'Visits are counted within seconds, each exactly once; people and programs apart.',
  permission: 'links:read',
  params: linkParams,
  query: statsQuery,
  answers: { 200: { description: 'The counters.', body: statsBody } },
  problems: ['not_found'],
  async handle({ params, query, principal, now }, services) {
    const decision = periodOf(query, now)
    if (!decision.ok) throw invalid([decision.error])
    const { period } = decision
    const link = await services.links.get(principal.workspaceId, params.id)
    if (link === undefined) throw unknownLink(params.id)
    const { total, byDay } = await services.clicks.stats(link.id, period.from, period.to)
    return { status: 200, body: { linkId: link.id, ...total, ...period, byDay: everyDay(period, byDay) } }
  },
})

export const linksApi: ServiceDescription<LinksServices> = {
  service: 'links',
  title: 'Links',
  description: 'Short links: make them, change where they lead, and see how often they are followed.',
  routes: [createLink, listLinks, getLink, updateLink, deleteLink, getLinkStats],
  elsewhere: redirectRoutes,
  examples,
}

/** A custom slug gets one try; a random one is drawn again, longer, while it is taken. */
async function createWithFreeSlug(
  { links, randomBytes }: LinksServices,
  custom: string | undefined,
  draft: Omit<Link, 'slug'>,
): Promise<Link> {
  for (let attempt = 0; attempt < RANDOM_SLUG_TRIES; attempt += 1) {
    const link = { ...draft, slug: custom ?? randomSlug(randomBytes, attempt) }
    if ((await links.create(link)) === 'created') return link
    if (custom !== undefined) throw new Problem('slug_taken', `expected a free slug, ${custom} is in use`)
  }
  throw new Error(`expected a free random slug within ${RANDOM_SLUG_TRIES} tries, got none: is the randomness broken?`)
}

/** Links to ourselves are refused under the public name and under the one that this request came by. */
function ownOrigins({ publicOrigin }: LinksServices, headers: Readonly<Record<string, string | undefined>>): string[] {
  const host = headers['host']
  return host === undefined ? [publicOrigin] : [publicOrigin, `https://${host}`]
}

const wireOf = ({ publicOrigin }: LinksServices, { id, slug, url, createdAt, updatedAt }: Link) => ({
  id,
  slug,
  shortUrl: shortUrl(publicOrigin, slug),
  url,
  createdAt,
  updatedAt,
})

const invalid = (errors: readonly FieldError[]): Problem =>
  new Problem('validation_failed', 'See errors for what to change.', { errors })

const unknownLink = (id: string): Problem => new Problem('not_found', `this workspace has no link ${id.slice(0, 64)}`)

function changedLink(changed: Changed, id: string): Link {
  switch (changed.kind) {
    case 'done':
      return changed.link
    case 'unknown':
      throw unknownLink(id)
    case 'stale':
      throw new Problem('precondition_failed', `expected If-Match to name the version "${changed.version}"`)
    case 'contended':
      throw new Problem('conflict', 'others kept changing the link; please try again')
  }
}
