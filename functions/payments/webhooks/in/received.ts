/**
 * A webhook that was received, and what became of it. Its row is the queue: it is written before the sender is answered, and
 * the table's stream tells of it until it is applied. Pure.
 *
 *   received ──► applied        moved an order, or told what was known
 *      ▲   ├───► ignored        of a type that says nothing about money
 *      │   └───► failed         can't be applied; the reason says why
 *      └── replayed, from each of them
 */
import { DAY, epochSeconds } from '#core/clock.ts'
import type { Write } from '../../changes/write.ts'
import { type IndexKeys, indexKeys, receivedKey } from '../../payments-keys.ts'

export const RECEIVED_STATUSES = ['received', 'applied', 'ignored', 'failed'] as const
export type ReceivedStatus = (typeof RECEIVED_STATUSES)[number]

/** Longer than any sender repeats a message (Stripe three days, Standard Webhooks some more), so that it is known again. */
export const RECEIVED_RETENTION_MS = 90 * DAY

export interface ReceivedWebhook {
  readonly workspaceId: string
  readonly sourceId: string
  /** The sender's, the same on every try: `evt_…` of Stripe, `webhook-id` of Standard Webhooks. */
  readonly messageId: string
  /** What the message says that it is; null when it does not. */
  readonly type: string | null
  /** The bytes that were signed. */
  readonly body: Uint8Array
  readonly receivedAt: string
  readonly status: ReceivedStatus
  /** Why it was ignored or failed. */
  readonly reason: string | null
  /** The order that it is about. */
  readonly orderId: string | null
  /** When it entered its status. */
  readonly since: string
  readonly replays: number
  readonly version: number
  readonly traceparent: string
}

/** What a message's id may be: what a URL's path takes as it is. No dot, which separates the id in what is signed. */
export const MESSAGE_ID = /^[\w:~-]{1,200}$/

/** By which lists continue; unique in a workspace. */
export const receivedId = ({ sourceId, messageId }: Pick<ReceivedWebhook, 'sourceId' | 'messageId'>): string =>
  `${sourceId}.${messageId}`

const keysOf = (webhook: ReceivedWebhook): IndexKeys =>
  indexKeys({
    workspaceId: webhook.workspaceId,
    kind: 'received',
    id: receivedId(webhook),
    createdAt: webhook.receivedAt,
    ownerId: webhook.status,
  })

const expiry = ({ receivedAt }: ReceivedWebhook): number =>
  epochSeconds(new Date(Date.parse(receivedAt) + RECEIVED_RETENTION_MS))

/** The whole item, as it is written when it arrives. */
export const receivedItem = (webhook: ReceivedWebhook) => ({
  ...receivedKey(webhook.sourceId, webhook.messageId),
  ...keysOf(webhook),
  ...webhook,
  ttl: expiry(webhook),
})

/** What changes of a webhook after it arrived. */
export type Fate = Partial<Pick<ReceivedWebhook, 'status' | 'reason' | 'orderId' | 'replays'>>

/** Condition `as it was read`: of two that apply one message at once, one is told to look again. Leaves the body alone. */
export function fateWrite(webhook: ReceivedWebhook, fate: Fate, now: Date): Write {
  const after: ReceivedWebhook = { ...webhook, ...fate, since: now.toISOString(), version: webhook.version + 1 }
  const { ownerPk } = keysOf(after)
  const { status, reason, orderId, replays, since, version } = after
  const changed = { status, reason, orderId, replays, since, version, ownerPk }
  return {
    label: `received:${webhook.messageId}`,
    action: {
      Update: {
        Key: { ...receivedKey(webhook.sourceId, webhook.messageId) },
        UpdateExpression: `SET ${Object.keys(changed)
          .map((name) => `#${name} = :${name}`)
          .join(', ')}`,
        ConditionExpression: '#version = :before',
        ExpressionAttributeNames: Object.fromEntries(Object.keys(changed).map((name) => [`#${name}`, name])),
        ExpressionAttributeValues: {
          ...Object.fromEntries(Object.entries(changed).map(([name, value]) => [`:${name}`, value])),
          ':before': webhook.version,
        },
      },
    },
  }
}
