/** The routes of whoever is signed in: themselves, their sessions, their workspaces. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { idParams } from '../auth-schemas.ts'
import type { AuthServices } from '../auth-services.ts'
import { acceptInvitation } from '../workspaces/accept-invitation.ts'
import { createWorkspace } from '../workspaces/create-workspace.ts'
import {
  acceptInvitationBody,
  createWorkspaceBody,
  membershipListBody,
  workspaceBody,
} from '../workspaces/workspace-schemas.ts'
import { personBody, sessionListBody } from './person-schemas.ts'
import { isLive } from './session.ts'

const route = routeOf<AuthServices>()

const readMe = route({
  method: 'GET',
  path: '/api/auth/me',
  operationId: 'readMe',
  summary: 'Read who you are',
  permission: 'person',
  answers: { 200: { description: 'You.', body: personBody } },
  problems: ['not_found'],
  async handle({ principal }, { users }) {
    const user = await users.find(principal.userId)
    if (user === undefined) throw new Problem('not_found', 'your account is gone')
    return { status: 200, body: { id: user.id, email: user.email, createdAt: user.createdAt } }
  },
})

const listSessions = route({
  method: 'GET',
  path: '/api/auth/sessions',
  operationId: 'listSessions',
  summary: 'List where you are signed in',
  description: 'The newest 100.',
  permission: 'person',
  answers: { 200: { description: 'Your sessions, newest first.', body: sessionListBody } },
  async handle({ principal, now }, { sessionsStore, users }) {
    const [sessions, user] = await Promise.all([sessionsStore.list(principal.userId), users.find(principal.userId)])
    const live = sessions.filter((session) => user !== undefined && isLive(session, user, now))
    const items = live.map((session) => ({ ...session, current: session.id === principal.sessionId }))
    return { status: 200, body: { items, nextCursor: null } }
  },
})

const revokeSession = route({
  method: 'DELETE',
  path: '/api/auth/sessions/{id}',
  operationId: 'revokeSession',
  summary: 'End a session',
  description: 'It is refused at once. Your own is one of them.',
  permission: 'person',
  params: idParams,
  answers: { 204: { description: 'The session is over.' } },
  problems: ['not_found'],
  async handle({ params, principal }, { sessionsStore }) {
    if (await sessionsStore.revoke(principal.userId, params.id)) return { status: 204 }
    throw new Problem('not_found', `you have no session ${params.id.slice(0, 64)}`)
  },
})

const listMyWorkspaces = route({
  method: 'GET',
  path: '/api/auth/workspaces',
  operationId: 'listMyWorkspaces',
  summary: 'List your workspaces',
  description: 'At most 100, oldest first.',
  permission: 'person',
  answers: { 200: { description: 'The workspaces that you are in.', body: membershipListBody } },
  async handle({ principal }, { workspaces }) {
    return { status: 200, body: { items: [...(await workspaces.listOf(principal.userId))], nextCursor: null } }
  },
})

const makeWorkspace = route({
  method: 'POST',
  path: '/api/auth/workspaces',
  operationId: 'createWorkspace',
  summary: 'Make a workspace',
  description: 'You are its owner.',
  permission: 'person',
  body: createWorkspaceBody,
  answers: { 201: { description: 'The workspace.', body: workspaceBody } },
  async handle({ body, principal, now, trace }, services) {
    return { status: 201, body: await createWorkspace(body.name, principal, { now, trace }, services) }
  },
})

const acceptInvitationRoute = route({
  method: 'POST',
  path: '/api/auth/invitations/accept',
  operationId: 'acceptInvitation',
  summary: 'Accept an invitation',
  description: 'It must be for your address. Used, withdrawn, expired or foreign: all look alike.',
  permission: 'person',
  body: acceptInvitationBody,
  answers: { 200: { description: 'The workspace that you are in now.', body: workspaceBody } },
  problems: ['not_found'],
  async handle({ body, principal, now, trace }, services) {
    const outcome = await acceptInvitation(body.token, principal, { now, trace }, services)
    if (outcome.kind === 'joined') return { status: 200, body: outcome.workspace }
    throw new Problem('not_found', 'there is no invitation for you with this token')
  },
})

export const personRoutes = [
  readMe,
  listSessions,
  revokeSession,
  listMyWorkspaces,
  makeWorkspace,
  acceptInvitationRoute,
]
