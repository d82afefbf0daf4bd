/** The routes of a workspace: itself, its members, its invitations. */
import { answerPage, withOneMore } from '#core/pagination.ts'
import { mayGrant, type Role } from '#core/permissions.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { idParams, listQuery } from '../auth-schemas.ts'
import type { AuthServices } from '../auth-services.ts'
import { normaliseEmail } from '../people/user.ts'
import { hashSecret, mailSecret } from '../secret-token.ts'
import { INVITATION_LIFETIME_MS, type Invitation, invitationState } from './invitation.ts'
import {
  changeMemberBody,
  createInvitationBody,
  invitationBody,
  invitationListBody,
  memberBody,
  memberListBody,
  workspaceBody,
} from './workspace-schemas.ts'
import type { MemberChange } from './workspaces.store.ts'

const route = routeOf<AuthServices>()

const readWorkspace = route({
  method: 'GET',
  path: '/api/auth/workspace',
  operationId: 'readWorkspace',
  summary: 'Read the workspace of the request',
  permission: 'workspace:read',
  answers: { 200: { description: 'The workspace.', body: workspaceBody } },
  problems: ['not_found'],
  async handle({ principal }, { access }) {
    const workspace = await access.findWorkspace(principal.workspaceId)
    if (workspace === undefined) throw new Problem('not_found', 'the workspace is gone')
    return { status: 200, body: workspace }
  },
})

const listMembers = route({
  method: 'GET',
  path: '/api/auth/members',
  operationId: 'listMembers',
  summary: 'List members',
  description: 'At most 100.',
  permission: 'members:read',
  answers: { 200: { description: 'Who is in the workspace.', body: memberListBody } },
  async handle({ principal }, { workspaces }) {
    return { status: 200, body: { items: [...(await workspaces.members(principal.workspaceId))], nextCursor: null } }
  },
})

const changeMember = route({
  method: 'PATCH',
  path: '/api/auth/members/{id}',
  operationId: 'changeMember',
  summary: 'Give a member another role',
  description:
    'No role above your own, neither the new one nor the one that the member has. The last owner stays owner. It holds ' +
    'for the next request of the member.',
  permission: 'members:write',
  params: idParams,
  body: changeMemberBody,
  answers: { 200: { description: 'The member.', body: memberBody } },
  problems: ['not_found', 'role_above_yours', 'last_owner', 'conflict'],
  async handle({ params, body, principal, now, trace }, { access, workspaces, tell }) {
    const member = await memberOf(access, principal.workspaceId, params.id)
    checkRoles(principal.role, member.role, body.role)
    if (member.role === body.role) return { status: 200, body: member }
    const { workspaceId } = principal
    const { userId, role: from } = member
    const data = { userId, from, to: body.role }
    const news = tell({ type: 'MemberRoleChanged', workspaceId, about: userId, data }, { now, trace })
    settled(await workspaces.changeRole(workspaceId, member, body.role, news))
    return { status: 200, body: { ...member, role: body.role } }
  },
})

const removeMember = route({
  method: 'DELETE',
  path: '/api/auth/members/{id}',
  operationId: 'removeMember',
  summary: 'Remove a member',
  description: 'From the next request on they are a stranger. API keys that they made stay: those are the workspace’s.',
  permission: 'members:write',
  params: idParams,
  answers: { 204: { description: 'The member is out.' } },
  problems: ['not_found', 'role_above_yours', 'last_owner', 'conflict'],
  async handle({ params, principal, now, trace }, { access, workspaces, tell }) {
    const member = await memberOf(access, principal.workspaceId, params.id)
    checkRoles(principal.role, member.role)
    const { workspaceId } = principal
    const { userId, role: held } = member
    const news = tell({ type: 'MemberLeft', workspaceId, about: userId, data: { userId, role: held } }, { now, trace })
    settled(await workspaces.remove(workspaceId, member, news))
    return { status: 204 }
  },
})

const INVITATIONS = '/api/auth/invitations'

const createInvitation = route({
  method: 'POST',
  path: INVITATIONS,
  operationId: 'createInvitation',
  summary: 'Invite somebody',
  description: 'They get a mail with a link that works for 14 days.',
  permission: 'members:write',
  body: createInvitationBody,
  answers: { 201: { description: 'The invitation.', body: invitationBody } },
  problems: ['role_above_yours'],
  async handle({ body, principal, now, trace }, { ids, invitations, mailTokenKey, requestMail }) {
    checkRoles(principal.role, body.role)
    const id = ids('inv')
    const invitation: Invitation = {
      id,
      workspaceId: principal.workspaceId,
      email: normaliseEmail(body.email) ?? body.email,
      role: body.role,
      hash: hashSecret(mailSecret(await mailTokenKey(), 'invitation', id)),
      createdBy: principal.userId ?? principal.id,
      createdAt: now.toISOString(),
      expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS).toISOString(),
    }
    await invitations.create(invitation)
    const { workspaceId } = principal
    const request = { kind: 'invitation', id: ids('mrq'), requestedAt: now.toISOString() } as const
    await requestMail({ ...request, workspaceId, invitationId: id }, trace)
    return { status: 201, body: wireOf(invitation, now) }
  },
})

const listInvitations = route({
  method: 'GET',
  path: INVITATIONS,
  operationId: 'listInvitations',
  summary: 'List invitations',
  description: 'Newest first.',
  permission: 'members:read',
  query: listQuery,
  answers: { 200: { description: 'A page of invitations.', body: invitationListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal, now }, { invitations, cursors }) {
    const scope = ['listInvitations', principal.workspaceId]
    const read = withOneMore((limit, after) => invitations.list(principal.workspaceId, limit, after))
    const { items, nextCursor } = await answerPage(cursors, scope, query, read)
    return { status: 200, body: { items: items.map((invitation) => wireOf(invitation, now)), nextCursor } }
  },
})

const revokeInvitation = route({
  method: 'DELETE',
  path: `${INVITATIONS}/{id}`,
  operationId: 'revokeInvitation',
  summary: 'Withdraw an invitation',
  permission: 'members:write',
  params: idParams,
  answers: { 204: { description: 'Its link does not work any more.' } },
  problems: ['not_found'],
  async handle({ params, principal, now }, { invitations }) {
    if (await invitations.revoke(principal.workspaceId, params.id, now)) return { status: 204 }
    throw new Problem('not_found', `no invitation ${params.id.slice(0, 64)} waits for an answer`)
  },
})

export const workspaceRoutes = [
  readWorkspace,
  listMembers,
  changeMember,
  removeMember,
  createInvitation,
  listInvitations,
  revokeInvitation,
]

const wireOf = (invitation: Invitation, now: Date) => ({ ...invitation, state: invitationState(invitation, now) })

async function memberOf(access: AuthServices['access'], workspaceId: string, userId: string) {
  const member = await access.findMember(workspaceId, userId)
  if (member === undefined) throw new Problem('not_found', `this workspace has no member ${userId.slice(0, 64)}`)
  return member
}

function checkRoles(yours: Role, ...theirs: readonly Role[]): void {
  const above = theirs.find((role) => !mayGrant(yours, role))
  if (above !== undefined) throw new Problem('role_above_yours', `expected a role up to ${yours}, got ${above}`)
}

function settled(change: MemberChange): void {
  switch (change) {
    case 'done':
      return
    case 'last_owner':
      throw new Problem('last_owner', 'expected the workspace to keep an owner, this is the last one')
    case 'changed':
      throw new Problem('conflict', 'expected the member to stay as read, somebody changed them meanwhile')
  }
}
