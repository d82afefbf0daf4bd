/** Any object as `/v1` shows it. Pure but for the refunds of a charge, which are read. */
import type { Session } from '../checkout/session.ts'
import { lineBody, sessionBody } from '../checkout/session-view.ts'
import type { Charge, Intent, Refund } from '../intents/intent.ts'
import { chargeBody, intentBody, refundBody } from '../intents/intent-view.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import type { StoredObject } from '../objects/objects.ts'
import type { Customer } from './catalog/customer.ts'
import { customerBody } from './catalog/customer.ts'
import { type Price, priceBody } from './catalog/price.ts'
import { type Product, productBody } from './catalog/product.ts'
import type { Body } from './expand.ts'

/** Undefined for kinds that Stripe does not have. */
export function bodyOf(object: StoredObject): Body | undefined {
  switch (object.kind) {
    case 'customer':
      return customerBody(object as Customer)
    case 'product':
      return productBody(object as Product)
    case 'price':
      return priceBody(object as Price)
    case 'checkout.session':
      return sessionBody(object as Session)
    case 'payment_intent':
      return intentBody(object as Intent)
    case 'charge':
      return chargeBody(object as Charge)
    case 'refund':
      return refundBody(object as Refund)
    case 'webhook_endpoint':
    case 'order':
    case 'receipt':
      return undefined
    default:
      return object.kind satisfies never
  }
}

/** All lines at once: a session has a hundred at most. */
export const lineItemsOf = ({ id, lines, currency }: Session): Body => ({
  object: 'list',
  data: lines.map((line) => lineBody(line, currency)),
  has_more: false,
  url: `/v1/checkout/sessions/${id}/line_items`,
})

/** Stripe shows the ten newest of a charge. */
const SHOWN_REFUNDS = 10

/** A charge's refunds are those of its intent, because only one charge of an intent succeeds. */
export async function refundsOf({ id, workspaceId, intentId }: Charge, objects: ObjectsStore): Promise<Body> {
  const range = { ownerId: intentId, limit: SHOWN_REFUNDS }
  const { items, hasMore } = await objects.list<Refund>('refund', workspaceId, range)
  return { object: 'list', data: items.map(refundBody), has_more: hasMore, url: `/v1/charges/${id}/refunds` }
}
