/** The task `webhook.deliver`: one event to one endpoint. How a try is made is the payments service's; when, is decided here. */
import * as z from 'zod'
import { HOUR, MINUTE, SECOND } from '#core/clock.ts'
import { retryAfterMs } from './http-request.ts'
import { defineTask, PermanentError, RetryLaterError } from './task-definition.ts'

const id = z.string().min(1).max(64)

/**
 * The first try at once, each of these before the next: 75.6 hours in all, as the specification of Standard Webhooks
 * recommends, by a fifth more or less.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md#deliverability-and-reliability
 */
const DELAYS_MS = [
  5 * SECOND,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const
const SPREAD = 0.2
/** 15 seconds for the receiver, the rest to read and to record. */
const TIMEOUT_MS = 30 * SECOND

export const webhookDeliver = defineTask({
  name: 'webhook.deliver',
  description:
    'Sends an event to a webhook endpoint. Asked for by the payments service, once for each delivery. Done with any 2xx ' +
    'answer; dead after 410, for addresses that are not public, and after ten tries.',
  input: z.strictObject({ endpointId: id, eventId: id, round: z.int().min(0) }),
  retry: { attempts: DELAYS_MS.length + 1, delaysMs: DELAYS_MS, spread: SPREAD },
  timeoutMs: TIMEOUT_MS,
  async handler(order, { workspaceId, deliverWebhook, signal, clock }) {
    const delivered = await deliverWebhook({ workspaceId, ...order }, signal)
    switch (delivered.kind) {
      case 'done':
        return { status: delivered.status }
      case 'over':
        throw new PermanentError(delivered.code, delivered.detail)
      case 'again':
        throw new RetryLaterError(delivered.code, delivered.detail, retryAfterMs(delivered.retryAfter, clock.now()))
    }
  },
})
