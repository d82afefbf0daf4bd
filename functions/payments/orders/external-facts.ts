/**
 * A fact that a webhook tells about a payment, applied to the order that it belongs to: one of ours, or one that is made
 * when a payment elsewhere is first heard of, whatever is heard first. Reads what it decides on; adds to the changes.
 */
import type { Operation } from '../changes/operation.ts'
import type { Intent } from '../intents/intent.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import { isIdOf } from '../objects/objects.ts'
import { referenceKey } from '../payments-keys.ts'
import { applyFact, type Fact, type FactRefusal } from './facts.ts'
import { moveOrder } from './move-order.ts'
import { newOrder, type Order, OWN_SOURCE } from './order.ts'
import type { ReferencesStore } from './references.store.ts'

export interface ExternalFact {
  readonly workspaceId: string
  /** Id of the webhook source. */
  readonly source: string
  /** Of the payment elsewhere, the same in all its messages: `pi_…` of Stripe, the order's id of a shop. */
  readonly externalId: string
  readonly fact: Fact
}

export interface FactStores {
  readonly objects: ObjectsStore
  readonly references: ReferencesStore
}

export type FactOutcome =
  /** `moved` is false when the order knew it all. */
  | { readonly kind: 'applied'; readonly orderId: string; readonly moved: boolean }
  | { readonly kind: 'refused'; readonly reason: FactRefusal; readonly orderId: string | undefined }

/** Call within `settle`: the order is written on condition of what was read here. */
export async function applyExternalFact(
  operation: Operation,
  told: ExternalFact,
  stores: FactStores,
): Promise<FactOutcome> {
  const own = await ownOrder(told, stores)
  // Our own state is the truth about our own orders: a fact is compared with it, and moves nothing.
  if (own !== undefined) return compared(own, told.fact, operation.cause.now)
  const { workspaceId, source, externalId, fact } = told
  const orderId = await stores.references.orderOf(workspaceId, source, externalId)
  const known = orderId && (await stores.objects.get<Order>('order', workspaceId, orderId))
  const order = known || heardOf(operation, told)
  const applied = applyFact(order, fact, operation.cause.now)
  if (!applied.ok) return { kind: 'refused', reason: applied.reason, orderId: known ? order.id : undefined }
  if (!known) {
    operation.changes.create(order)
    refer(operation, order)
  }
  moveOrder(operation, order, fact, `${source}:${externalId}`)
  return { kind: 'applied', orderId: order.id, moved: !known || applied.movement !== undefined }
}

async function ownOrder(
  { workspaceId, externalId }: ExternalFact,
  { objects }: FactStores,
): Promise<Order | undefined> {
  if (!isIdOf('payment_intent', externalId)) return undefined
  const intent = await objects.get<Intent>('payment_intent', workspaceId, externalId)
  return intent && objects.get<Order>('order', workspaceId, intent.orderId)
}

function compared(order: Order, fact: Fact, now: Date): FactOutcome {
  const applied = applyFact(order, fact, now)
  if (!applied.ok) return { kind: 'refused', reason: applied.reason, orderId: order.id }
  return { kind: 'applied', orderId: order.id, moved: false }
}

/** An order that nobody here made, of which nothing is known yet. It is created by the first fact that can be applied. */
function heardOf({ ids, cause }: Operation, { workspaceId, source, externalId, fact }: ExternalFact): Order {
  if (source === OWN_SOURCE) throw new Error('expected the id of a webhook source')
  const order = { id: ids('ord'), workspaceId, currency: fact.currency, source, externalId }
  return newOrder({ ...order, amount: 0 }, cause.now)
}

/** Two messages that are the first of one payment at the same moment: one makes the order, the other decides again. */
function refer({ changes }: Operation, { id: orderId, workspaceId, source, externalId }: Order): void {
  const Item = { ...referenceKey(workspaceId, source, externalId), workspaceId, orderId }
  changes.also({
    label: `reference:${externalId}`,
    action: { Put: { Item, ConditionExpression: 'attribute_not_exists(pk)' } },
  })
}
