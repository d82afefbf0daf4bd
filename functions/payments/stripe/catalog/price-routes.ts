/** `/v1/prices`. What a price costs never changes. */
import * as z from 'zod'
import { listBody, listParameters, objectList } from '../lists.ts'
import { created, named, newObject, updated } from '../object-changes.ts'
import { boolean, changedMetadata, choice, clearable, id, metadata, text } from '../parameters.ts'
import { invalidRequest, resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import { currency, newPrice, priceFields } from './new-price.ts'
import { type Price, priceBody } from './price.ts'
import { type Product, productBody } from './product.ts'
import { BARE_PRODUCT, productOf } from './product-routes.ts'

const MAX_PRODUCT_NAME = 250
const MAX_LOOKUP_KEYS = 10
const lookupKey = text(200)

const createPrice = stripeRoute({
  method: 'POST',
  path: '/v1/prices',
  operationId: 'stripeCreatePrice',
  summary: 'Create a price',
  permission: 'payments:write',
  params: z.strictObject({
    ...priceFields,
    product: id.optional(),
    product_data: z.strictObject({ name: text(MAX_PRODUCT_NAME), metadata: metadata.optional() }).optional(),
  }),
  async handle({ params, principal: { workspaceId } }, services, operation) {
    const { product, product_data, ...price } = params
    if (product !== undefined && product_data !== undefined)
      throw invalidRequest('You may only specify one of these parameters: product, product_data.', {
        param: 'product_data',
      })
    if (product !== undefined) {
      const known = await productOf(workspaceId, product, services, 'product')
      const made = newPrice(operation, { ...price, product: known.id, workspaceId })
      return { body: priceBody(created(operation, made, priceBody)) }
    }
    if (product_data === undefined)
      throw invalidRequest('You must specify either `product` or `product_data` when creating a price.', {
        ...{ param: 'product', code: 'parameter_missing' },
      })
    const sold = newObject<Product>(operation, {
      ...{ ...BARE_PRODUCT, workspaceId, name: product_data.name },
      metadata: changedMetadata({}, product_data.metadata),
    })
    created(operation, sold, productBody)
    const made = newPrice(operation, { ...price, product: sold.id, workspaceId })
    return { body: priceBody(created(operation, made, priceBody)) }
  },
})

const getPrice = stripeRoute({
  method: 'GET',
  path: '/v1/prices/{id}',
  operationId: 'stripeGetPrice',
  summary: 'Retrieve a price',
  permission: 'payments:read',
  async handle({ ids: { id: priceId = '' }, principal: { workspaceId } }, { objects }) {
    const price = await objects.get<Price>('price', workspaceId, priceId)
    if (price === undefined) throw resourceMissing('price', priceId)
    return { body: priceBody(price) }
  },
})

const updatePrice = stripeRoute({
  method: 'POST',
  path: '/v1/prices/{id}',
  operationId: 'stripeUpdatePrice',
  summary: 'Update a price',
  permission: 'payments:write',
  params: z.strictObject({
    active: boolean.optional(),
    nickname: clearable(text()).optional(),
    lookup_key: clearable(lookupKey).optional(),
    metadata: metadata.optional(),
  }),
  async handle({ ids: { id: priceId = '' }, params, principal: { workspaceId } }, { objects }, operation) {
    const before = await objects.get<Price>('price', workspaceId, priceId)
    if (before === undefined) throw resourceMissing('price', priceId)
    const { active, nickname, lookup_key, metadata: change } = params
    const fields = {
      ...named({ active, nickname, lookupKey: lookup_key }),
      metadata: changedMetadata(before.metadata, change),
    }
    const after = updated<Price>(operation, before, fields, priceBody)
    return { body: priceBody(after) }
  },
})

const listPrices = stripeRoute({
  method: 'GET',
  path: '/v1/prices',
  operationId: 'stripeListPrices',
  summary: 'List prices, newest first',
  permission: 'payments:read',
  params: z.strictObject({
    ...listParameters,
    product: id.optional(),
    active: boolean.optional(),
    currency: currency.optional(),
    type: choice(['one_time', 'recurring']).optional(),
    lookup_keys: z.array(lookupKey).max(MAX_LOOKUP_KEYS).optional(),
  }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const { product, active, currency: asked, type, lookup_keys } = params
    const filters: ((price: Price) => boolean)[] = []
    if (active !== undefined) filters.push((price) => price.active === active)
    if (asked !== undefined) filters.push((price) => price.currency === asked)
    if (type !== undefined) filters.push(() => type === 'one_time')
    if (lookup_keys !== undefined) filters.push(({ lookupKey: key }) => key !== null && lookup_keys.includes(key))
    const where = filters.length === 0 ? undefined : (price: Price) => filters.every((fits) => fits(price))
    const list = objectList<Price>(objects, 'price', workspaceId, { url: '/v1/prices', show: priceBody })
    return { body: await listBody({ ...list, ownerId: product, where }, params) }
  },
})

export const priceRoutes = [createPrice, getPrice, updatePrice, listPrices]
