/** Products: what is sold (https://docs.stripe.com/api/products). Pure. */
import { epochSeconds } from '#core/clock.ts'
import type { StoredObject } from '../../objects/objects.ts'
import type { Metadata } from '../parameters.ts'

export interface Product extends StoredObject<'product'> {
  readonly name: string
  readonly active: boolean
  readonly description: string | null
  readonly images: readonly string[]
  readonly url: string | null
  readonly unitLabel: string | null
  readonly defaultPrice: string | null
  readonly metadata: Metadata
}

export const productBody = (product: Product): Readonly<Record<string, unknown>> => ({
  id: product.id,
  object: 'product',
  active: product.active,
  attributes: [],
  created: epochSeconds(new Date(product.createdAt)),
  default_price: product.defaultPrice,
  description: product.description,
  images: product.images,
  livemode: false,
  marketing_features: [],
  metadata: product.metadata,
  name: product.name,
  package_dimensions: null,
  shippable: null,
  statement_descriptor: null,
  tax_code: null,
  type: 'service',
  unit_label: product.unitLabel,
  updated: epochSeconds(new Date(product.updatedAt)),
  url: product.url,
})
