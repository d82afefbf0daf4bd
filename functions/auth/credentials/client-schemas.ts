/** What the API takes and gives of OAuth clients. Pure. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { PERMISSIONS } from '#core/permissions.ts'
import { overlapSeconds, permission, role, time } from '../auth-schemas.ts'

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
  overlapSeconds: overlapSeconds.meta({
    description: 'How long the old secret still works, so that its users can be moved: at most a week.',
  }),
})
export const rotatedClientSecretBody = z
  .object({
    id: z.string().meta({ description: 'The `client_id`.' }),
    secret: z.string().meta({ description: 'The new `client_secret`. It is shown this once.' }),
    previousEndsAt: time.meta({ description: 'From when on the old secret is refused.' }),
  })
  .meta({ id: 'RotatedClientSecret', description: 'The new secret of a client.' })
export const clientListBody = pageOf(clientBody)
