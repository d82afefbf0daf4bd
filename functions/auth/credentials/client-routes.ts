/** The routes of OAuth clients. A client's secret is in the answer that makes it and nowhere else. */
import type { Client } from '#core/access.store.ts'
import { SECOND } from '#core/clock.ts'
import { answerPage, withOneMore } from '#core/pagination.ts'
import { permissionsOf } from '#core/permissions.ts'
import { type FieldError, Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { idParams, listQuery } from '../auth-schemas.ts'
import type { AuthServices } from '../auth-services.ts'
import { hashSecret, newSecret } from '../secret-token.ts'
import {
  clientListBody,
  createClientBody,
  newClientBody,
  rotateClientSecretBody,
  rotatedClientSecretBody,
} from './client-schemas.ts'
import { redirectUriFault } from './redirect-uri.ts'

const route = routeOf<AuthServices>()
const PATH = '/api/auth/clients'

const createClient = route({
  method: 'POST',
  path: PATH,
  operationId: 'createClient',
  summary: 'Make an OAuth client',
  description:
    'An application that members sign in to (`authorization_code`, always with PKCE) or that acts for the workspace itself ' +
    '(`client_credentials`). Its tokens act in this workspace, with at most its scopes, and for a person with at most theirs.',
  permission: 'clients:write',
  body: createClientBody,
  answers: { 201: { description: 'The client; its secret is shown this once.', body: newClientBody } },
  idempotent: false,
  async handle({ body, principal, now }, { ids, clients, random }) {
    const errors = faults(body, permissionsOf(principal))
    if (errors.length > 0) throw new Problem('validation_failed', 'See errors for what to change.', { errors })
    const secret = body.type === 'confidential' ? newSecret(random) : undefined
    const client: Client = {
      id: ids('cli'),
      workspaceId: principal.workspaceId,
      name: body.name,
      role: principal.role,
      scopes: body.scopes,
      grants: body.grants,
      redirectUris: body.redirectUris,
      createdBy: principal.userId ?? principal.id,
      createdAt: now.toISOString(),
      ...(secret !== undefined && { secretHash: hashSecret(secret) }),
    }
    await clients.create(client)
    return { status: 201, body: { ...client, ...(secret !== undefined && { secret }) } }
  },
})

const listClients = route({
  method: 'GET',
  path: PATH,
  operationId: 'listClients',
  summary: 'List OAuth clients',
  description: 'Oldest first.',
  permission: 'clients:read',
  query: listQuery,
  answers: { 200: { description: 'A page of clients.', body: clientListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { clients, cursors }) {
    const scope = ['listClients', principal.workspaceId]
    const read = withOneMore((limit, after) => clients.list(principal.workspaceId, limit, after))
    return { status: 200, body: await answerPage(cursors, scope, query, read) }
  },
})

const deleteClient = route({
  method: 'DELETE',
  path: `${PATH}/{id}`,
  operationId: 'deleteClient',
  summary: 'Delete an OAuth client',
  description: 'Its tokens are refused everywhere within five seconds.',
  permission: 'clients:write',
  params: idParams,
  answers: { 204: { description: 'The client is gone.' } },
  problems: ['not_found'],
  async handle({ params, principal }, { clients }) {
    if (await clients.remove(principal.workspaceId, params.id)) return { status: 204 }
    throw new Problem('not_found', `this workspace has no client ${params.id.slice(0, 64)}`)
  },
})

const rotateSecret = route({
  method: 'POST',
  path: `${PATH}/{id}/rotate-secret`,
  operationId: 'rotateClientSecret',
  summary: 'Replace the secret of an OAuth client',
  description:
    'The old secret works on for the overlap. Two work at most: one that was still in its overlap ends at once.',
  permission: 'clients:write',
  params: idParams,
  body: rotateClientSecretBody,
  answers: { 201: { description: 'The new secret; it is shown this once.', body: rotatedClientSecretBody } },
  problems: ['not_found'],
  idempotent: false,
  async handle({ params, body, principal, now }, { clients, random }) {
    const secret = newSecret(random)
    const endsAt = new Date(now.getTime() + body.overlapSeconds * SECOND)
    const { workspaceId } = principal
    if (!(await clients.rotateSecret(workspaceId, params.id, hashSecret(secret), endsAt)))
      throw new Problem('not_found', `this workspace has no client ${params.id.slice(0, 64)} with a secret`)
    return { status: 201, body: { id: params.id, secret, previousEndsAt: endsAt.toISOString() } }
  },
})

export const clientRoutes = [createClient, listClients, rotateSecret, deleteClient]

interface Wish {
  readonly type: 'public' | 'confidential'
  readonly grants: Client['grants']
  readonly scopes: Client['scopes']
  readonly redirectUris: readonly string[]
}

function faults(
  { type, grants, scopes, redirectUris }: Wish,
  yours: Client['scopes'] | readonly string[],
): FieldError[] {
  const errors: FieldError[] = []
  for (const [index, scope] of scopes.entries())
    if (!yours.some((permission) => permission === scope))
      errors.push({
        pointer: `/scopes/${index}`,
        code: 'not_yours',
        detail: `expected a permission of yours, got ${scope}`,
      })
  for (const [index, uri] of redirectUris.entries()) {
    const detail = redirectUriFault(uri)
    if (detail !== undefined) errors.push({ pointer: `/redirectUris/${index}`, code: 'invalid_redirect_uri', detail })
  }
  if (grants.includes('authorization_code') !== redirectUris.length > 0)
    errors.push({
      pointer: '/redirectUris',
      code: 'invalid_redirect_uri',
      detail: 'expected some for authorization_code, and none without it',
    })
  if (type === 'public' && grants.includes('client_credentials'))
    errors.push({
      pointer: '/grants',
      code: 'needs_secret',
      detail: 'expected a confidential client for client_credentials',
    })
  return errors
}
