/** The lines of a checkout session, from prices that exist or are made on the way. */
import * as z from 'zod'
import type { Operation } from '../../changes/operation.ts'
import { MAX_LINES, type SessionLine } from '../../checkout/session.ts'
import { MAX_AMOUNT } from '../../money/currency.ts'
import { currency, newPrice } from '../catalog/new-price.ts'
import { type Price, priceBody } from '../catalog/price.ts'
import type { Product } from '../catalog/product.ts'
import { BARE_PRODUCT, productOf } from '../catalog/product-routes.ts'
import { newObject } from '../object-changes.ts'
import { changedMetadata, id, integer, metadata, parameterName, text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import type { StripeServices } from '../stripe-services.ts'

/** Each makes up to two objects in the transaction of the session, which takes a hundred. */
export const MAX_NEW_PRICES = 20
const MAX_QUANTITY = 999_999
const MAX_PRODUCT_NAME = 250
const MAX_IMAGES = 8

const productData = z.strictObject({
  name: text(MAX_PRODUCT_NAME),
  description: text().optional(),
  images: z.array(text()).max(MAX_IMAGES).optional(),
  metadata: metadata.optional(),
})

const lineItem = z.strictObject({
  price: id.optional(),
  price_data: z
    .strictObject({
      currency,
      unit_amount: integer(0, MAX_AMOUNT),
      product: id.optional(),
      product_data: productData.optional(),
    })
    .optional(),
  quantity: integer(1, MAX_QUANTITY).optional(),
})
type LineItem = z.output<typeof lineItem>

export const lineItems = z.array(lineItem).min(1).max(MAX_LINES)

interface Line {
  readonly price: Price
  readonly product: Product
}

/** Throws 400 for a line that can't be sold, and for lines of more than one currency. */
export async function sessionLines(
  items: readonly LineItem[],
  workspaceId: string,
  services: StripeServices,
  operation: Operation,
): Promise<readonly SessionLine[]> {
  if (items.filter(({ price_data }) => price_data !== undefined).length > MAX_NEW_PRICES)
    throw invalidRequest(`A Checkout Session may have at most ${MAX_NEW_PRICES} line items with price_data.`, {
      param: 'line_items',
    })
  const lines: SessionLine[] = []
  for (const [index, item] of items.entries()) {
    const { price, product } = await lineOf(item, index, workspaceId, services, operation)
    const quantity = item.quantity ?? 1
    lines.push({
      ...{ id: operation.ids('li'), description: product.name, quantity },
      ...{ unitAmount: price.unitAmount, amount: price.unitAmount * quantity, price: priceBody(price) },
    })
  }
  const [first, ...others] = lines
  if (others.some(({ price }) => price['currency'] !== first?.price['currency']))
    throw invalidRequest('All prices on a Checkout Session must have the same currency.', { param: 'line_items' })
  return lines
}

const at = (index: number, ...names: readonly string[]): string => parameterName(['line_items', index, ...names])

async function lineOf(
  { price: priceId, price_data }: LineItem,
  index: number,
  workspaceId: string,
  services: StripeServices,
  operation: Operation,
): Promise<Line> {
  if (priceId !== undefined && price_data !== undefined)
    throw invalidRequest('You may only specify one of these parameters: price, price_data.', {
      param: at(index, 'price_data'),
    })
  if (price_data !== undefined) return newLine(price_data, index, workspaceId, services, operation)
  if (priceId === undefined)
    throw invalidRequest(`Missing required param: ${at(index, 'price')}.`, {
      ...{ param: at(index, 'price'), code: 'parameter_missing' },
    })
  const price = await services.objects.get<Price>('price', workspaceId, priceId)
  if (price === undefined) throw resourceMissing('price', priceId, at(index, 'price'))
  const product = await productOf(workspaceId, price.product, services, at(index, 'price'))
  if (!price.active || !product.active)
    throw invalidRequest('The price specified is inactive. This field only accepts active prices.', {
      param: at(index, 'price'),
    })
  return { price, product }
}

/** A price of this session alone: it exists, but is not active, so nothing else can be sold by it. */
async function newLine(
  { product: productId, product_data, ...money }: NonNullable<LineItem['price_data']>,
  index: number,
  workspaceId: string,
  services: StripeServices,
  operation: Operation,
): Promise<Line> {
  const product =
    productId === undefined
      ? newProduct(product_data, index, workspaceId, operation)
      : await productOf(workspaceId, productId, services, at(index, 'price_data', 'product'))
  const price = newPrice(operation, { ...money, product: product.id, workspaceId, active: false })
  operation.changes.create(price)
  return { price, product }
}

function newProduct(
  data: z.output<typeof productData> | undefined,
  index: number,
  workspaceId: string,
  operation: Operation,
): Product {
  if (data === undefined)
    throw invalidRequest('You must specify either `product` or `product_data`.', {
      ...{ param: at(index, 'price_data', 'product'), code: 'parameter_missing' },
    })
  const { name, description = null, images = [] } = data
  const product = newObject<Product>(operation, {
    ...{ ...BARE_PRODUCT, workspaceId, active: false, name, description, images },
    metadata: changedMetadata({}, data.metadata),
  })
  operation.changes.create(product)
  return product
}
