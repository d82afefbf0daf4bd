import Stripe from 'stripe'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
  charge,
  failure,
  idOf,
  NUMBERS,
  openCheckout,
  openShop,
  payWith,
  type Shop,
  submit,
} from './payments-stripe-cloud.ts'

const outputs = inject('outputs')

let shop: Shop
let stripe: Stripe
beforeAll(async () => {
  shop = await openShop(outputs)
  stripe = shop.stripe
})

const { errors } = Stripe

describe('objects of the catalog', () => {
  it('customers are made, changed, found by their address, and deleted', async () => {
    const email = `${crypto.randomUUID()}@example.com`
    const made = await stripe.customers.create({
      email,
      name: 'Ada',
      address: { city: 'London' },
      metadata: { a: '1', b: '2' },
    })
    expect(made).toMatchObject({ object: 'customer', email, address: { city: 'London', line1: null }, livemode: false })
    const changed = await stripe.customers.update(made.id, { name: '', metadata: { a: '', c: '3' } })
    expect([changed.name, changed.metadata]).toEqual([null, { b: '2', c: '3' }])
    expect((await stripe.customers.list({ email })).data.map(({ id }) => id)).toEqual([made.id])
    expect(await stripe.customers.del(made.id)).toMatchObject({ id: made.id, deleted: true })
    expect(await stripe.customers.retrieve(made.id)).toMatchObject({ deleted: true })
    expect((await stripe.customers.list({ email })).data).toEqual([])
    const events = await stripe.events.list({ types: ['customer.created', 'customer.updated', 'customer.deleted'] })
    const about = events.data.filter(({ data }) => (data.object as { id: string }).id === made.id)
    expect(about.map(({ type }) => type)).toEqual(['customer.deleted', 'customer.updated', 'customer.created'])
    expect(about[1]?.data.previous_attributes).toEqual({ name: 'Ada', metadata: { a: '1', b: '2' } })
  })

  it('prices belong to products, and show them when asked', async () => {
    const product = await stripe.products.create({ name: 'Socks', metadata: { sku: 's-1' } })
    const price = await stripe.prices.create({
      product: product.id,
      currency: 'EUR',
      unit_amount: 999,
      expand: ['product'],
    })
    expect(price).toMatchObject({ currency: 'eur', unit_amount: 999, type: 'one_time', product: { name: 'Socks' } })
    await stripe.prices.update(price.id, { active: false, nickname: 'old' })
    expect((await stripe.prices.list({ product: product.id, active: false })).data.map(({ id }) => id)).toEqual([
      price.id,
    ])
    expect((await stripe.prices.list({ product: product.id, active: true })).data).toEqual([])
    const listed = await stripe.prices.list({ product: product.id, expand: ['data.product'] })
    expect(listed.data[0]?.product).toMatchObject({ id: product.id, metadata: { sku: 's-1' } })
    await expect(openCheckout(stripe, { line_items: [{ price: price.id }] })).rejects.toThrow('inactive')
  })
})

describe('lists', () => {
  it('are paged by ids, forwards and backwards, and by the SDK on its own', async () => {
    const own = await openShop(outputs)
    const ids: string[] = []
    for (const number of [1, 2, 3, 4, 5])
      ids.unshift((await own.stripe.customers.create({ name: `Customer ${number}` })).id)
    const first = await own.stripe.customers.list({ limit: 2 })
    expect([first.object, first.url, first.has_more, first.data.map(({ id }) => id)]).toEqual([
      ...['list', '/v1/customers', true, ids.slice(0, 2)],
    ])
    const next = await own.stripe.customers.list({ limit: 3, starting_after: ids[1] ?? '' })
    expect([next.has_more, next.data.map(({ id }) => id)]).toEqual([false, ids.slice(2)])
    const back = await own.stripe.customers.list({ limit: 2, ending_before: ids[3] ?? '' })
    expect([back.has_more, back.data.map(({ id }) => id)]).toEqual([true, ids.slice(1, 3)])
    const all = await own.stripe.customers.list({ limit: 2 }).autoPagingToArray({ limit: 100 })
    expect(all.map(({ id }) => id)).toEqual(ids)
    const since = all.at(-1)?.created ?? 0
    expect((await own.stripe.customers.list({ created: { lt: since } })).data).toEqual([])
    expect((await own.stripe.customers.list({ created: { gte: since } })).data).toHaveLength(5)
    const missing = await failure(
      own.stripe.customers.list({ starting_after: 'cus_x' }),
      errors.StripeInvalidRequestError,
    )
    expect([missing.code, missing.param]).toEqual(['resource_missing', 'starting_after'])
  })
})

