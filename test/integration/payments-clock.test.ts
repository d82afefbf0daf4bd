/** What ends by itself: checkout sessions and authorisations, with their events and their orders. */
import type Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { SECOND } from '#core/clock.ts'
import type { Session } from '../../functions/payments/checkout/session.ts'
import type { Charge } from '../../functions/payments/intents/intent.ts'
import { edge, eventually, send } from './links-cloud.ts'
import { startWebhookReceiver, type WebhookReceiver } from './payments-senders.ts'
import {
  CARD,
  idOf,
  NUMBERS,
  openCheckout,
  openForm,
  openShop,
  payWith,
  type Shop,
  visit,
} from './payments-stripe-cloud.ts'
import { paymentsTime } from './payments-time.ts'

const time = paymentsTime()
let shop: Shop
let stripe: Stripe
let receiver: WebhookReceiver
beforeAll(async () => {
  shop = await openShop(inject('outputs'))
  stripe = shop.stripe
  receiver = await startWebhookReceiver()
})
afterAll(() => receiver.close())

const past = () => new Date(Date.now() - SECOND).toISOString()
const sessionIsOver = (id: string) =>
  time.set<Session>('checkout.session', shop.workspaceId, id, () => ({ expiresAt: past() }))

async function orderOf(externalId: string) {
  const url = edge(`/api/payments/orders?externalId=${externalId}`)
  const { body } = await send('GET', url, { headers: { Authorization: `Bearer ${shop.key}` } })
  return body.items[0]
}

/** Events about one object: the list of a shop may hold others'. */
async function typesAbout(id: string): Promise<readonly string[]> {
  const { data } = await stripe.events.list({ limit: 100 })
  return data.filter(({ data: { object } }) => 'id' in object && object.id === id).map(({ type }) => type)
}

/** Ticks until it is so: the index is a moment behind its table. */
const ticked = <T>(look: () => Promise<T>, isSo: (seen: T) => boolean): Promise<T> =>
  eventually(async () => {
    await time.tick()
    return look()
  }, isSo)

describe('a checkout session', () => {
  it('that nobody paid ends at its time: an endpoint of Stripe hears of it, once', async () => {
    const endpoint = await stripe.webhookEndpoints.create({
      url: `${receiver.url}/expired`,
      enabled_events: ['checkout.session.expired'],
    })
    const session = await openCheckout(stripe)
    // A try that the bank declined: the session has an intent, which ends with it.
    expect((await payWith(session.url, NUMBERS.declined)).status).toBe(402)
    await sessionIsOver(session.id)
    const order = await ticked(
      () => orderOf(session.id),
      ({ status }) => status === 'expired',
    )
    expect(order.captured).toEqual({ amount: 0, currency: 'usd' })
    await time.tick()
    const [message, ...others] = await eventually(
      async () => receiver.heard,
      ({ length }) => length > 0,
    )
    expect(others).toEqual([])
    const signature = String(message?.headers['stripe-signature'])
    const event = stripe.webhooks.constructEvent(message?.bytes ?? '', signature, endpoint.secret ?? '')
    expect(event).toMatchObject({ type: 'checkout.session.expired', data: { object: { id: session.id, url: null } } })
    expect(await typesAbout(session.id)).toEqual(['checkout.session.expired'])
    const intent = await stripe.paymentIntents.retrieve(
      idOf((await stripe.checkout.sessions.retrieve(session.id)).payment_intent),
    )
    expect(intent).toMatchObject({ status: 'canceled', cancellation_reason: 'automatic' })
    expect((await visit(session.url)).status).toBe(410)
  })

  it('that is paid while the clock ends it is paid or expired, never both', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const session = await openCheckout(stripe)
      const form = await openForm(session.url)
      const soon = new Date(Date.now() + 150 * round).toISOString()
      await time.set<Session>('checkout.session', shop.workspaceId, session.id, () => ({ expiresAt: soon }))
      const fields = { ...CARD, number: NUMBERS.good }
      await Promise.all([form(fields), time.tick(), form(fields), time.tick()])
      const order = await ticked(
        () => orderOf(session.id),
        ({ status }) => status !== 'open',
      )
      const { status, payment_status } = await stripe.checkout.sessions.retrieve(session.id)
      const paid = order.status === 'paid'
      expect([status, payment_status]).toEqual(paid ? ['complete', 'paid'] : ['expired', 'unpaid'])
      expect(await typesAbout(session.id)).toEqual([`checkout.session.${paid ? 'completed' : 'expired'}`])
    }
  })
})

describe('an authorisation', () => {
  it('that was not captured in seven days is released, and its order closed', async () => {
    const intent = await stripe.paymentIntents.create({
      ...{ amount: 4_200, currency: 'usd', capture_method: 'manual', payment_method: 'pm_card_visa', confirm: true },
    })
    expect(intent.status).toBe('requires_capture')
    const chargeId = idOf(intent.latest_charge)
    await time.set<Charge>('charge', shop.workspaceId, chargeId, () => ({ captureBefore: past() }))
    const ended = await ticked(
      () => stripe.paymentIntents.retrieve(intent.id),
      ({ status }) => status === 'canceled',
    )
    expect(ended).toMatchObject({ cancellation_reason: 'automatic', amount_capturable: 0, amount_received: 0 })
    expect(await orderOf(intent.id)).toMatchObject({ status: 'canceled' })
    await time.tick()
    expect([...(await typesAbout(intent.id)), ...(await typesAbout(chargeId))].toSorted()).toEqual([
      'charge.expired',
      'charge.succeeded',
      'payment_intent.amount_capturable_updated',
      'payment_intent.canceled',
      'payment_intent.created',
    ])
    await expect(stripe.paymentIntents.capture(intent.id)).rejects.toMatchObject({
      code: 'payment_intent_unexpected_state',
    })
  })
})
