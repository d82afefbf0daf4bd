/** Received webhooks as the API shows them. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { RECEIVED_STATUSES, type ReceivedWebhook } from './received.ts'

const status = z.enum(RECEIVED_STATUSES).meta({
  description:
    '`received`: waits to be applied. `applied`: what it says holds. `ignored`: its type moves no order. `failed`: the ' +
    'reason says why it can not be applied.',
})

const summary = {
  source: z.string().meta({ description: 'The id of the source.' }),
  messageId: z.string().meta({ description: "The sender's, the same on every try.", examples: ['evt_1Q2w3E'] }),
  type: z
    .string()
    .nullable()
    .meta({ description: 'What it says that it is.', examples: ['charge.refunded'] }),
  status,
  reason: z
    .string()
    .nullable()
    .meta({ description: 'Why it was ignored or failed.', examples: ['currency_mismatch'] }),
  orderId: z.string().nullable().meta({ description: 'The order that it is about.' }),
  bytes: z.int().min(0),
  replays: z.int().min(0).meta({ description: 'How often it was applied again.' }),
  receivedAt: timestamp('When it arrived.'),
  since: timestamp('When it entered its status.'),
}
export const receivedSummary = z
  .strictObject(summary)
  .meta({ id: 'ReceivedWebhookSummary', description: 'A received webhook without its body.' })
export const receivedBody = z
  .strictObject({ ...summary, body: z.string().meta({ description: 'As it was sent, read as UTF-8.' }) })
  .meta({ id: 'ReceivedWebhook', description: 'A message that a source sent.' })
export const receivedListBody = pageOf(receivedSummary).meta({
  id: 'ReceivedWebhookList',
  description: 'Received webhooks, newest first.',
})

export const receivedListQuery = z.object({ ...pageParameters, status: status.optional() })
export const receivedParams = z.object({
  id: z.string().meta({ description: 'The id of the source.' }),
  message: z.string().meta({ description: 'The id of the message.' }),
})

export const receivedView = (webhook: ReceivedWebhook): z.input<typeof receivedSummary> => ({
  source: webhook.sourceId,
  messageId: webhook.messageId,
  type: webhook.type,
  status: webhook.status,
  reason: webhook.reason,
  orderId: webhook.orderId,
  bytes: webhook.body.byteLength,
  replays: webhook.replays,
  receivedAt: webhook.receivedAt,
  since: webhook.since,
})

export const receivedDetail = (webhook: ReceivedWebhook): z.input<typeof receivedBody> => ({
  ...receivedView(webhook),
  body: Buffer.from(webhook.body).toString(),
})
