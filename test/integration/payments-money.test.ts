import { beforeAll, describe, expect, it } from 'vitest'
import { edge, eventually, send } from './links-cloud.ts'
import { balanced, newShop, orderOf, pay, type Shop } from './payments-shop.ts'

/** What a local cloud kept of the mails to this address. */
async function inbox(to: string): Promise<readonly { readonly subject: string }[]> {
  const { body } = await send('GET', edge(`/api/tasks/inbox?to=${encodeURIComponent(to)}`))
  return body.items
}

let shop: Shop
beforeAll(async () => {
  shop = await newShop()
})

describe('a payment', () => {
  it('pays its order, and stands in the ledger with its fee', async () => {
    const own = await newShop()
    const intent = await pay(own, { amount: 10_000 })
    expect(intent).toMatchObject({ status: 'succeeded', amount_received: 10_000, livemode: false })
    const order = await orderOf(own, intent.id)
    expect(order).toMatchObject({ status: 'paid', captured: { amount: 10_000, currency: 'usd' }, source: 'backlot' })
    expect(await balanced(own)).toEqual({
      'assets:processor': 9_680,
      'revenue:sales': -10_000,
      'contra:refunds': 0,
      'expenses:fees': 320,
    })
    const { body } = await own.call('GET', `/ledger/transactions?orderId=${order.id}`)
    expect(body.items.map(({ key }: { key: string }) => key).toSorted()).toEqual([
      `${intent.latest_charge}:captured:10000`,
      `${intent.latest_charge}:fee`,
    ])
    const entries = await own.call('GET', '/ledger/accounts/assets:processor/entries?currency=usd')
    expect(entries.body.items.map(({ side, amount }: { side: string; amount: object }) => [side, amount])).toEqual(
      expect.arrayContaining([
        ['debit', { amount: 10_000, currency: 'usd' }],
        ['credit', { amount: 320, currency: 'usd' }],
      ]),
    )
  })

  it('that is declined takes nothing and can be tried again', async () => {
    const declined = await shop.stripe('POST', '/payment_intents', {
      ...{ amount: 2_000, currency: 'usd', payment_method: 'pm_card_chargeDeclined', confirm: true },
    })
    expect(declined.status).toBe(402)
    expect(declined.body.error).toMatchObject({ type: 'card_error', code: 'card_declined' })
    const { id } = declined.body.error.payment_intent
    expect(await orderOf(shop, id)).toMatchObject({ status: 'open', captured: { amount: 0 } })
    const again = await shop.stripe('POST', `/payment_intents/${id}/confirm`, { payment_method: 'pm_card_visa' })
    expect(again.body).toMatchObject({ status: 'succeeded', amount_received: 2_000 })
    expect(await orderOf(shop, id)).toMatchObject({ status: 'paid' })
  })

  it('is captured once, however many ask, and only up to what was authorised', async () => {
    const own = await newShop()
    const intent = await pay(own, { amount: 5_000, capture_method: 'manual' })
    expect(intent).toMatchObject({ status: 'requires_capture', amount_capturable: 5_000 })
    const over = await own.stripe('POST', `/payment_intents/${intent.id}/capture`, { amount_to_capture: 5_001 })
    expect(over).toMatchObject({ status: 400, body: { error: { param: 'amount_to_capture' } } })
    const captures = await Promise.all(
      [3_000, 3_001, 3_002, 3_003].map((amount) =>
        own.stripe('POST', `/payment_intents/${intent.id}/capture`, { amount_to_capture: amount }),
      ),
    )
    const won = captures.filter(({ status }) => status === 200)
    expect(won.length).toBe(1)
    const taken = won[0]?.body.amount_received
    const order = await orderOf(own, intent.id)
    expect(order).toMatchObject({ status: 'paid', authorized: { amount: 5_000 }, captured: { amount: taken } })
    expect(await balanced(own)).toMatchObject({ 'revenue:sales': -taken })
  })

  it('is captured or cancelled, never both', async () => {
    const own = await newShop()
    const intent = await pay(own, { capture_method: 'manual' })
    const race = await Promise.all([
      own.stripe('POST', `/payment_intents/${intent.id}/capture`),
      own.stripe('POST', `/payment_intents/${intent.id}/cancel`),
    ])
    expect(race.filter(({ status }) => status === 200).length).toBe(1)
    const { body } = await own.stripe('GET', `/payment_intents/${intent.id}`)
    const order = await orderOf(own, intent.id)
    expect([body.status, order.status, order.captured.amount]).toEqual(
      body.status === 'succeeded' ? ['succeeded', 'paid', 4_200] : ['canceled', 'canceled', 0],
    )
  })

  it('in a currency without minor units stands on accounts of its own', async () => {
    const own = await newShop()
    await pay(own, { amount: 500, currency: 'jpy' })
    await pay(own, { amount: 4_200, currency: 'eur' })
    expect(await balanced(own, 'jpy')).toMatchObject({ 'revenue:sales': -500 })
    expect(await balanced(own, 'eur')).toMatchObject({ 'revenue:sales': -4_200 })
  })
})

