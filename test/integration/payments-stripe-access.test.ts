import type Stripe from 'stripe'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { PERMISSIONS, ROLE_PERMISSIONS, ROLES } from '#core/permissions.ts'
import { stripeRoutes } from '../../functions/payments/stripe/stripe-api.ts'
import type { StripeRoute } from '../../functions/payments/stripe/stripe-route.ts'
import { idOf, openCheckout, openShop, type Shop } from './payments-stripe-cloud.ts'

const outputs = inject('outputs')
const named = stripeRoutes.map((route) => [`${route.method} ${route.path}`, route] as const)
const ofObjects = named.filter(([, { path }]) => path.includes('{id}'))

let shop: Shop
let stranger: Shop
beforeAll(async () => {
  shop = await openShop(outputs)
  stranger = await openShop(outputs)
})

interface Answer {
  readonly status: number
  readonly error: { readonly type: string; readonly code?: string; readonly message: string }
  readonly headers: Headers
}

let callers = 0

/** At the API's own address, which takes the viewer's word for theirs: each caller is another, so none fails too often. */
async function call(
  { method, path }: StripeRoute,
  key?: string,
  id = 'cus_01KDVDNA000000000000000000',
): Promise<Answer> {
  callers += 1
  const answer = await fetch(`${outputs.stacks['Payments']?.['StripeApiUrl']}${path.replace('{id}', id)}`, {
    method,
    headers: {
      'CloudFront-Viewer-Address': `[2001:db8::${callers}]:443`,
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
    },
  })
  const { error } = (await answer.json()) as { error: Answer['error'] }
  return { status: answer.status, error, headers: answer.headers }
}

/** Makes an object of the shop, for routes whose path begins so. A new kind of object needs its line here. */
const MAKERS: Readonly<Record<string, (stripe: Stripe) => Promise<{ readonly id: string }>>> = {
  '/v1/customers/': (stripe) => stripe.customers.create({}),
  '/v1/products/': (stripe) => stripe.products.create({ name: 'Socks' }),
  '/v1/prices/': (stripe) => stripe.prices.create({ currency: 'usd', unit_amount: 5, product_data: { name: 'Socks' } }),
  '/v1/checkout/sessions/': (stripe) => openCheckout(stripe),
  '/v1/payment_intents/': (stripe) => stripe.paymentIntents.create({ amount: 500, currency: 'usd' }),
  '/v1/charges/': async (stripe) => ({ id: idOf((await paid(stripe)).latest_charge) }),
  '/v1/refunds/': async (stripe) => stripe.refunds.create({ payment_intent: (await paid(stripe)).id }),
  '/v1/events/': async (stripe) => {
    await stripe.customers.create({})
    const [event] = (await stripe.events.list({ limit: 1 })).data
    if (event === undefined) throw new Error('expected an event of the customer')
    return event
  },
  '/v1/webhook_endpoints/': (stripe) =>
    stripe.webhookEndpoints.create({ url: 'https://shop.example/hooks', enabled_events: ['*'] }),
}

const paid = (stripe: Stripe) =>
  stripe.paymentIntents.create({ amount: 500, currency: 'usd', payment_method: 'pm_card_visa', confirm: true })

const made = new Map<string, Promise<string>>()
/** One object for all routes of its kind: nobody here changes it. */
function objectFor({ path }: StripeRoute): Promise<string> {
  const [prefix, make] = Object.entries(MAKERS).find(([start]) => path.startsWith(start)) ?? []
  if (prefix === undefined || make === undefined) throw new Error(`expected a maker for ${path}`)
  const id = made.get(prefix) ?? make(shop.stripe).then((object) => object.id)
  made.set(prefix, id)
  return id
}

describe('without a key', () => {
  it.each(named)('%s answers 401, as for a key that nobody made', async (_, route) => {
    for (const key of [undefined, 'bk_01KDVDNA000000000000000000_0', 'sk_test_1']) {
      const { status, error, headers } = await call(route, key)
      expect([
        status,
        error.type,
        headers.get('www-authenticate') !== null || headers.has('x-amzn-remapped-www-authenticate'),
      ]).toEqual([401, 'invalid_request_error', true])
    }
  })
})

describe('without the permission', () => {
  it.each(named)('%s answers 403 to a key whose scopes lack it', async (_, route) => {
    const scopes = PERMISSIONS.filter((permission) => permission !== route.permission)
    const { text } = await shop.access.apiKey({ workspaceId: shop.workspaceId, scopes })
    const { status, error } = await call(route, text)
    expect([status, error.code]).toEqual([403, 'more_permissions_required'])
    expect(error.message).toContain(route.permission)
  })

  const lacking = named.flatMap(([name, route]) =>
    ROLES.filter((role) => !ROLE_PERMISSIONS[role].includes(route.permission)).map(
      (role) => [name, role, route] as const,
    ),
  )
  it.each(lacking)('%s answers 403 to a %s', async (_, role, route) => {
    const { text } = await shop.access.apiKey({ workspaceId: shop.workspaceId, role })
    expect((await call(route, text)).status).toBe(403)
  })
})

describe('an object of another workspace', () => {
  it.each(ofObjects)('%s answers 404, as for one that never was', async (_, route) => {
    const id = await objectFor(route)
    const [foreign, never] = [await call(route, stranger.key, id), await call(route, stranger.key)]
    expect([foreign.status, foreign.error.code]).toEqual([404, 'resource_missing'])
    expect([never.status, never.error.code]).toEqual([404, 'resource_missing'])
  })

  it.each(ofObjects.filter(([, { method }]) => method === 'GET'))('%s answers 200 to its own', async (_, route) => {
    expect((await call(route, shop.key, await objectFor(route))).status).toBe(200)
  })
})

describe('the table', () => {
  it('has writes that need the permission to write, and reads that need the one to read', () => {
    for (const { method, permission, operationId } of stripeRoutes)
      expect([operationId, permission]).toEqual([operationId, method === 'GET' ? 'payments:read' : 'payments:write'])
  })
})
