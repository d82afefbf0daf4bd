import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
  CARD,
  idOf,
  NUMBERS,
  openCheckout,
  openForm,
  openShop,
  payWith,
  type Shop,
  submit,
  visit,
} from './payments-stripe-cloud.ts'

const outputs = inject('outputs')

let shop: Shop
beforeAll(async () => {
  shop = await openShop(outputs)
})

describe('a checkout session', () => {
  it('is paid on its page, from a price of a product, and everything about it says so', async () => {
    const { stripe } = shop
    const product = await stripe.products.create({
      name: 'Lamp',
      default_price_data: { currency: 'eur', unit_amount: 4_950 },
    })
    const session = await openCheckout(stripe, {
      line_items: [{ price: idOf(product.default_price), quantity: 2 }],
      client_reference_id: 'cart-7',
      metadata: { cart: '7' },
    })
    expect(session).toMatchObject({
      ...{ object: 'checkout.session', status: 'open', payment_status: 'unpaid', amount_total: 9_900, currency: 'eur' },
      ...{ payment_intent: null, livemode: false, metadata: { cart: '7' } },
    })

    const page = await visit(session.url)
    expect([page.status, page.headers.get('referrer-policy')]).toEqual([200, 'same-origin'])
    expect(page.headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
    )
    for (const text of ['Lantern &amp; Sons', 'Lamp', '2 × €49.50', 'Pay €99.00']) expect(page.text).toContain(text)

    const paid = await payWith(session.url, NUMBERS.good)
    expect([paid.status, paid.next]).toEqual([303, `${session.url}?paid=1`])
    const thanks = await visit(paid.next)
    expect(thanks.next).toBe(`https://shop.example/thanks?session=${session.id}`)
    expect(thanks.text).toContain('€99.00 went through')

    const complete = await stripe.checkout.sessions.retrieve(session.id, {
      expand: ['payment_intent.latest_charge', 'line_items'],
    })
    expect(complete).toMatchObject({
      ...{ status: 'complete', payment_status: 'paid', url: null, client_reference_id: 'cart-7' },
      customer_details: { email: CARD.email, name: CARD.name },
      payment_intent: {
        ...{ status: 'succeeded', amount: 9_900, amount_received: 9_900, currency: 'eur' },
        latest_charge: { paid: true, payment_method_details: { card: { last4: '4242' } } },
      },
      line_items: { data: [{ description: 'Lamp', quantity: 2, amount_total: 9_900 }] },
    })
    const types = (await stripe.events.list({ limit: 20 })).data.map(({ type }) => type)
    expect(types).toEqual(
      expect.arrayContaining([
        'payment_intent.created',
        'charge.succeeded',
        'payment_intent.succeeded',
        'checkout.session.completed',
      ]),
    )
  })

  it('is paid once, however often its form is sent at the same moment', async () => {
    const { stripe } = shop
    const session = await openCheckout(stripe)
    const send = await openForm(session.url)
    const answers = await Promise.all(Array.from({ length: 4 }, () => send({ ...CARD, number: NUMBERS.good })))
    expect(answers.map(({ status, next }) => [status, next])).toEqual(answers.map(() => [303, `${session.url}?paid=1`]))
    const complete = await stripe.checkout.sessions.retrieve(session.id)
    const charges = await stripe.charges.list({ payment_intent: idOf(complete.payment_intent) })
    expect(charges.data.map(({ status, amount }) => [status, amount])).toEqual([['succeeded', 4_200]])
    const again = await visit(session.url)
    expect([again.status, again.next, again.text.includes('Thank you')]).toEqual([200, undefined, true])
  })

  it.each([
    ['declined', 'Your card was declined.'],
    ['insufficient', 'Your card has insufficient funds.'],
    ['expired', 'Your card has expired.'],
  ] as const)(
    'keeps the page with what went wrong when the card is %s, and takes another one',
    async (kind, message) => {
      const { stripe } = shop
      const session = await openCheckout(stripe)
      const declined = await payWith(session.url, NUMBERS[kind])
      expect(declined.status).toBe(402)
      expect(declined.text).toContain(`<p class="notice bad" role="alert" id="alert">${message} Nothing was charged`)
      expect(declined.text).toMatch(/<input id="number"[^>]* aria-describedby="alert"[^>]* autofocus>/)
      expect(declined.text).toContain(`value="${CARD.email}"`)
      expect(declined.text).not.toContain(
        NUMBERS[kind].slice(-4) === '0002' ? 'value="4000' : NUMBERS[kind].replaceAll(' ', ''),
      )
      expect((await payWith(session.url, NUMBERS.good)).status).toBe(303)
      const { payment_intent } = await stripe.checkout.sessions.retrieve(session.id)
      const charges = await stripe.charges.list({ payment_intent: idOf(payment_intent) })
      expect(charges.data.map(({ status }) => status)).toEqual(['succeeded', 'failed'])
    },
  )

  it('names every wrong field, with the focus on the first', async () => {
    const session = await openCheckout(shop.stripe)
    const page = await submit(session.url, {
      email: 'ada',
      number: '4242 4242 4242 4241',
      expiry: '01 / 20',
      cvc: '1',
      name: '',
    })
    expect(page.status).toBe(400)
    expect(page.text).toContain('<title>Error: Pay $42.00')
    for (const field of ['email', 'number', 'expiry', 'cvc'])
      expect(page.text).toMatch(
        new RegExp(`<input id="${field}"[^>]* aria-describedby="[^"]*${field}-fault"[^>]* aria-invalid="true"`),
      )
    expect(page.text.match(/ autofocus>/g)).toHaveLength(1)
    expect(page.text).toMatch(/<input id="email"[^>]* autofocus>/)
    expect(page.text).not.toContain('4242 4242 4242 4241')
  })

  it('asks the bank, and is paid when it approves', async () => {
    const { stripe } = shop
    const session = await openCheckout(stripe)
    const asked = await payWith(session.url, NUMBERS.asks)
    expect(asked.next).toMatch(/\/pay\/authenticate\//)
    expect((await visit(session.url)).text).toContain('Your bank still waits')
    const bank = await visit(asked.next)
    for (const text of ['$42.00', '•••• 3155', 'Lantern &amp; Sons']) expect(bank.text).toContain(text)
    const answer = await openForm(asked.next)
    const answers = await Promise.all([1, 2].map(() => answer({ answer: 'approve' })))
    expect(answers.map(({ status, next }) => next ?? status)).toEqual(answers.map(() => `${session.url}?paid=1`))
    const complete = await stripe.checkout.sessions.retrieve(session.id)
    expect(complete).toMatchObject({ status: 'complete', payment_status: 'paid' })
    const charges = await stripe.charges.list({ payment_intent: idOf(complete.payment_intent) })
    expect(charges.data.map(({ status }) => status)).toEqual(['succeeded'])
    expect((await visit(asked.next)).status).toBe(410)
  })

  it('says that the bank refused, and takes another card; an older question is none any more', async () => {
    const { stripe } = shop
    const session = await openCheckout(stripe)
    const first = await payWith(session.url, NUMBERS.asks)
    const second = await payWith(session.url, NUMBERS.asks)
    expect((await visit(first.next)).status).toBe(410)
    const failed = await submit(second.next, { answer: 'fail' })
    expect(failed.next).toBe(session.url)
    expect((await visit(failed.next)).text).toContain('Your bank did not confirm the payment.')
    expect((await payWith(session.url, NUMBERS.good)).status).toBe(303)
  })

  it('that was ended says so, and takes no card', async () => {
    const { stripe } = shop
    const session = await openCheckout(stripe)
    const send = await openForm(session.url)
    const ended = await stripe.checkout.sessions.expire(session.id)
    expect([ended.status, ended.url]).toEqual(['expired', null])
    const late = await send({ ...CARD, number: NUMBERS.good })
    expect([late.status, late.text.includes('This checkout has expired')]).toEqual([410, true])
    expect((await visit(session.url)).status).toBe(410)
    await expect(stripe.checkout.sessions.expire(session.id)).rejects.toThrow('status of expired')
  })

  it('is not paid by the form of another site, nor found at an address that nobody gave out', async () => {
    const session = await openCheckout(shop.stripe)
    const foreign = await submit(
      session.url,
      { ...CARD, number: NUMBERS.good },
      { Origin: 'https://evil.example', 'Sec-Fetch-Site': 'cross-site' },
    )
    expect(foreign.status).toBe(403)
    expect((await shop.stripe.checkout.sessions.retrieve(session.id)).status).toBe('open')
    expect((await visit(`${session.url}x`)).status).toBe(404)
    expect((await visit(`${outputs.edge.url}/pay/authenticate/${session.url?.split('/').at(-1)}`)).status).toBe(404)
  })
})
