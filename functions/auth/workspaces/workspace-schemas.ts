/** What the API takes and gives of workspaces, their members and invitations. Pure. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { role, time } from '../auth-schemas.ts'
import { MAX_EMAIL_LENGTH, normaliseEmail } from '../people/user.ts'
import { isWorkspaceName, MAX_WORKSPACE_NAME } from './create-workspace.ts'

const name = z
  .string()
  .trim()
  .min(1)
  .max(MAX_WORKSPACE_NAME)
  .refine(isWorkspaceName, 'expected one line of text')
  .meta({ description: 'For people, one line.' })

export const createWorkspaceBody = z.object({ name })
export const workspaceBody = z
  .object({ id: z.string(), name: z.string(), createdAt: time })
  .meta({ id: 'Workspace', description: 'A workspace: everything belongs to one.' })
export const membershipBody = z
  .object({ workspaceId: z.string(), name: z.string(), role, joinedAt: time })
  .meta({ id: 'Membership', description: 'A workspace that somebody is in.' })
export const membershipListBody = pageOf(membershipBody)

export const memberBody = z
  .object({ userId: z.string(), email: z.string(), role, joinedAt: time })
  .meta({ id: 'Member', description: 'Somebody in the workspace.' })
export const memberListBody = pageOf(memberBody)
export const changeMemberBody = z.object({ role })

export const createInvitationBody = z.object({
  email: z
    .string()
    .max(MAX_EMAIL_LENGTH)
    .refine((text) => normaliseEmail(text) !== undefined, 'expected an address like name@example.com')
    .meta({ description: 'Only somebody with this address can accept.' }),
  role: role.meta({ description: 'No higher than your own.' }),
})
export const invitationBody = z
  .object({
    id: z.string(),
    email: z.string(),
    role,
    state: z.enum(['pending', 'accepted', 'revoked', 'expired']),
    createdBy: z.string(),
    createdAt: time,
    expiresAt: time,
  })
  .meta({ id: 'Invitation', description: 'An invitation to the workspace.' })
export const invitationListBody = pageOf(invitationBody)
export const acceptInvitationBody = z.object({
  token: z.string().min(1).max(1_000).meta({ description: 'Of the link in the mail.' }),
})
