import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import type { BusEvent } from '#core/event.ts'
import { PAYMENT_EVENTS } from '../../functions/payments/events.ts'
import { type BusListener, listen } from '../chaos/bus-listener.ts'
import { eventually } from './links-cloud.ts'
import { newShop, orderOf, pay, type Shop } from './payments-shop.ts'

let shop: Shop
let listener: BusListener
beforeAll(async () => {
  shop = await newShop()
  listener = await listen(inject('outputs'), 'backlot.payments', shop.workspaceId)
})
afterAll(() => listener.close())

it('what happens to payments, refunds and orders is told on the bus, as its schema says', async () => {
  const held = await pay(shop, { capture_method: 'manual' })
  await shop.stripe('POST', `/payment_intents/${held.id}/cancel`)
  const paid = await pay(shop, { amount: 1_000 })
  await shop.stripe('POST', '/refunds', { payment_intent: paid.id, amount: 400 })
  const declined = await shop.stripe('POST', '/payment_intents', {
    ...{ amount: 700, currency: 'usd', payment_method: 'pm_card_chargeDeclined', confirm: true },
  })
  const heard: BusEvent<Readonly<Record<string, unknown>>>[] = []
  await eventually(
    async () => {
      heard.push(...(await listener.hear()))
      return new Set(heard.map(({ id }) => id)).size
    },
    (events) => events >= 8,
  )
  const order = await orderOf(shop, paid.id)
  const told = (field: string, value: string) =>
    [...new Set(heard.filter(({ data }) => data[field] === value).map(({ type }) => type))].toSorted()
  expect(told('paymentIntentId', held.id)).toEqual(['PaymentAuthorized', 'PaymentCanceled'])
  expect(told('paymentIntentId', paid.id)).toEqual(['PaymentSucceeded', 'RefundSucceeded'])
  expect(told('orderId', order.id)).toEqual(['OrderPaid', 'OrderRefunded'])
  expect(told('paymentIntentId', declined.body.error.payment_intent.id)).toEqual(['PaymentFailed'])
  for (const event of heard)
    expect(PAYMENT_EVENTS[event.type as keyof typeof PAYMENT_EVENTS].parse(event)).toMatchObject({
      workspaceId: shop.workspaceId,
    })
  const refunded = heard.find(({ type }) => type === 'OrderRefunded')
  expect(refunded?.data).toMatchObject({
    status: 'partially_refunded',
    captured: { amount: 1_000, currency: 'usd' },
    refunded: { amount: 400, currency: 'usd' },
  })
})
