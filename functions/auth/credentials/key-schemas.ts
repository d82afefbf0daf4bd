/** What the API takes and gives of API keys. Pure. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { PERMISSIONS } from '#core/permissions.ts'
import { overlapSeconds, permission, role, time } from '../auth-schemas.ts'

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
  overlapSeconds: overlapSeconds.meta({
    description: 'How long the old key still works, so that its users can be moved: at most a week.',
  }),
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
