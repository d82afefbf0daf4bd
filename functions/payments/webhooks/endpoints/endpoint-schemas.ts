/** Endpoints as the API takes and shows them. */
import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { paymentsId } from '../../payments-schemas.ts'
import { secretInfo, secretView, shownSecret } from '../webhook-schemas.ts'
import {
  DISABLED_REASONS,
  EVENT_PATTERN,
  MAX_PATTERNS,
  MAX_URL_LENGTH,
  SCHEMES,
  type WebhookEndpoint,
} from './endpoint.ts'
import { healthOf } from './health.ts'
import { ENDPOINTS_PATH } from './own-endpoint.ts'

const url = z
  .string()
  .min(1)
  .max(MAX_URL_LENGTH)
  .meta({ description: 'https, to a public address.', examples: ['https://shop.example/hooks'] })
const events = z
  .array(z.string().max(200).regex(EVENT_PATTERN))
  .min(1)
  .max(MAX_PATTERNS)
  .meta({
    description:
      'Types of events, `order.*` for all that begin so, `*` for all; of endpoints made by `/v1` `*` is for all of Stripe’s.',
    examples: [['order.*']],
  })
const description = z.string().max(500).nullable()

const fields = {
  id: paymentsId('we', 'Sorts by the time the endpoint was made.'),
  url,
  events,
  description,
  scheme: z.enum(SCHEMES).meta({
    description: 'How messages look and are signed: Standard Webhooks, or, for endpoints made by `/v1`, Stripe.',
  }),
  status: z.enum(['enabled', 'disabled']),
  disabledReason: z.enum(DISABLED_REASONS).nullable().meta({
    description: '`gone`: it answered 410. `failing`: nothing was delivered for five days.',
  }),
  disabledAt: timestamp('Since when nothing is sent to it.').nullable(),
  failingSince: timestamp('The first failure since the last success.').nullable(),
  breaker: z.enum(['closed', 'open', 'half_open']).meta({
    description:
      '`open`: it failed five times in a row, so deliveries wait with it instead of using up their tries. `half_open`: one ' +
      'of them is tried; when it is delivered, the others follow.',
  }),
  retryAt: timestamp('When the next one is tried, while the breaker is not closed.').nullable(),
  missed: z
    .strictObject({
      since: timestamp('Events from then on failed, or were not tried.'),
      resend: z.string().meta({ description: 'POST here, with `{}`, to send them again.' }),
    })
    .nullable()
    .meta({ description: 'After it was disabled because it failed: what can be sent again once it is enabled.' }),
  secrets: z.array(secretInfo).meta({ description: 'Each message has a signature with each of them.' }),
  createdAt: timestamp('When it was made.'),
  updatedAt: timestamp('When it was last changed.'),
}
export const endpointBody = z
  .strictObject(fields)
  .meta({ id: 'WebhookEndpoint', description: 'Where somebody wants to hear what happened.' })
export const newEndpointBody = z
  .strictObject({ ...fields, secret: shownSecret })
  .meta({ id: 'NewWebhookEndpoint', description: 'An endpoint with its new secret.' })
export const endpointListBody = pageOf(endpointBody).meta({
  id: 'WebhookEndpointList',
  description: 'Endpoints, newest first.',
})

export const createEndpointBody = z
  .strictObject({ url, events: events.default(['*']), description: description.default(null) })
  .meta({ id: 'CreateWebhookEndpoint', description: 'An endpoint to be made.' })
export const updateEndpointBody = z
  .strictObject({
    url: url.optional(),
    events: events.optional(),
    description: description.optional(),
    status: z.enum(['enabled', 'disabled']).optional().meta({
      description:
        'Enabling forgets its failures. What it missed is named in `missed`, and sent again when you ask for it.',
    }),
  })
  .meta({ id: 'UpdateWebhookEndpoint', description: 'What is to change.' })

/** Stripe keeps the old secret of an endpoint for at most a day. */
const MAX_OVERLAP_HOURS = 24
export const rotateBody = z
  .strictObject({
    overlapHours: z
      .number()
      .min(0)
      .max(MAX_OVERLAP_HOURS)
      .default(MAX_OVERLAP_HOURS)
      .meta({ description: 'How long messages are signed with the old secret too.' }),
  })
  .meta({ id: 'RotateWebhookSecret', description: 'How the secret is replaced.' })

export const testBody = z
  .strictObject({
    eventId: paymentsId('evt', 'Of the event that is sent.'),
    delivery: z.string().meta({ description: 'The path of its delivery, there within moments.' }),
  })
  .meta({ id: 'WebhookTest', description: 'An event that was made to try an endpoint.' })

export const endpointView = (endpoint: WebhookEndpoint): z.input<typeof endpointBody> => ({
  id: endpoint.id,
  url: endpoint.url,
  events: [...endpoint.events],
  description: endpoint.description,
  scheme: endpoint.scheme,
  status: endpoint.disabled === null ? 'enabled' : 'disabled',
  disabledReason: endpoint.disabled,
  disabledAt: healthOf(endpoint).disabledAt,
  failingSince: endpoint.failingSince,
  ...breakerView(endpoint),
  missed: missedView(endpoint),
  secrets: endpoint.secrets.map(secretView),
  createdAt: endpoint.createdAt,
  updatedAt: endpoint.updatedAt,
})

function breakerView(endpoint: WebhookEndpoint) {
  const { breaker } = healthOf(endpoint)
  if (breaker === null || breaker.state === 'releasing') return { breaker: 'closed', retryAt: null } as const
  return { breaker: breaker.state, retryAt: breaker.at }
}

function missedView(endpoint: WebhookEndpoint) {
  const { missedSince: since } = healthOf(endpoint)
  return since === null ? null : { since, resend: `${ENDPOINTS_PATH}/${endpoint.id}/resend-failed` }
}
