/**
 * The table's stream → the three queues. The row that was written is the promise that somebody looks at it: nothing is sent
 * beside the write, so nothing can be lost between the two. Messages say where to look; they may come twice.
 */
import * as z from 'zod'
import { isUnavailable } from '#core/dependency.ts'
import type { InvocationLog } from '#core/log.ts'
import type { TableChange } from '#core/stream.ts'
import type { TableKey } from '#core/table.ts'
import { isEventKey, isReceivedKey } from '../payments-keys.ts'
import type { SendMessages } from './messages.store.ts'
import type { EventMessage, PaidMessage, QueueName, ReceivedMessage } from './messages.ts'

const eventItem = z.object({
  id: z.string(),
  workspaceId: z.string(),
  type: z.string(),
  objectId: z.string(),
  traceparent: z.string(),
})
const receivedItem = z.object({
  sourceId: z.string(),
  messageId: z.string(),
  status: z.string(),
  traceparent: z.string(),
})
export const forwardedItem = z.union([eventItem, receivedItem])
export type ForwardedItem = z.infer<typeof forwardedItem>

/** A webhook in this status waits to be applied: it came, or it was asked to be applied again. */
export const WAITING_STATUS = 'received'
/** The event whose order gets a receipt. */
export const PAID_EVENT = 'order.paid'

export const isForwarded = (key: TableKey): boolean => isEventKey(key) || isReceivedKey(key)

export type Forwarded =
  | { readonly queue: 'received'; readonly body: ReceivedMessage }
  | { readonly queue: 'events'; readonly body: EventMessage }
  | { readonly queue: 'paid'; readonly body: PaidMessage }

/** Pure: the same change gives the same messages on every try. */
export function messagesOf({ before, after }: TableChange<ForwardedItem>): readonly Forwarded[] {
  if (after === undefined) return []
  const { traceparent } = after
  if ('sourceId' in after) {
    const waited = before !== undefined && 'sourceId' in before && before.status === WAITING_STATUS
    if (after.status !== WAITING_STATUS || waited) return []
    const { sourceId, messageId } = after
    return [{ queue: 'received', body: { sourceId, messageId, traceparent } }]
  }
  // Events are never changed, so anything but the first write of one is its end by TTL.
  if (before !== undefined) return []
  const { id: eventId, workspaceId, type, objectId } = after
  const event: Forwarded = { queue: 'events', body: { workspaceId, eventId, type, traceparent } }
  if (type !== PAID_EVENT) return [event]
  return [event, { queue: 'paid', body: { workspaceId, orderId: objectId, traceparent } }]
}

/** @returns the sequence numbers of the changes that shall come back */
export async function forwardChanges(
  changes: readonly TableChange<ForwardedItem>[],
  queues: Readonly<Record<QueueName, SendMessages>>,
  log: InvocationLog,
): Promise<readonly string[]> {
  const outgoing = changes.flatMap((change) =>
    messagesOf(change).map((message) => ({ ...message, sequenceNumber: change.sequenceNumber })),
  )
  const names = [...new Set(outgoing.map(({ queue }) => queue))]
  const failed = await Promise.all(
    names.map(async (name) => {
      const messages = outgoing.filter(({ queue }) => queue === name)
      try {
        const taken = await queues[name](messages)
        return messages.flatMap(({ sequenceNumber }, index) => (taken[index] ? [] : [sequenceNumber]))
      } catch (error) {
        log.fail(error, isUnavailable(error) ? 'warn' : 'error')
        return messages.map(({ sequenceNumber }) => sequenceNumber)
      }
    }),
  )
  log.metric('forwardedMessages', outgoing.length - failed.flat().length)
  return [...new Set(failed.flat())]
}
