/** `/v1/products`. A product is never deleted, because what was sold refers to it: it is archived (`active=false`). */
import * as z from 'zod'
import { listBody, listParameters, objectList } from '../lists.ts'
import { created, named, newObject, updated } from '../object-changes.ts'
import { boolean, changedMetadata, clearable, id, metadata, text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { newPrice, priceData } from './new-price.ts'
import { type Price, priceBody } from './price.ts'
import { type Product, productBody } from './product.ts'

/** Stripe's limits. */
const MAX_NAME = 250
const MAX_IMAGES = 8
const MAX_URL = 2_048
const MAX_UNIT_LABEL = 12

const url = text(MAX_URL).regex(/^https?:\/\/\S+$/, { error: 'must be a URL' })

const optional = {
  active: boolean.optional(),
  description: clearable(text()).optional(),
  images: z.union([z.literal('').transform(() => []), z.array(url).max(MAX_IMAGES)]).optional(),
  url: clearable(url).optional(),
  unit_label: clearable(text(MAX_UNIT_LABEL)).optional(),
  metadata: metadata.optional(),
}

export async function productOf(
  workspaceId: string,
  productId: string,
  { objects }: Pick<StripeServices, 'objects'>,
  param = 'id',
): Promise<Product> {
  const product = await objects.get<Product>('product', workspaceId, productId)
  if (product === undefined) throw resourceMissing('product', productId, param)
  return product
}

/** Of a product that has only a name. */
export const BARE_PRODUCT = {
  kind: 'product',
  ...{ active: true, description: null, images: [], url: null, unitLabel: null, defaultPrice: null, metadata: {} },
} as const

const createProduct = stripeRoute({
  method: 'POST',
  path: '/v1/products',
  operationId: 'stripeCreateProduct',
  summary: 'Create a product',
  permission: 'payments:write',
  params: z.strictObject({ name: text(MAX_NAME), ...optional, default_price_data: priceData.optional() }),
  async handle({ params, principal: { workspaceId } }, _services, operation) {
    const { default_price_data: data, metadata: change, unit_label: unitLabel, ...rest } = params
    const product = newObject<Product>(operation, {
      ...{ ...BARE_PRODUCT, workspaceId, name: params.name, ...named({ ...rest, unitLabel }) },
      metadata: changedMetadata({}, change),
    })
    if (data === undefined) return { body: productBody(created(operation, product, productBody)) }
    const price = newPrice(operation, { ...data, product: product.id, workspaceId })
    const withPrice = created(operation, { ...product, defaultPrice: price.id }, productBody)
    created(operation, price, priceBody)
    return { body: productBody(withPrice) }
  },
})

const getProduct = stripeRoute({
  method: 'GET',
  path: '/v1/products/{id}',
  operationId: 'stripeGetProduct',
  summary: 'Retrieve a product',
  permission: 'payments:read',
  async handle({ ids: { id: productId = '' }, principal: { workspaceId } }, services) {
    return { body: productBody(await productOf(workspaceId, productId, services)) }
  },
})

const updateProduct = stripeRoute({
  method: 'POST',
  path: '/v1/products/{id}',
  operationId: 'stripeUpdateProduct',
  summary: 'Update a product',
  permission: 'payments:write',
  params: z.strictObject({ name: text(MAX_NAME).optional(), ...optional, default_price: clearable(id).optional() }),
  async handle({ ids: { id: productId = '' }, params, principal: { workspaceId } }, services, operation) {
    const before = await productOf(workspaceId, productId, services)
    const { metadata: change, unit_label: unitLabel, default_price: defaultPrice, ...rest } = params
    if (typeof defaultPrice === 'string') {
      const price = await services.objects.get<Price>('price', workspaceId, defaultPrice)
      if (price === undefined) throw resourceMissing('price', defaultPrice, 'default_price')
      if (price.product !== productId)
        throw invalidRequest(`The price ${defaultPrice} belongs to another product.`, { param: 'default_price' })
    }
    const fields = {
      ...named({ ...rest, unitLabel, defaultPrice }),
      metadata: changedMetadata(before.metadata, change),
    }
    const after = updated<Product>(operation, before, fields, productBody)
    return { body: productBody(after) }
  },
})

const listProducts = stripeRoute({
  method: 'GET',
  path: '/v1/products',
  operationId: 'stripeListProducts',
  summary: 'List products, newest first',
  permission: 'payments:read',
  params: z.strictObject({ ...listParameters, active: boolean.optional() }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const list = objectList<Product>(objects, 'product', workspaceId, { url: '/v1/products', show: productBody })
    const where = params.active === undefined ? undefined : ({ active }: Product) => active === params.active
    return { body: await listBody({ ...list, where }, params) }
  },
})

export const productRoutes = [createProduct, getProduct, updateProduct, listProducts]
