/** From the link of an invitation to a membership. Only the link and the address together open a workspace. */
import type { Workspace } from '#core/access.store.ts'
import { sameHash } from '#core/api-key.ts'
import type { Person } from '#core/permissions.ts'
import type { AuthServices } from '../auth-services.ts'
import type { Origin } from '../events.ts'
import { hashSecret, parseToken } from '../secret-token.ts'
import { type Invitation, invitationState } from './invitation.ts'

type Services = Pick<AuthServices, 'invitations' | 'access' | 'workspaces'>

export type Accepted = { readonly kind: 'joined'; readonly workspace: Workspace } | { readonly kind: 'refused' }

/** Undefined for a link that does not work, whatever the reason. */
export async function invitationOfLink(
  token: string,
  now: Date,
  { invitations, access }: Services,
): Promise<{ readonly invitation: Invitation; readonly workspace: Workspace } | undefined> {
  const link = parseToken(token)
  const [workspaceId = '', id = '', ...more] = link?.subject.split('/') ?? []
  if (link === undefined || workspaceId === '' || id === '' || more.length > 0) return undefined
  const [invitation, workspace] = await Promise.all([
    invitations.find(workspaceId, id),
    access.findWorkspace(workspaceId),
  ])
  if (invitation === undefined || workspace === undefined) return undefined
  const good = sameHash(invitation.hash, hashSecret(link.secret)) && invitationState(invitation, now) === 'pending'
  return good ? { invitation, workspace } : undefined
}

export async function acceptInvitation(
  token: string,
  person: Person,
  origin: Origin,
  services: Services & Pick<AuthServices, 'tell'>,
): Promise<Accepted> {
  const { now } = origin
  const found = await invitationOfLink(token, now, services)
  if (found === undefined || found.invitation.email !== person.email) return { kind: 'refused' }
  const { invitation, workspace } = found
  const { userId, email } = person
  const member = { userId, email, role: invitation.role, joinedAt: now.toISOString() }
  const joined = await services.invitations.accept(invitation, userId, now, [
    ...services.workspaces.joining(workspace, member),
    ...services.tell(
      { type: 'MemberJoined', workspaceId: workspace.id, about: userId, data: { userId, role: member.role } },
      origin,
    ),
  ])
  return joined ? { kind: 'joined', workspace } : { kind: 'refused' }
}
