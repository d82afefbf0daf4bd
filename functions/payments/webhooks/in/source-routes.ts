/** The routes of webhook sources. Messages themselves are received elsewhere: `receive.ts`. */
import { type FieldError, Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { pageOfRows } from '../../objects/listing.ts'
import { idParams, pageQuery } from '../../payments-schemas.ts'
import type { PaymentsServices } from '../../payments-services.ts'
import { newSecret, type StoredSecret, storedSecret } from '../secrets.ts'
import { MAX_SOURCES, SOURCE_PREFIX, secretFault, type WebhookSource } from './source.ts'
import {
  createSourceBody,
  newSourceBody,
  sourceBody,
  sourceListBody,
  sourceView,
  updateSourceBody,
} from './source-schemas.ts'

const route = routeOf<PaymentsServices>()

export const SOURCES_PATH = '/api/payments/webhook-sources'
const ETAG = { ETag: 'The version of the source, for `If-Match`.' }

const createSource = route({
  method: 'POST',
  path: SOURCES_PATH,
  operationId: 'createWebhookSource',
  summary: 'Make a webhook source',
  description:
    'Its address takes messages from now on. Give it the secret of the sender, or the sender the one made here.',
  permission: 'payments:write',
  body: createSourceBody,
  // The secret is shown once: an answer that could be replayed would have to keep it.
  idempotent: false,
  answers: {
    201: { description: 'The source.', body: newSourceBody, headers: { Location: 'The path of the source.', ...ETAG } },
  },
  problems: ['webhook_limit'],
  async handle({ body, principal, now }, services) {
    const { workspaceId } = principal
    const { sources, objects, random, ids, publicOrigin } = services
    const made = body.secrets === undefined ? newSecret(random) : null
    const others = await objects.rows<WebhookSource>('source', workspaceId, { limit: MAX_SOURCES })
    if (others.items.length >= MAX_SOURCES)
      throw new Problem('webhook_limit', `expected at most ${MAX_SOURCES} webhook sources in a workspace`)
    const id = ids(SOURCE_PREFIX)
    const secrets = await sealed(body.kind, id, body.secrets ?? [made ?? ''], services, now)
    const at = { createdAt: now.toISOString(), updatedAt: now.toISOString() }
    const source: WebhookSource = { id, workspaceId, name: body.name, kind: body.kind, secrets, version: 1, ...at }
    await sources.create(source)
    return {
      status: 201,
      headers: { Location: `${SOURCES_PATH}/${id}` },
      etag: etagOf(source),
      body: { ...sourceView(source, publicOrigin), secret: made },
    }
  },
})

const listSources = route({
  method: 'GET',
  path: SOURCES_PATH,
  operationId: 'listWebhookSources',
  summary: 'List webhook sources',
  permission: 'payments:read',
  query: pageQuery,
  answers: { 200: { description: 'A page of sources.', body: sourceListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors, publicOrigin }) {
    const { workspaceId } = principal
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listWebhookSources', workspaceId],
      query,
      (range) => objects.rows<WebhookSource>('source', workspaceId, range),
      (source) => source,
    )
    return { status: 200, body: { items: items.map((source) => sourceView(source, publicOrigin)), nextCursor } }
  },
})

const getSource = route({
  method: 'GET',
  path: `${SOURCES_PATH}/{id}`,
  operationId: 'getWebhookSource',
  summary: 'Read a webhook source',
  permission: 'payments:read',
  params: idParams,
  answers: { 200: { description: 'The source.', body: sourceBody, headers: ETAG } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    const source = await ownSource(services, principal.workspaceId, params.id)
    return { status: 200, etag: etagOf(source), body: sourceView(source, services.publicOrigin) }
  },
})

const updateSource = route({
  method: 'PATCH',
  path: `${SOURCES_PATH}/{id}`,
  operationId: 'updateWebhookSource',
  summary: 'Change a webhook source',
  description: 'A secret that is left out of the new list is believed for five more seconds.',
  permission: 'payments:write',
  params: idParams,
  body: updateSourceBody,
  answers: { 200: { description: 'The changed source.', body: sourceBody, headers: ETAG } },
  problems: ['not_found', 'precondition_failed', 'conflict'],
  async handle({ params, body, principal, ifMatch, now }, services) {
    const before = await ownSource(services, principal.workspaceId, params.id, ifMatch)
    const secrets =
      body.secrets === undefined ? before.secrets : await sealed(before.kind, before.id, body.secrets, services, now)
    const after: WebhookSource = {
      ...before,
      name: body.name ?? before.name,
      secrets,
      version: before.version + 1,
      updatedAt: now.toISOString(),
    }
    if (!(await services.sources.replace(before, after))) throw changedMeanwhile()
    return { status: 200, etag: etagOf(after), body: sourceView(after, services.publicOrigin) }
  },
})

const deleteSource = route({
  method: 'DELETE',
  path: `${SOURCES_PATH}/{id}`,
  operationId: 'deleteWebhookSource',
  summary: 'Delete a webhook source',
  description: 'Its address takes messages for five more seconds. What was received stays; what waits fails.',
  permission: 'payments:write',
  params: idParams,
  answers: { 204: { description: 'The source was deleted.' } },
  problems: ['not_found', 'precondition_failed', 'conflict'],
  async handle({ params, principal, ifMatch }, services) {
    const source = await ownSource(services, principal.workspaceId, params.id, ifMatch)
    if (!(await services.sources.remove(source))) throw changedMeanwhile()
    return { status: 204 }
  },
})

export const sourceRoutes = [createSource, listSources, getSource, updateSource, deleteSource]

const etagOf = ({ version }: WebhookSource): string => String(version)

/** A source of another workspace is not found, as one that nobody has. */
export async function ownSource(
  { sources }: Pick<PaymentsServices, 'sources'>,
  workspaceId: string,
  id: string,
  ifMatch?: string,
): Promise<WebhookSource> {
  const source = await sources.find(id)
  if (source?.workspaceId !== workspaceId)
    throw new Problem('not_found', `this workspace has no webhook source ${id.slice(0, 64)}`)
  if (ifMatch !== undefined && ifMatch !== etagOf(source))
    throw new Problem('precondition_failed', `expected the current version ${etagOf(source)}, got another`)
  return source
}

const changedMeanwhile = (): Problem =>
  new Problem('conflict', 'expected nobody else to change the source, got another write')

async function sealed(
  kind: WebhookSource['kind'],
  id: string,
  texts: readonly string[],
  { secrets }: Pick<PaymentsServices, 'secrets'>,
  now: Date,
): Promise<readonly StoredSecret[]> {
  const errors = texts.flatMap((text, index): FieldError[] => {
    const detail = secretFault(kind, text)
    return detail === undefined ? [] : [{ pointer: `/secrets/${index}`, code: 'invalid_secret', detail }]
  })
  if (errors.length > 0) throw new Problem('validation_failed', 'See errors for what to change.', { errors })
  return Promise.all(texts.map((text) => storedSecret(text, id, secrets, now)))
}
