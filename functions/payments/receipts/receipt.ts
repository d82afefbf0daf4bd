/** A receipt: what was paid, as it was when it was paid. It never changes; what goes back later is told by a document of its own. Pure. */
import type { StoredObject } from '../objects/objects.ts'
import type { Order, OrderLine } from '../orders/order.ts'

/** Listed by its order. */
export interface Receipt extends StoredObject<'receipt'> {
  /** `2026-000001`: in the order of issue, without gaps, for each workspace and year anew. */
  readonly number: string
  readonly orderId: string
  /** As it was called then. */
  readonly workspaceName: string
  /** RFC 3339, UTC. */
  readonly paidAt: string
  readonly email: string | null
  readonly lines: readonly OrderLine[]
  /** Minor units: what was paid, which may be less than the lines when only a part was captured. */
  readonly amount: number
  readonly currency: string
  /** Ours is `backlot`; else the payment's id elsewhere tells the payer what it is about. */
  readonly source: string
  readonly externalId: string
}

const DIGITS = 6
const ORDER_PREFIX_LENGTH = 'ord_'.length

/** An order has one receipt: its id says so, and so a second one is never issued. */
export const receiptIdOf = (orderId: string): string => `rct_${orderId.slice(ORDER_PREFIX_LENGTH)}`

/** The counter that the numbers of this moment come from. */
export const counterName = (now: Date): string => `receipts-${now.getUTCFullYear()}`

/** @param count of the receipts of this year, this one included */
export const numberOf = (count: number, now: Date): string =>
  `${now.getUTCFullYear()}-${String(count).padStart(DIGITS, '0')}`

export function newReceipt(order: Order, number: string, workspaceName: string, now: Date): Receipt {
  const at = now.toISOString()
  const { id: orderId, workspaceId, email, currency, captured, source, externalId, paidAt } = order
  return {
    ...{ workspaceId, number, orderId, workspaceName, email, currency, source, externalId },
    kind: 'receipt',
    id: receiptIdOf(orderId),
    version: 1,
    createdAt: at,
    updatedAt: at,
    ownerId: orderId,
    paidAt: paidAt ?? at,
    amount: captured,
    lines: linesOf(order),
  }
}

/** An order without lines has one: what it is about. */
function linesOf({ lines, description, captured }: Order): readonly OrderLine[] {
  if (lines.length > 0) return lines
  return [{ description: description ?? 'Payment', quantity: 1, unitAmount: captured, amount: captured }]
}
