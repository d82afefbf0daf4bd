/** What the routes of webhooks in and out have in common. */
import * as z from 'zod'
import { timestamp } from '#core/timestamp.ts'
import type { StoredSecret } from './secrets.ts'

export const webhookName = z
  .string()
  .min(1)
  .max(100)
  .meta({ examples: ['Shop'] })

export const secretInfo = z
  .strictObject({
    hint: z.string().meta({ description: 'Its last characters.', examples: ['9aE='] }),
    createdAt: timestamp('When it was given or made.'),
    expiresAt: timestamp('From then on it is not used.').nullable(),
  })
  .meta({ id: 'WebhookSecretInfo', description: 'What can be known of a secret. The secret itself is shown once.' })

export const secretView = ({ hint, createdAt, expiresAt }: StoredSecret): z.input<typeof secretInfo> => ({
  hint,
  createdAt,
  expiresAt,
})

export const shownSecret = z
  .string()
  .meta({ description: 'Shown this once.', examples: ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo='] })
