/**
 * A received webhook is applied: what it says moves the order that it is about, with the ledger and the row's own status, in
 * one transaction. Whatever was applied before, in whatever order, moves nothing again (`orders/facts.ts`).
 *
 *   message ─ row `received`? ─ what does it say ─ apply ─ commit ✓
 *   again   ─ row `applied`   ─ nothing
 */
import type { Ids } from '#core/ids.ts'
import type { InvocationLog } from '#core/log.ts'
import type { Random } from '#core/random.ts'
import type { ChangesStore } from '../../changes/changes.store.ts'
import type { Changes } from '../../changes/changes.ts'
import type { ReceivedMessage } from '../../forwarding/messages.ts'
import { applyExternalFact, type FactStores } from '../../orders/external-facts.ts'
import { readMessage } from './read-message.ts'
import type { FindWebhook } from './received.store.ts'
import { type Fate, fateWrite, type ReceivedWebhook } from './received.ts'
import type { WebhookSource } from './source.ts'

export interface ApplyServices extends FactStores {
  readonly changes: Pick<ChangesStore, 'settle'>
  readonly findWebhook: FindWebhook
  readonly findSource: (id: string) => Promise<WebhookSource | undefined>
  readonly ids: Ids
  readonly random: Random
}

/** Rejects when it should be tried again. */
export async function applyWebhook(
  { sourceId, messageId }: ReceivedMessage,
  services: ApplyServices,
  now: Date,
  log: InvocationLog,
): Promise<void> {
  const status = await services.changes.settle(async (changes) => {
    const webhook = await services.findWebhook(sourceId, messageId)
    // Expired or applied already: the message came a second time.
    if (webhook?.status !== 'received') return 'known'
    const fate = await fateOf(webhook, changes, services, now)
    changes.also(fateWrite(webhook, fate, now))
    if (fate.status === 'failed') log.note('warn', 'webhook failed', { sourceId, messageId, reason: fate.reason })
    return fate.status
  })
  log.metric(`${status}Webhooks`, 1)
}

type Settled = Fate & { readonly status: 'applied' | 'ignored' | 'failed' }

/** Adds to the changes whatever the webhook moves. */
async function fateOf(
  webhook: ReceivedWebhook,
  changes: Changes,
  services: ApplyServices,
  now: Date,
): Promise<Settled> {
  const { workspaceId, sourceId, traceparent } = webhook
  const source = await services.findSource(sourceId)
  if (source === undefined) return { status: 'failed', reason: 'source_deleted', orderId: null }
  const told = readMessage(source.kind, webhook)
  switch (told.kind) {
    case 'nothing':
      return { status: 'ignored', reason: 'type_without_meaning', orderId: null }
    case 'unreadable':
      return { status: 'failed', reason: told.reason, orderId: null }
    case 'fact': {
      const cause = { now, requestId: null, idempotencyKey: null, traceparent }
      const operation = { changes, ids: services.ids, random: services.random, cause }
      const { externalId, fact } = told
      const outcome = await applyExternalFact(operation, { workspaceId, source: sourceId, externalId, fact }, services)
      if (outcome.kind === 'applied') return { status: 'applied', reason: null, orderId: outcome.orderId }
      return { status: 'failed', reason: outcome.reason, orderId: outcome.orderId ?? null }
    }
  }
}
