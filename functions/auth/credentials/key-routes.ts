/** The routes of API keys. A key's secret is in the answer that makes it and nowhere else, so those answers are not kept. */
import type { ListedApiKey, StoredApiKey } from '#core/access.store.ts'
import { generateApiKey, hashApiKey } from '#core/api-key.ts'
import { SECOND } from '#core/clock.ts'
import { answerPage, withOneMore } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { idParams, listQuery } from '../auth-schemas.ts'
import type { AuthServices } from '../auth-services.ts'
import { decideKey, endOfOverlap } from './api-key.ts'
import { apiKeyListBody, createApiKeyBody, newApiKeyBody, rotateApiKeyBody } from './key-schemas.ts'

const route = routeOf<AuthServices>()
const PATH = '/api/auth/api-keys'

const createKey = route({
  method: 'POST',
  path: PATH,
  operationId: 'createApiKey',
  summary: 'Make an API key',
  description: 'It acts in this workspace, with at most what you may do.',
  permission: 'keys:write',
  body: createApiKeyBody,
  answers: { 201: { description: 'The key; its secret is shown this once.', body: newApiKeyBody } },
  idempotent: false,
  async handle({ body, principal, now, trace }, services) {
    const decision = decideKey(body, principal, now)
    if (!decision.ok)
      throw new Problem('validation_failed', 'See errors for what to change.', { errors: decision.errors })
    const { key, text } = await drawn(decision.key, services)
    const data = { keyId: key.id, role: key.role, createdBy: key.createdBy ?? '' }
    const news = { type: 'ApiKeyCreated', workspaceId: key.workspaceId, about: key.id, data } as const
    await services.access.putApiKey(key, services.tell(news, { now, trace }))
    return { status: 201, body: { ...key, key: text } }
  },
})

const listKeys = route({
  method: 'GET',
  path: PATH,
  operationId: 'listApiKeys',
  summary: 'List API keys',
  description: 'Oldest first, with those that do not work any more.',
  permission: 'keys:read',
  query: listQuery,
  answers: { 200: { description: 'A page of keys, without their secrets.', body: apiKeyListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { access, cursors }) {
    const scope = ['listApiKeys', principal.workspaceId]
    const read = withOneMore((limit, after) => access.listApiKeys(principal.workspaceId, limit, after))
    return { status: 200, body: await answerPage(cursors, scope, query, read) }
  },
})

const rotateKey = route({
  method: 'POST',
  path: `${PATH}/{id}/rotate`,
  operationId: 'rotateApiKey',
  summary: 'Replace an API key',
  description: 'Makes a key with the same name, role and scopes; the old one works on for the overlap.',
  permission: 'keys:write',
  params: idParams,
  body: rotateApiKeyBody,
  answers: { 201: { description: 'The new key; its secret is shown this once.', body: newApiKeyBody } },
  problems: ['not_found', 'conflict'],
  idempotent: false,
  async handle({ params, body, principal, now, trace }, services) {
    const old = await services.access.findApiKey(params.id)
    if (old === undefined || old.workspaceId !== principal.workspaceId) throw unknownKey(params.id)
    const decision = decideKey({ name: old.name, scopes: old.scopes }, { ...principal, role: old.role }, now)
    if (!decision.ok) throw new Problem('permission_denied', 'expected a key that may do no more than you')
    const { key, text } = await drawn(decision.key, services)
    const endsAt = endOfOverlap(old, body.overlapSeconds * SECOND, now)
    const data = { keyId: old.id, replacedBy: key.id, endsAt: endsAt.toISOString() }
    const news = { type: 'ApiKeyRotated', workspaceId: key.workspaceId, about: old.id, data } as const
    if (!(await services.access.rotateApiKey(old.id, endsAt, key, services.tell(news, { now, trace }))))
      throw new Problem('conflict', 'expected a key that works and was not rotated yet')
    return { status: 201, body: { ...key, key: text } }
  },
})

const revokeKey = route({
  method: 'DELETE',
  path: `${PATH}/{id}`,
  operationId: 'revokeApiKey',
  summary: 'Revoke an API key',
  description: 'It is refused everywhere within five seconds, for ever.',
  permission: 'keys:write',
  params: idParams,
  answers: { 204: { description: 'The key is revoked.' } },
  problems: ['not_found'],
  async handle({ params, principal, now, trace }, { access, tell }) {
    const { workspaceId } = principal
    const news = { type: 'ApiKeyRevoked', workspaceId, about: params.id, data: { keyId: params.id } } as const
    if (await access.revokeApiKey(workspaceId, params.id, now, tell(news, { now, trace }))) return { status: 204 }
    throw unknownKey(params.id)
  },
})

export const keyRoutes = [createKey, listKeys, rotateKey, revokeKey]

async function drawn(
  wish: Omit<StoredApiKey, 'id' | 'hash'>,
  { clock, random, apiKeyHmac }: AuthServices,
): Promise<{ readonly key: StoredApiKey; readonly text: string }> {
  const made = generateApiKey(clock, random)
  return { key: { ...wish, id: made.id, hash: hashApiKey(made, await apiKeyHmac()) }, text: made.text }
}

const unknownKey = (id: ListedApiKey['id']): Problem =>
  new Problem('not_found', `this workspace has no API key ${id.slice(0, 64)}`)
