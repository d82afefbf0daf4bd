/**
 * What receiving takes and answers, for the OpenAPI document. The receiver itself (`receive.ts`) does without the kit and
 * without zod; the tests hold it to this description.
 */
import * as z from 'zod'
import type { ServiceDescription } from '#core/route.ts'
import { MAX_WEBHOOK_BYTES } from './source.ts'

type Elsewhere = NonNullable<ServiceDescription<never>['elsewhere']>[number]

const receiveWebhook = {
  method: 'POST',
  path: '/api/payments/webhooks/{source}',
  operationId: 'receiveWebhook',
  summary: 'Take a webhook',
  description:
    'For the sender of a source: any bytes, signed as the kind of the source says, at most five minutes ago or ahead. It is ' +
    `kept before it is answered, once for each id, and applied afterwards. At most ${MAX_WEBHOOK_BYTES} bytes.`,
  permission: 'public',
  params: z.object({ source: z.string().meta({ description: 'The id of the source.' }) }),
  answers: {
    200: {
      description: 'It is kept.',
      body: z
        .strictObject({
          received: z.literal(true),
          duplicate: z.boolean().meta({ description: 'It had come before; nothing was changed.' }),
        })
        .meta({ id: 'WebhookReceipt', description: 'What the sender is told.' }),
    },
  },
  problems: [
    'webhook_unverified',
    'validation_failed',
    'not_found',
    'route_not_found',
    'method_not_allowed',
    'body_too_large',
    'internal_error',
    'dependency_unavailable',
  ],
} as const satisfies Elsewhere

export const receiveRoutes: readonly Elsewhere[] = [receiveWebhook]