describe('refunds', () => {
  it('never give back more than was taken, however many ask at once', async () => {
    const own = await newShop()
    const intent = await pay(own, { amount: 10_000 })
    const refunds = await Promise.all(
      Array.from({ length: 10 }, () => own.stripe('POST', '/refunds', { payment_intent: intent.id, amount: 3_000 })),
    )
    expect(refunds.filter(({ status }) => status === 200).length).toBe(3)
    const refused = refunds.filter(({ status }) => status === 400)
    expect(refused.every(({ body }) => body.error.message.includes('greater than unrefunded amount'))).toBe(true)
    expect(await orderOf(own, intent.id)).toMatchObject({ status: 'partially_refunded', refunded: { amount: 9_000 } })
    const rest = await own.stripe('POST', '/refunds', { payment_intent: intent.id })
    expect(rest.body).toMatchObject({ status: 'succeeded', amount: 1_000 })
    const none = await own.stripe('POST', '/refunds', { payment_intent: intent.id })
    expect(none.body.error.code).toBe('charge_already_refunded')
    expect(await balanced(own)).toMatchObject({ 'contra:refunds': 10_000, 'assets:processor': -320 })
  })

  it('that fail are booked back, and their amount may be refunded again', async () => {
    const own = await newShop()
    const intent = await pay(own, { payment_method: 'pm_card_pendingRefund' })
    const { body: refund } = await own.stripe('POST', '/refunds', { payment_intent: intent.id })
    expect(refund.status).toBe('pending')
    expect((await own.stripe('POST', '/refunds', { payment_intent: intent.id, amount: 1 })).status).toBe(400)
    const decided = await own.call('POST', `/refunds/${refund.id}/decide`, { outcome: 'failed' })
    expect(decided).toMatchObject({ status: 200, body: { status: 'failed', failureReason: 'unknown' } })
    expect(await orderOf(own, intent.id)).toMatchObject({ status: 'paid', refunded: { amount: 0 } })
    const again = await own.call('POST', `/refunds/${refund.id}/decide`, { outcome: 'succeeded' })
    expect(again).toMatchObject({ status: 409, body: { code: 'payment_state' } })
    expect((await own.stripe('POST', '/refunds', { payment_intent: intent.id })).status).toBe(200)
    expect(await balanced(own)).toMatchObject({ 'contra:refunds': 4_200 })
  })
})

describe('receipts', () => {
  it('are numbered without gaps, mailed once, and stay as they were issued', async () => {
    const own = await newShop()
    const to = `payer-${crypto.randomUUID()}@example.com`
    const intents = await Promise.all(
      Array.from({ length: 5 }, () => pay(own, { receipt_email: to, description: 'A <b>lamp</b>' })),
    )
    const { body } = await eventually(
      () => own.call('GET', '/receipts'),
      (seen) => seen.body.items.length === intents.length,
    )
    const year = new Date().getUTCFullYear()
    expect(body.items.map(({ number }: { number: string }) => number).toSorted()).toEqual(
      intents.map((_, index) => `${year}-00000${index + 1}`),
    )
    const order = await orderOf(own, intents[0].id)
    const { body: mine } = await own.call('GET', `/receipts?orderId=${order.id}`)
    expect(mine.items).toMatchObject([{ orderId: order.id, email: to, workspaceName: 'Corner Shop' }])
    const page = await own.call('GET', `/receipts/${mine.items[0].id}/page`)
    expect(page.text).toContain('A &lt;b&gt;lamp&lt;/b&gt;')
    expect(page.text).toContain('$42.00')
    const mails = await eventually(
      () => inbox(to),
      (seen) => seen.length >= intents.length,
    )
    expect(mails.length).toBe(intents.length)
    await own.stripe('POST', '/refunds', { payment_intent: intents[0].id })
    expect((await own.call('GET', `/receipts/${mine.items[0].id}`)).body).toEqual(mine.items[0])
  })
})
