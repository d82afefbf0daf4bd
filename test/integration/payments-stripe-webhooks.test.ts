import Stripe from 'stripe'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { eventually } from './links-cloud.ts'
import { startWebhookReceiver, type WebhookReceiver } from './payments-senders.ts'
import { NUMBERS, openCheckout, openShop, payWith, type Shop } from './payments-stripe-cloud.ts'

let shop: Shop
let stripe: Stripe
let receiver: WebhookReceiver
beforeAll(async () => {
  shop = await openShop(inject('outputs'))
  stripe = shop.stripe
  receiver = await startWebhookReceiver()
})
afterAll(() => receiver.close())

describe("a webhook endpoint of Stripe's API", () => {
  it('hears of a payment in messages that the SDK verifies, and takes for events', async () => {
    const endpoint = await stripe.webhookEndpoints.create({
      url: receiver.url,
      enabled_events: ['checkout.session.completed', 'payment_intent.succeeded'],
      api_version: Stripe.API_VERSION,
    })
    const secret = endpoint.secret ?? ''
    expect(endpoint).toMatchObject({ object: 'webhook_endpoint', status: 'enabled', api_version: Stripe.API_VERSION })
    const session = await openCheckout(stripe)
    expect((await payWith(session.url, NUMBERS.good)).status).toBe(303)

    const heard = await eventually(
      async () => receiver.heard,
      ({ length }) => length >= 2,
    )
    const events = heard.map(({ bytes, headers }) =>
      stripe.webhooks.constructEvent(bytes, String(headers['stripe-signature']), secret),
    )
    expect(events.map(({ type }) => type).sort()).toEqual(['checkout.session.completed', 'payment_intent.succeeded'])
    const completed = events.find((event) => event.type === 'checkout.session.completed')
    expect(completed?.data.object).toMatchObject({ id: session.id, payment_status: 'paid', amount_total: 4_200 })
    // The payload is frozen: the API has the same.
    expect(await stripe.events.retrieve(completed?.id ?? '')).toEqual(completed)
    const succeeded = events.find((event) => event.type === 'payment_intent.succeeded')
    expect(succeeded?.data.object.client_secret).toBeNull()

    const [message] = heard
    const header = String(message?.headers['stripe-signature'])
    const tampered = Buffer.concat([message?.bytes ?? Buffer.of(), Buffer.from(' ')])
    expect(() => stripe.webhooks.constructEvent(tampered, header, secret)).toThrow(
      Stripe.errors.StripeSignatureVerificationError,
    )
  })

  it('hears of orders when it names them; `*` is for what Stripe’s SDK knows, in its list of events too', async () => {
    const own = await openShop(inject('outputs'))
    const at = (path: string, events: string[]) =>
      own.stripe.webhookEndpoints.create({
        url: `${receiver.url}/${path}`,
        // The types of the SDK are Stripe's; ours are texts as well.
        enabled_events: events as Stripe.WebhookEndpointCreateParams.EnabledEvent[],
      })
    await at('all', ['*'])
    await at('named', ['*', 'order.paid'])
    const typesAt = (path: string) =>
      receiver.heard
        .filter((heard) => heard.path === `/hooks/${path}`)
        .map(({ bytes }) => JSON.parse(bytes.toString()).type as string)
        .toSorted()
    const payment = { amount: 4_200, currency: 'usd', payment_method: 'pm_card_visa', confirm: true }
    await own.stripe.paymentIntents.create(payment)
    const ofStripe = ['charge.succeeded', 'payment_intent.created', 'payment_intent.succeeded']
    await eventually(
      async () => typesAt('named'),
      ({ length }) => length === ofStripe.length + 1,
    )
    // The event that is fanned out last is one that both hear of.
    await own.stripe.paymentIntents.create({ amount: 4_200, currency: 'usd' })
    await eventually(
      async () => typesAt('all'),
      ({ length }) => length > ofStripe.length,
    )
    expect(typesAt('all')).toEqual([...ofStripe, 'payment_intent.created'].toSorted())
    expect(typesAt('named')).toContain('order.paid')
    const listed = async (params: Stripe.EventListParams) =>
      (await own.stripe.events.list(params)).data.map(({ type }) => type as string)
    expect((await listed({})).filter((type) => type.startsWith('order.'))).toEqual([])
    expect(await listed({ type: 'order.*' })).toEqual(['order.paid'])
  })

  it('is read without its secret, changed, disabled and deleted', async () => {
    const options = { idempotencyKey: crypto.randomUUID() }
    const params: Stripe.WebhookEndpointCreateParams = { url: receiver.url, enabled_events: ['charge.succeeded'] }
    const made = await stripe.webhookEndpoints.create(params, options)
    const replayed = await stripe.webhookEndpoints.create(params, options)
    expect([replayed.id, replayed.secret, made.secret?.startsWith('whsec_')]).toEqual([made.id, undefined, true])
    expect(await stripe.webhookEndpoints.retrieve(made.id)).not.toHaveProperty('secret')
    const changed = await stripe.webhookEndpoints.update(made.id, { disabled: true, enabled_events: ['*'] })
    expect(changed).toMatchObject({ status: 'disabled', enabled_events: ['*'] })
    expect((await stripe.webhookEndpoints.list()).data.map(({ id }) => id)).toContain(made.id)
    expect(await stripe.webhookEndpoints.del(made.id)).toMatchObject({ id: made.id, deleted: true })
    await expect(stripe.webhookEndpoints.retrieve(made.id)).rejects.toThrow('No such webhook endpoint')
  })

  it.each(['http://10.0.0.1/hooks', 'ftp://shop.example', 'http://169.254.169.254/latest'])(
    'never leads to %s',
    async (url) => {
      const refused = stripe.webhookEndpoints.create({ url, enabled_events: ['*'] })
      await expect(refused).rejects.toMatchObject({ code: 'url_invalid', param: 'url' })
    },
  )
})
