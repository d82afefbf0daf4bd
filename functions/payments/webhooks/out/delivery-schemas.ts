/** Deliveries and their attempts as the API shows them. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { type Attempt, DELIVERY_STATUSES, type Delivery, isParked } from './delivery.ts'

const status = z.enum(DELIVERY_STATUSES).meta({
  description: '`pending`: is tried, or waits for its next try. `failed`: there are no more tries.',
})
const summary = {
  endpoint: z.string().meta({ description: 'The id of the endpoint.' }),
  eventId: z.string().meta({ description: 'Of the event: the `webhook-id` of every try.' }),
  eventType: z.string().meta({ examples: ['order.paid'] }),
  status,
  reason: z
    .string()
    .nullable()
    .meta({ description: 'Of the last failure.', examples: ['http_503', 'timeout'] }),
  attempts: z.int().min(0),
  parked: z.boolean().meta({
    description: 'Its endpoint fails: it waits, without using up its tries, until the endpoint takes a message again.',
  }),
  resends: z.int().min(0).meta({ description: 'How often it was sent again by hand.' }),
  createdAt: timestamp('When the event was fanned out.'),
  updatedAt: timestamp('When anything of it last changed.'),
}
const attempt = z
  .strictObject({
    number: z.int().min(1),
    at: timestamp('When it began.'),
    durationMs: z.int().min(0),
    status: z.int().nullable().meta({ description: 'Of the answer; null when there was none.' }),
    error: z
      .string()
      .nullable()
      .meta({ description: 'Null for a 2xx answer.', examples: ['ECONNREFUSED'] }),
    answer: z.string().nullable().meta({ description: 'The beginning of the answer.' }),
  })
  .meta({ id: 'WebhookAttempt', description: 'One try of a delivery.' })

export const deliverySummary = z
  .strictObject(summary)
  .meta({ id: 'WebhookDeliverySummary', description: 'A delivery without its attempts.' })
export const deliveryBody = z
  .strictObject({ ...summary, log: z.array(attempt).meta({ description: 'The attempts, the latest first.' }) })
  .meta({ id: 'WebhookDelivery', description: 'The delivery of one event to one endpoint.' })
export const deliveryListBody = pageOf(deliverySummary).meta({
  id: 'WebhookDeliveryList',
  description: 'Deliveries, newest first.',
})
export const deliveryListQuery = z.object({
  ...pageParameters,
  status: status
    .optional()
    .meta({ description: 'A page may then have fewer deliveries than `limit`, or none, and still have a next one.' }),
})
export const deliveryParams = z.object({
  id: z.string().meta({ description: 'The id of the endpoint.' }),
  event: z.string().meta({ description: 'The id of the event.' }),
})

export const resendBody = z
  .strictObject({
    since: timestamp(
      'Failed deliveries of events from this time on. Without it those that the endpoint missed: from `missed.since` on.',
    ).optional(),
  })
  .meta({ id: 'ResendFailedWebhooks', description: 'Which deliveries are to be sent again.' })
export const resentBody = z
  .strictObject({
    resent: z.int().min(0),
    more: z.boolean().meta({ description: 'There may be more: ask again.' }),
  })
  .meta({ id: 'ResentWebhooks', description: 'How many are sent again.' })

export const deliveryView = (delivery: Delivery): z.input<typeof deliverySummary> => ({
  endpoint: delivery.endpointId,
  eventId: delivery.eventId,
  eventType: delivery.eventType,
  status: delivery.status,
  reason: delivery.reason,
  attempts: delivery.attempts,
  parked: isParked(delivery),
  resends: delivery.round,
  createdAt: delivery.createdAt,
  updatedAt: delivery.updatedAt,
})

export const deliveryDetail = (delivery: Delivery, log: readonly Attempt[]): z.input<typeof deliveryBody> => ({
  ...deliveryView(delivery),
  log: log.map(({ number, at, durationMs, status: answered, error, answer }) => ({
    ...{ number, at, durationMs, error, answer },
    status: answered,
  })),
})
