import Stripe from 'stripe'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import { charge, failure, openShop, type Shop, stripeClient } from './payments-stripe-cloud.ts'

const outputs = inject('outputs')

let shop: Shop
let stripe: Stripe
beforeAll(async () => {
  shop = await openShop(outputs)
  stripe = shop.stripe
})

const { errors } = Stripe

/** A request as a client without the SDK sends it. */
const post = (path: string, body: string, headers: Readonly<Record<string, string>> = {}) =>
  fetch(new URL(path, outputs.edge.url), {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${shop.key}`,
      'Content-Type': 'application/x-www-form-urlencoded',
      ...headers,
    },
    body,
  })

describe('errors', () => {
  it('are of the classes of the SDK', async () => {
    const stranger = await shop.access.apiKey({ workspaceId: shop.workspaceId, role: 'viewer' })
    const amount = await failure(
      stripe.paymentIntents.create({ amount: 10, currency: 'usd' }),
      errors.StripeInvalidRequestError,
    )
    expect([amount.statusCode, amount.code, amount.param]).toEqual([400, 'amount_too_small', 'amount'])
    const missing = await failure(stripe.paymentIntents.retrieve('pi_nothing'), errors.StripeInvalidRequestError)
    expect([missing.statusCode, missing.code, missing.param]).toEqual([404, 'resource_missing', 'id'])
    const key = stripeClient(outputs.edge.url, 'bk_01KDVDNA000000000000000000_0')
    await failure(key.balance.retrieve(), errors.StripeAuthenticationError)
    const viewer = stripeClient(outputs.edge.url, stranger.text)
    expect(await viewer.balance.retrieve()).toMatchObject({ object: 'balance' })
    await failure(viewer.customers.create({}), errors.StripePermissionError)
  })

  it.each([
    ['amount=5x&currency=usd', 'parameter_invalid_integer', 'amount'],
    ['currency=usd', 'parameter_missing', 'amount'],
    ['amount=500&currency=usd&amout=1', 'parameter_unknown', 'amout'],
    ['amount=500&currency=xxx', undefined, 'currency'],
    ['amount=500&currency=', 'parameter_invalid_empty', 'currency'],
    ['amount=500&currency=usd&metadata[a]=1&payment_method=', 'parameter_invalid_empty', 'payment_method'],
    ['amount=500&currency=usd&expand[]=nothing', undefined, 'expand[0]'],
  ])('say which parameter of %s is wrong', async (form, code, param) => {
    const answer = await post('/v1/payment_intents', form)
    const { error } = (await answer.json()) as { error: Record<string, unknown> }
    expect([answer.status, error['type'], error['code'], error['param']]).toEqual([
      400,
      'invalid_request_error',
      code,
      param,
    ])
    expect(answer.headers.get('stripe-should-retry')).toBe('false')
    expect(error['request_log_url']).toContain(answer.headers.get('request-id'))
  })

  it('tell other bodies, versions and paths apart', async () => {
    const json = await post('/v1/customers', '{}', { 'Content-Type': 'application/json' })
    expect([json.status, ((await json.json()) as { error: { message: string } }).error.message]).toEqual([
      400,
      expect.stringContaining('content type'),
    ])
    expect((await post('/v1/customers', '', { 'Stripe-Version': '2020-08-27' })).status).toBe(400)
    expect((await post('/v1/unicorns', '')).status).toBe(404)
    const basic = await fetch(new URL('/v1/balance', outputs.edge.url), {
      headers: { Authorization: `Basic ${Buffer.from(`${shop.key}:`).toString('base64')}` },
    })
    expect([basic.status, basic.headers.get('stripe-version')]).toEqual([200, Stripe.API_VERSION])
  })
})

describe('idempotency keys', () => {
  const key = () => crypto.randomUUID()

  it('give the first answer again, byte for byte, whatever the order of its fields', async () => {
    const header = { 'Idempotency-Key': key() }
    const first = await post('/v1/customers', 'name=Ada&email=ada%40example.com', header)
    const again = await post('/v1/customers', 'email=ada@example.com&name=Ada', header)
    expect([again.status, await again.text()]).toEqual([200, await first.text()])
    expect([first.headers.get('idempotent-replayed'), again.headers.get('idempotent-replayed')]).toEqual([null, 'true'])
    expect(again.headers.get('original-request')).toBe(first.headers.get('request-id'))
    expect(again.headers.get('request-id')).not.toBe(first.headers.get('request-id'))
  })

  it('keep a decline, and refuse other parameters and other paths', async () => {
    const options = { idempotencyKey: key() }
    const declined = { payment_method: 'pm_card_chargeDeclined' }
    const first = await failure(charge(stripe, declined, options), errors.StripeCardError)
    const again = await failure(charge(stripe, declined, options), errors.StripeCardError)
    expect([again.charge, again.headers?.['idempotent-replayed']]).toEqual([first.charge, 'true'])
    const other = await failure(charge(stripe, {}, options), errors.StripeIdempotencyError)
    expect([other.statusCode, other.rawType]).toEqual([400, 'idempotency_error'])
    await failure(stripe.customers.create({}, options), errors.StripeIdempotencyError)
  })

  it('are not taken by a request that is wrong in itself, and belong to their workspace', async () => {
    const options = { idempotencyKey: key() }
    await failure(
      stripe.paymentIntents.create({ amount: 0, currency: 'usd' }, options),
      errors.StripeInvalidRequestError,
    )
    const mine = await charge(stripe, {}, options)
    const neighbour = await openShop(outputs)
    const theirs = await neighbour.stripe.paymentIntents.create({ amount: 2_000, currency: 'usd' }, options)
    expect(theirs.id).not.toBe(mine.id)
  })

  it('of two requests at one moment run one: the other waits its turn, or gets the same', async () => {
    const patient = stripeClient(outputs.edge.url, shop.key, 4)
    const idempotencyKey = key()
    const description = `race ${idempotencyKey}`
    const params = { amount: 2_000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true, description }
    const intents = await Promise.all(
      Array.from({ length: 5 }, () => patient.paymentIntents.create(params, { idempotencyKey })),
    )
    expect(new Set(intents.map(({ id }) => id)).size).toBe(1)
    const all = await stripe.paymentIntents.list({ limit: 100 })
    expect(all.data.filter((intent) => intent.description === description)).toHaveLength(1)
  })

  it('that are in use answer 409', async () => {
    const header = { 'Idempotency-Key': key() }
    const answers = await Promise.all(Array.from({ length: 6 }, () => post('/v1/customers', 'name=Race', header)))
    const bodies = await Promise.all(
      answers.map((answer) => answer.json() as Promise<{ id?: string; error?: { code: string } }>),
    )
    expect(new Set(bodies.flatMap(({ id }) => id ?? [])).size).toBe(1)
    for (const [index, { error }] of bodies.entries())
      if (error !== undefined) expect([answers[index]?.status, error.code]).toEqual([409, 'idempotency_key_in_use'])
  })
})
