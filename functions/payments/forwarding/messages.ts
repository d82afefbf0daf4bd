/** The messages of the three queues behind the table's stream: each says where to look, never what is there. Pure. */
import * as z from 'zod'

const trace = { traceparent: z.string() }

/** Queue `received` → `apply-webhooks.lambda.ts`: a webhook waits to be applied. */
export const receivedMessage = z.object({ sourceId: z.string(), messageId: z.string(), ...trace })
export type ReceivedMessage = z.infer<typeof receivedMessage>

/** Queue `events` → `fan-out-events.lambda.ts`: something happened that endpoints may want to hear. */
export const eventMessage = z.object({ workspaceId: z.string(), eventId: z.string(), type: z.string(), ...trace })
export type EventMessage = z.infer<typeof eventMessage>

/** Queue `paid` → `issue-receipts.lambda.ts`: an order was paid. */
export const paidMessage = z.object({ workspaceId: z.string(), orderId: z.string(), ...trace })
export type PaidMessage = z.infer<typeof paidMessage>

export type QueueName = 'received' | 'events' | 'paid'
