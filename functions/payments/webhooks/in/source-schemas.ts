/** Sources of webhooks as the API takes and shows them. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { paymentsId } from '../../payments-schemas.ts'
import { secretInfo, secretView, shownSecret, webhookName } from '../webhook-schemas.ts'
import { MAX_SECRET_LENGTH, MAX_SECRETS, SOURCE_KINDS, type WebhookSource } from './source.ts'

const kind = z.enum(SOURCE_KINDS).meta({
  description:
    'Which headers are read: `Stripe-Signature`, or `webhook-id`, `webhook-timestamp` and `webhook-signature`.',
})
const secrets = z
  .array(z.string().min(1).max(MAX_SECRET_LENGTH))
  .min(1)
  .max(MAX_SECRETS)
  .meta({
    description:
      'A message is believed when it is signed with any of them. `stripe`: the signing secret as Stripe shows it. ' +
      '`standard-webhooks`: `whsec_…`, or the public key `whpk_…` of an Ed25519 pair.',
    examples: [['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw']],
  })

const fields = {
  id: paymentsId('src', 'Part of its address.'),
  name: webhookName,
  kind,
  url: z.string().meta({ description: 'Where its messages are sent to.' }),
  secrets: z.array(secretInfo),
  createdAt: timestamp('When it was made.'),
  updatedAt: timestamp('When it was last changed.'),
}
export const sourceBody = z
  .strictObject(fields)
  .meta({ id: 'WebhookSource', description: 'Somebody whose messages are believed because they are signed.' })
export const newSourceBody = z.strictObject({ ...fields, secret: shownSecret.nullable() }).meta({
  id: 'NewWebhookSource',
  description: 'A source with the secret that was made for it; null when you gave yours.',
})
export const sourceListBody = pageOf(sourceBody).meta({
  id: 'WebhookSourceList',
  description: 'Sources, newest first.',
})

export const createSourceBody = z
  .strictObject({
    name: webhookName,
    kind,
    secrets: secrets.optional().meta({ description: 'Those of the sender. Without any, one is made and shown once.' }),
  })
  .meta({ id: 'CreateWebhookSource', description: 'A source to be made.' })
export const updateSourceBody = z
  .strictObject({ name: webhookName.optional(), secrets: secrets.optional() })
  .meta({ id: 'UpdateWebhookSource', description: 'What is to change; secrets replace all that there are.' })

/** `origin` is where users see the product. */
export const sourceView = (source: WebhookSource, origin: string): z.input<typeof sourceBody> => ({
  id: source.id,
  name: source.name,
  kind: source.kind,
  url: `${origin}/api/payments/webhooks/${source.id}`,
  secrets: source.secrets.map(secretView),
  createdAt: source.createdAt,
  updatedAt: source.updatedAt,
})
