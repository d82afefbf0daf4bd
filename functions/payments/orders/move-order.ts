/** The one way in which an order changes: a fact, its ledger transactions, its news. Adds to the changes of an operation. */
import { type Operation, tell } from '../changes/operation.ts'
import { type LedgerTransaction, type Posting, transfer } from '../ledger/ledger.ts'
import { type Applied, applyFact, type Fact, type Movement } from './facts.ts'
import type { Order } from './order.ts'
import { orderBody } from './order-view.ts'

/** Where the money of a movement is written down. */
export interface Bookings {
  readonly captured: LedgerTransaction | undefined
  readonly refunded: LedgerTransaction | undefined
}

/** A ledger transaction of this moment about an order. `key` says what it is about, once and for all. */
export const booking = (
  { ids, cause }: Operation,
  { workspaceId, id: orderId }: Pick<Order, 'workspaceId' | 'id'>,
  entry: { readonly key: string; readonly description: string; readonly postings: readonly Posting[] },
): LedgerTransaction => ({
  ...entry,
  id: ids('txn'),
  workspaceId,
  orderId,
  at: cause.now.toISOString(),
  traceparent: cause.traceparent,
})

/**
 * Applies a fact to an order and collects what follows from it. Nothing new: nothing is collected.
 * @param subject what the keys of the bookings begin with: the id of the charge, or of the payment elsewhere
 */
export function moveOrder(
  operation: Operation,
  order: Order,
  fact: Fact,
  subject: string,
): Applied & { readonly bookings?: Bookings } {
  const applied = applyFact(order, fact, operation.cause.now)
  if (!applied.ok || applied.movement === undefined) return applied
  const { movement } = applied
  operation.changes.update(order, movement.order)
  tellStatus(operation, order, movement.order)
  return { ...applied, bookings: book(operation, movement, subject) }
}

function book(operation: Operation, { order, captured, refunded }: Movement, subject: string): Bookings {
  const post = (description: string, sum: number, postings: readonly Posting[]): LedgerTransaction => {
    const key = `${subject}:${description}:${sum}`
    const transaction = booking(operation, order, { key, description, postings })
    operation.changes.post(transaction)
    return transaction
  }
  return {
    captured:
      captured === 0
        ? undefined
        : post('captured', order.captured, transfer('assets:processor', 'revenue:sales', captured, order.currency)),
    refunded:
      refunded === 0
        ? undefined
        : post('refunded', order.refunded, transfer('contra:refunds', 'assets:processor', refunded, order.currency)),
  }
}

/** `order.paid` once, `order.partially_refunded` with each part, and so on. */
export function tellStatus(operation: Operation, before: Order, after: Order): void {
  if (after.status === before.status && after.refunded === before.refunded) return
  if (after.status === 'open') return
  const previous = { status: before.status }
  tell(operation, `order.${after.status}`, { object: after, body: orderBody(after) }, previous)
}
