/** What the API of this service takes and gives. Pure. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { PERMISSIONS, ROLES } from '#core/permissions.ts'
import { isWorkspaceName, MAX_WORKSPACE_NAME } from './create-workspace.ts'
import { MAX_EMAIL_LENGTH, normaliseEmail } from './user.ts'

const time = z.iso.datetime()
const role = z.enum(ROLES)
const permission = z.enum(PERMISSIONS)

export const idParams = z.object({
  id: z.string().meta({ description: 'The id.', example: 'usr_01KAK2V5B8Y3QK4M6T9X0ZCEGH' }),
})
export const listQuery = z.object(pageParameters)

const name = z
  .string()
  .trim()
  .min(1)
  .max(MAX_WORKSPACE_NAME)
  .refine(isWorkspaceName, 'expected one line of text')
  .meta({ description: 'For people, one line.' })

export const personBody = z
  .object({ id: z.string(), email: z.string(), createdAt: time })
  .meta({ id: 'Person', description: 'Whoever is signed in.' })

export const sessionBody = z
  .object({
    id: z.string(),
    current: z.boolean().meta({ description: 'Whether it is the one that asks.' }),
    userAgent: z.string(),
    createdAt: time,
    lastSeenAt: time.meta({ description: 'To within five minutes.' }),
    expiresAt: time,
  })
  .meta({ id: 'Session', description: 'A browser that is signed in.' })
export const sessionListBody = pageOf(sessionBody)

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

export const createApiKeyBody = z.object({
  name: z.string().trim().min(1).max(80).meta({ description: 'For people: what the key is for.' }),
  scopes: z
    .array(permission)
    .min(1)
    .max(PERMISSIONS.length)
    .optional()
    .meta({ description: 'What the key may do, each a permission of yours. Without: all that you may do.' }),
  expiresAt: time.optional().meta({ description: 'From when on the key is refused. Without: never.' }),
})
export const rotateApiKeyBody = z.object({
  overlapSeconds: z
    .int()
    .min(0)
    .max(604_800)
    .default(86_400)
    .meta({ description: 'How long the old key still works, so that its users can be moved: at most a week.' }),
})
export const apiKeyBody = z
  .object({
    id: z.string(),
    name: z.string(),
    role,
    scopes: z.array(permission).optional(),
    createdAt: time,
    createdBy: z.string().optional(),
    expiresAt: time.optional(),
    revokedAt: time.optional(),
    replacedBy: z.string().optional().meta({ description: 'The key that took its place.' }),
  })
  .meta({ id: 'ApiKey', description: 'An API key, without its secret.' })
export const newApiKeyBody = apiKeyBody
  .extend({ key: z.string().meta({ description: 'The key itself. It is shown this once.' }) })
  .meta({ id: 'NewApiKey', description: 'A new API key with its secret.' })
export const apiKeyListBody = pageOf(apiKeyBody)

const grant = z.enum(['authorization_code', 'client_credentials'])
export const createClientBody = z.object({
  name: z
    .string()
    .trim()
    .min(1)
    .max(80)
    .meta({ description: 'Shown to people when they are asked for their consent.' }),
  type: z
    .enum(['public', 'confidential'])
    .meta({ description: 'Whether it can keep a secret: a server can, an app can not.' }),
  grants: z.array(grant).min(1).max(2),
  scopes: z.array(permission).min(1).max(PERMISSIONS.length).meta({ description: 'What its tokens may do at most.' }),
  redirectUris: z
    .array(z.string().max(2_000))
    .max(20)
    .default([])
    .meta({ description: 'Compared character by character; on the machine itself any port fits.' }),
})
export const clientBody = z
  .object({
    id: z.string().meta({ description: 'The `client_id`.' }),
    name: z.string(),
    role,
    scopes: z.array(permission),
    grants: z.array(grant),
    redirectUris: z.array(z.string()),
    createdBy: z.string(),
    createdAt: time,
  })
  .meta({ id: 'OAuthClient', description: 'An application that gets tokens for this workspace.' })
export const newClientBody = clientBody
  .extend({ secret: z.string().optional().meta({ description: 'The `client_secret`. It is shown this once.' }) })
  .meta({ id: 'NewOAuthClient', description: 'A new client with its secret.' })
export const rotateClientSecretBody = z.object({
  overlapSeconds: z
    .int()
    .min(0)
    .max(604_800)
    .default(86_400)
    .meta({ description: 'How long the old secret still works, so that its users can be moved: at most a week.' }),
})
export const rotatedClientSecretBody = z
  .object({
    id: z.string().meta({ description: 'The `client_id`.' }),
    secret: z.string().meta({ description: 'The new `client_secret`. It is shown this once.' }),
    previousEndsAt: time.meta({ description: 'From when on the old secret is refused.' }),
  })
  .meta({ id: 'RotatedClientSecret', description: 'The new secret of a client.' })
export const clientListBody = pageOf(clientBody)
