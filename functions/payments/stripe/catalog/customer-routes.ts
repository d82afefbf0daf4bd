/** `/v1/customers`. */
import * as z from 'zod'
import { tell } from '../../changes/operation.ts'
import { changed } from '../../objects/objects.ts'
import { listBody, listParameters, objectList } from '../lists.ts'
import { created, named, newObject, updated } from '../object-changes.ts'
import { changedMetadata, clearable, metadata, text } from '../parameters.ts'
import { resourceMissing } from '../stripe-error.ts'
import { stripeRoute } from '../stripe-route.ts'
import type { StripeServices } from '../stripe-services.ts'
import { type Address, type Customer, customerBody } from './customer.ts'

/** Stripe's limits. */
const MAX_NAME = 256
const MAX_EMAIL = 512
const MAX_PHONE = 20

const line = clearable(text(MAX_NAME)).optional()
const address = z.union([
  z.literal('').transform(() => null),
  z.strictObject({ line1: line, line2: line, city: line, state: line, postal_code: line, country: line }).transform(
    ({ line1, line2, city, state, postal_code, country }): Address => ({
      ...{ line1: line1 ?? null, line2: line2 ?? null, city: city ?? null, state: state ?? null },
      ...{ postal_code: postal_code ?? null, country: country ?? null },
    }),
  ),
])

const email = text(MAX_EMAIL).regex(/^[^\s@]+@[^\s@]+$/, { error: 'must be an email address' })

const fields = z.strictObject({
  name: clearable(text(MAX_NAME)).optional(),
  email: clearable(email).optional(),
  phone: clearable(text(MAX_PHONE)).optional(),
  description: clearable(text()).optional(),
  address: address.optional(),
  metadata: metadata.optional(),
})

const none = { name: null, email: null, phone: null, description: null, address: null }

/** The customer that a parameter names. Throws `resource_missing` for one that is deleted, too. */
export async function customerOf(
  workspaceId: string,
  customerId: string,
  { objects }: Pick<StripeServices, 'objects'>,
  param = 'customer',
) {
  const customer = await objects.get<Customer>('customer', workspaceId, customerId)
  if (customer === undefined || customer.deletedAt !== null) throw resourceMissing('customer', customerId, param)
  return customer
}

const createCustomer = stripeRoute({
  method: 'POST',
  path: '/v1/customers',
  operationId: 'stripeCreateCustomer',
  summary: 'Create a customer',
  permission: 'payments:write',
  params: fields,
  async handle({ params, principal: { workspaceId } }, _services, operation) {
    const { metadata: change, ...rest } = params
    const customer = newObject<Customer>(operation, {
      ...{ kind: 'customer', workspaceId, deletedAt: null },
      ...{ ...none, ...named(rest), metadata: changedMetadata({}, change) },
    })
    created(operation, customer, customerBody)
    return { body: customerBody(customer) }
  },
})

const getCustomer = stripeRoute({
  method: 'GET',
  path: '/v1/customers/{id}',
  operationId: 'stripeGetCustomer',
  summary: 'Retrieve a customer',
  permission: 'payments:read',
  async handle({ ids: { id: customerId = '' }, principal: { workspaceId } }, { objects }) {
    const customer = await objects.get<Customer>('customer', workspaceId, customerId)
    if (customer === undefined) throw resourceMissing('customer', customerId)
    return { body: customerBody(customer) }
  },
})

const updateCustomer = stripeRoute({
  method: 'POST',
  path: '/v1/customers/{id}',
  operationId: 'stripeUpdateCustomer',
  summary: 'Update a customer',
  permission: 'payments:write',
  params: fields,
  async handle({ ids: { id: customerId = '' }, params, principal: { workspaceId } }, services, operation) {
    const before = await customerOf(workspaceId, customerId, services, 'id')
    const { metadata: change, ...rest } = params
    const fieldsNow = { ...named(rest), metadata: changedMetadata(before.metadata, change) }
    const after = updated<Customer>(operation, before, fieldsNow, customerBody)
    return { body: customerBody(after) }
  },
})

const deleteCustomer = stripeRoute({
  method: 'DELETE',
  path: '/v1/customers/{id}',
  operationId: 'stripeDeleteCustomer',
  summary: 'Delete a customer',
  permission: 'payments:write',
  async handle({ ids: { id: customerId = '' }, principal: { workspaceId }, now }, services, operation) {
    const before = await customerOf(workspaceId, customerId, services, 'id')
    const after = changed(before, { ...none, metadata: {}, deletedAt: now.toISOString() }, now)
    operation.changes.update(before, after)
    tell(operation, 'customer.deleted', { object: after, body: customerBody(before) })
    return { body: customerBody(after) }
  },
})

const listCustomers = stripeRoute({
  method: 'GET',
  path: '/v1/customers',
  operationId: 'stripeListCustomers',
  summary: 'List customers, newest first',
  permission: 'payments:read',
  params: z.strictObject({ ...listParameters, email: text(MAX_EMAIL).optional() }),
  async handle({ params, principal: { workspaceId } }, { objects }) {
    const where = ({ deletedAt, email: has }: Customer) =>
      deletedAt === null && (params.email === undefined || has === params.email)
    const list = objectList(objects, 'customer', workspaceId, { url: '/v1/customers', show: customerBody })
    return { body: await listBody({ ...list, where }, params) }
  },
})

export const customerRoutes = [createCustomer, getCustomer, updateCustomer, deleteCustomer, listCustomers]