describe('payment intents', () => {
  it('are paid at once with automatic capture', async () => {
    const customer = await stripe.customers.create({ name: 'Ada' })
    const intent = await charge(stripe, {
      customer: customer.id,
      description: 'Socks',
      expand: ['latest_charge', 'customer'],
    })
    expect(intent).toMatchObject({
      ...{ status: 'succeeded', amount_received: 2_000, customer: { name: 'Ada' } },
      latest_charge: { captured: true, amount: 2_000, status: 'succeeded', payment_method: 'pm_card_visa' },
    })
    expect((await stripe.paymentIntents.list({ customer: customer.id })).data.map(({ id }) => id)).toEqual([intent.id])
    const { available } = await stripe.balance.retrieve()
    expect(available.find(({ currency }) => currency === 'usd')?.amount).toBeGreaterThan(0)
  })

  it('are captured by hand, in part, once; a cancelled one never', async () => {
    const intent = await charge(stripe, { capture_method: 'manual' })
    expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 2_000, amount_received: 0 })
    const over = await failure(
      stripe.paymentIntents.capture(intent.id, { amount_to_capture: 2_001 }),
      errors.StripeInvalidRequestError,
    )
    expect([over.code, over.param]).toEqual(['amount_too_large', 'amount_to_capture'])
    const both = await Promise.allSettled([
      stripe.paymentIntents.capture(intent.id, { amount_to_capture: 1_500 }),
      stripe.paymentIntents.cancel(intent.id),
    ])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const after = await stripe.paymentIntents.retrieve(intent.id)
    expect([
      ['succeeded', 1_500],
      ['canceled', 0],
    ]).toContainEqual([after.status, after.amount_received])
    const again = await failure(stripe.paymentIntents.capture(intent.id), errors.StripeInvalidRequestError)
    expect(again.code).toBe('payment_intent_unexpected_state')
  })

  it('that are declined end in a card error, with the intent and its charge', async () => {
    const error = await failure(
      charge(stripe, { payment_method: 'pm_card_chargeDeclinedInsufficientFunds' }),
      errors.StripeCardError,
    )
    expect(error).toMatchObject({
      ...{ statusCode: 402, code: 'card_declined', decline_code: 'insufficient_funds' },
      doc_url: 'https://docs.stripe.com/error-codes#card-declined',
      payment_intent: { status: 'requires_payment_method', last_payment_error: { code: 'card_declined' } },
    })
    expect(error.requestId).toMatch(/^req_[0-9a-f]{32}$/)
    expect(await stripe.charges.retrieve(error.charge ?? '')).toMatchObject({ status: 'failed', paid: false })
    const retried = await stripe.paymentIntents.confirm(error.payment_intent?.id ?? '', {
      payment_method: 'pm_card_visa',
    })
    expect(retried.status).toBe('succeeded')
  })

  it('ask the bank, and go back to the merchant with the outcome', async () => {
    const intent = await charge(stripe, {
      payment_method: 'pm_card_authenticationRequired',
      return_url: 'https://shop.example/back?a=1',
    })
    expect(intent.status).toBe('requires_action')
    const answered = await submit(intent.next_action?.redirect_to_url?.url ?? '', { answer: 'approve' })
    const next = new URL(answered.next ?? '')
    expect([answered.status, next.origin, Object.fromEntries(next.searchParams)]).toEqual([
      ...[200, 'https://shop.example'],
      {
        a: '1',
        payment_intent: intent.id,
        payment_intent_client_secret: intent.client_secret,
        redirect_status: 'succeeded',
      },
    ])
    expect((await stripe.paymentIntents.retrieve(intent.id)).status).toBe('succeeded')
    const offSession = charge(stripe, { payment_method: 'pm_card_authenticationRequired', off_session: true })
    expect((await failure(offSession, errors.StripeCardError)).code).toBe('authentication_required')
  })

  it('of a session that is captured by hand make it paid later', async () => {
    const session = await openCheckout(stripe, { payment_intent_data: { capture_method: 'manual' } })
    expect((await payWith(session.url, NUMBERS.good)).status).toBe(303)
    const held = await stripe.checkout.sessions.retrieve(session.id)
    expect([held.status, held.payment_status]).toEqual(['complete', 'unpaid'])
    await stripe.paymentIntents.capture(idOf(held.payment_intent))
    expect((await stripe.checkout.sessions.retrieve(session.id)).payment_status).toBe('paid')
  })
})

describe('refunds', () => {
  it('never give back more than was captured, however many are asked for at once', async () => {
    const intent = await charge(stripe, { amount: 1_000 })
    const asked = await Promise.allSettled(
      Array.from({ length: 4 }, () => stripe.refunds.create({ payment_intent: intent.id, amount: 400 })),
    )
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(2)
    for (const refusal of asked.filter((outcome) => outcome.status === 'rejected'))
      expect(refusal.reason).toMatchObject({ type: 'StripeInvalidRequestError', param: 'amount' })
    const rest = await stripe.refunds.create({
      payment_intent: intent.id,
      reason: 'requested_by_customer',
      expand: ['charge'],
    })
    expect(rest).toMatchObject({ amount: 200, status: 'succeeded', charge: { amount_refunded: 1_000, refunded: true } })
    const over = await failure(stripe.refunds.create({ payment_intent: intent.id }), errors.StripeInvalidRequestError)
    expect(over.code).toBe('charge_already_refunded')
    const listed = await stripe.refunds.list({ payment_intent: intent.id }).autoPagingToArray({ limit: 10 })
    expect(listed.map(({ amount }) => amount).toSorted((a, b) => a - b)).toEqual([200, 400, 400])
    expect(await stripe.refunds.update(rest.id, { metadata: { why: 'late' } })).toMatchObject({
      metadata: { why: 'late' },
    })
  })
})
