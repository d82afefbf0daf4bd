/** An order: what somebody wants to pay, or paid, and how much of it came and went back. Pure. */
import type { StoredObject } from '../objects/objects.ts'

export const ORDER_STATUSES = ['open', 'paid', 'partially_refunded', 'refunded', 'canceled', 'expired'] as const
export type OrderStatus = (typeof ORDER_STATUSES)[number]

/** Orders of our own checkout and intents; others carry the id of their webhook source. */
export const OWN_SOURCE = 'backlot'

export interface OrderLine {
  readonly description: string
  readonly quantity: number
  /** Minor units; `amount` is what the line adds to the order's. */
  readonly unitAmount: number
  readonly amount: number
}

export interface Order extends StoredObject<'order'> {
  readonly status: OrderStatus
  /** Minor units, as are the three below. Of an order elsewhere the largest amount that was heard of. */
  readonly amount: number
  readonly currency: string
  /** So far, each; they only rise, but for refunds of our own that fail. */
  readonly authorized: number
  readonly captured: number
  readonly refunded: number
  /** The end of an order that was not paid. */
  readonly closed: 'canceled' | 'expired' | null
  readonly email: string | null
  readonly customer: string | null
  readonly description: string | null
  /** Of which time the two texts are, when it was told; by it a later one is known from an older one that came late. */
  readonly toldAt?: { readonly email: string; readonly description: string } | undefined
  readonly lines: readonly OrderLine[]
  /** `backlot`, or the id of the webhook source. */
  readonly source: string
  /** Of the session or intent that it was made for, or of the payment elsewhere. */
  readonly externalId: string
  readonly paidAt: string | null
}

export interface NewOrder {
  readonly id: string
  readonly workspaceId: string
  readonly amount: number
  readonly currency: string
  readonly source: string
  readonly externalId: string
  readonly email?: string | null | undefined
  readonly customer?: string | null | undefined
  readonly description?: string | null | undefined
  readonly lines?: readonly OrderLine[] | undefined
}

export function newOrder(order: NewOrder, now: Date): Order {
  const at = now.toISOString()
  const { email = null, customer = null, description = null, lines = [], ...rest } = order
  const toldAt = email === null && description === null ? undefined : { email: at, description: at }
  return {
    ...rest,
    ...{ email, customer, description, toldAt, lines },
    kind: 'order',
    version: 1,
    createdAt: at,
    updatedAt: at,
    status: 'open',
    authorized: 0,
    captured: 0,
    refunded: 0,
    closed: null,
    paidAt: null,
    // Listed by what it was made for, so that it is found again from there.
    ownerId: order.externalId,
  }
}

/** What the amounts say. Money that moved outweighs that the order was given up before. */
export function statusOf({ captured, refunded, closed }: Pick<Order, 'captured' | 'refunded' | 'closed'>): OrderStatus {
  if (captured > 0) {
    if (refunded >= captured) return 'refunded'
    return refunded > 0 ? 'partially_refunded' : 'paid'
  }
  return closed ?? 'open'
}
