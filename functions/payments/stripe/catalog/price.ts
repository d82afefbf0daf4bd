/** Prices: what one unit of a product costs (https://docs.stripe.com/api/prices). One-time prices only. Pure. */
import { epochSeconds } from '#core/clock.ts'
import type { StoredObject } from '../../objects/objects.ts'
import type { Metadata } from '../parameters.ts'

export interface Price extends StoredObject<'price'> {
  /** Also the owner, by which prices are listed. */
  readonly product: string
  readonly active: boolean
  readonly currency: string
  /** Minor units, 0 or more. Never changed: another price is another object. */
  readonly unitAmount: number
  readonly nickname: string | null
  readonly lookupKey: string | null
  readonly metadata: Metadata
}

export const priceBody = (price: Price): Readonly<Record<string, unknown>> => ({
  id: price.id,
  object: 'price',
  active: price.active,
  billing_scheme: 'per_unit',
  created: epochSeconds(new Date(price.createdAt)),
  currency: price.currency,
  custom_unit_amount: null,
  livemode: false,
  lookup_key: price.lookupKey,
  metadata: price.metadata,
  nickname: price.nickname,
  product: price.product,
  recurring: null,
  tax_behavior: 'unspecified',
  tiers_mode: null,
  transform_quantity: null,
  type: 'one_time',
  unit_amount: price.unitAmount,
  unit_amount_decimal: String(price.unitAmount),
})
