/** The hosted checkout, as customers meet it: by keyboard, clicks and the browser's own headers. */
import type { Locator } from 'playwright-core'
import type Stripe from 'stripe'
import { beforeAll, describe, expect, inject } from 'vitest'
import { newAddress } from './auth-cloud.ts'
import { it, type Visitor } from './browser.ts'
import { CARD, idOf, NUMBERS, openCheckout, openShop, type Shop } from './payments-stripe-cloud.ts'
import type { Receiver } from './tasks-cloud.ts'

const outputs = inject('outputs')

let shop: Shop
beforeAll(async () => {
  shop = await openShop(outputs)
})

const PAGE = 'Pay Lantern & Sons'

/** A checkout that comes back to the site of somebody else, and its page. */
async function checkout({ url: origin }: Receiver) {
  const session = await openCheckout(shop.stripe, {
    success_url: `${origin}/thanks?session={CHECKOUT_SESSION_ID}`,
    cancel_url: `${origin}/cart`,
  })
  return { id: session.id, url: session.url ?? '', thanks: `/thanks?session=${session.id}` }
}

const chargesOf = async (id: string): Promise<readonly Stripe.Charge[]> => {
  const { payment_intent } = await shop.stripe.checkout.sessions.retrieve(id)
  return (await shop.stripe.charges.list({ payment_intent: idOf(payment_intent) })).data
}

const field = ({ page }: Visitor, label: string) => page.getByLabel(label, { exact: true })
const payButton = ({ page }: Visitor) => page.getByRole('button', { name: 'Pay $42.00' })

async function fillIn(visitor: Visitor, number: string, email: string = CARD.email): Promise<void> {
  await visitor.sees(PAGE)
  await field(visitor, 'Email address').fill(email)
  await field(visitor, 'Card number').fill(number)
  await field(visitor, 'Expiry date').fill(CARD.expiry)
  await field(visitor, 'Security code').fill(CARD.cvc)
}

/** As impatient people do: the second click comes when the first one's form is under way and its answer is not there yet. */
async function clickTwice({ page }: Visitor, button: Locator): Promise<void> {
  await button.scrollIntoViewIfNeeded()
  const { x = 0, y = 0 } = (await button.boundingBox()) ?? {}
  const sent = page.waitForRequest((request) => request.method() === 'POST')
  await page.mouse.click(x + 5, y + 5)
  await sent
  await page.mouse.click(x + 5, y + 5)
}

describe('the checkout page', () => {
  it('takes a card by the keyboard alone, leads back to the shop, and does not ask twice', async ({
    newVisitor,
    elsewhere,
  }) => {
    const { id, url, thanks } = await checkout(elsewhere)
    const visitor = await newVisitor({ scripts: false })
    const { page, sees } = visitor
    await visitor.goTo(url)
    await sees(PAGE)
    const typed = { 'Card number': NUMBERS.good, 'Expiry date': '1234', 'Security code': '123' }
    const email = newAddress()
    const order = [
      [page.getByRole('link', { name: 'Back to the shop' })],
      [field(visitor, 'Email address'), email],
      ...Object.entries(typed).map(([label, text]) => [field(visitor, label), text] as const),
      [field(visitor, 'Name on card (optional)'), 'Ada'],
      [payButton(visitor)],
    ] as const
    for (const [stop, text] of order) {
      await page.keyboard.press('Tab')
      await stop.and(page.locator(':focus-visible')).waitFor()
      if (text !== undefined) await page.keyboard.type(text)
    }
    await page.keyboard.press('Enter')
    await sees('Elsewhere')
    expect(elsewhere.count(thanks)).toBe(1)

    await page.goBack()
    await sees('Thank you')
    expect(await page.getByText('$42.00 went through').count()).toBe(1)
    await page.getByRole('link', { name: 'Continue' }).click()
    await sees('Elsewhere')
    expect((await chargesOf(id)).map(({ status, amount }) => [status, amount])).toEqual([['succeeded', 4_200]])

    const mail = await visitor.opensMail(email, /Receipt/)
    expect(await mail.textContent()).toContain('2 × Socks: $42.00')
    await mail.getByRole('link', { name: 'Show as HTML' }).click()
    await page.getByRole('heading', { name: /^Receipt \d{4}-\d{6}$/ }).waitFor()
    await visitor.context.setExtraHTTPHeaders({ Authorization: `Bearer ${shop.key}` })
    const listed = await fetch(`${outputs.edge.url}/api/payments/receipts`, {
      headers: { Authorization: `Bearer ${shop.key}` },
    })
    const { items } = (await listed.json()) as {
      readonly items: readonly { readonly id: string; readonly number: string }[]
    }
    await visitor.goTo(`/api/payments/receipts/${items[0]?.id}/page`)
    await sees(`Receipt ${items[0]?.number}`)
  }, 120_000)

  it('is paid once by a double click, and by a page that was open since before', async ({ newVisitor, elsewhere }) => {
    const { id, url } = await checkout(elsewhere)
    const visitor = await newVisitor()
    const other = await newVisitor()
    for (const each of [visitor, other]) {
      await each.goTo(url)
      await fillIn(each, NUMBERS.good)
    }
    await clickTwice(visitor, payButton(visitor))
    await visitor.sees('Elsewhere')
    await payButton(other).click()
    await other.sees('Elsewhere')
    expect((await chargesOf(id)).map(({ status }) => status)).toEqual(['succeeded'])
  })

  it('says what is wrong where it can be put right, and takes what is better', async ({ newVisitor, elsewhere }) => {
    const { id, url } = await checkout(elsewhere)
    const visitor = await newVisitor({ scripts: false })
    const { page, sees } = visitor
    await visitor.goTo(url)
    await fillIn(visitor, '4242 4242 4242 4241')
    await field(visitor, 'Expiry date').fill('01 / 20')
    await payButton(visitor).click()
    expect(await visitor.focusDescription(field(visitor, 'Card number'))).toContain('Please check its digits')
    await sees(PAGE)
    expect(await page.title()).toMatch(/^Error: /)
    expect(await page.getByRole('alert').textContent()).toBe(
      'Please check: card number, expiry date. Nothing was charged.',
    )
    const kept = ['Email address', 'Card number', 'Expiry date', 'Security code'].map((label) =>
      field(visitor, label).inputValue(),
    )
    expect(await Promise.all(kept)).toEqual([CARD.email, '', '01 / 20', ''])

    await fillIn(visitor, NUMBERS.declined)
    await payButton(visitor).click()
    await page.getByText('Your card was declined.').waitFor()
    expect(await visitor.focusDescription(field(visitor, 'Card number'))).toContain('Your card was declined.')
    await fillIn(visitor, NUMBERS.good)
    await payButton(visitor).click()
    await sees('Elsewhere')
    expect((await chargesOf(id)).map(({ status }) => status)).toEqual(['succeeded', 'failed'])
  })

  it('leads back to the shop without paying, and says when there is nothing to pay', async ({
    newVisitor,
    elsewhere,
  }) => {
    const { id, url } = await checkout(elsewhere)
    const visitor = await newVisitor()
    const { page, sees } = visitor
    await visitor.goTo(url)
    await page.getByText('Test cards').click()
    await page.getByRole('row', { name: /^Is declined/ }).waitFor()
    await sees(PAGE)
    await page.getByRole('link', { name: 'Back to the shop' }).click()
    await sees('Elsewhere')
    expect(elsewhere.count('/cart')).toBe(1)
    await shop.stripe.checkout.sessions.expire(id)
    await visitor.goTo(url)
    await sees('This checkout has expired')
    await visitor.goTo(`${url}x`)
    await sees('There is no such checkout')
  })
})

describe('the page of the bank', () => {
  it('approves a payment, once', async ({ newVisitor, elsewhere }) => {
    const { id, url, thanks } = await checkout(elsewhere)
    const visitor = await newVisitor({ scripts: false })
    const { page, sees } = visitor
    await visitor.goTo(url)
    await fillIn(visitor, NUMBERS.asks)
    await payButton(visitor).click()
    await sees('Is this payment yours?')
    const bank = page.url()
    await visitor.goTo(url)
    await sees(PAGE)
    await page.getByRole('link', { name: 'Answer your bank' }).click()
    await sees('Is this payment yours?')
    await clickTwice(visitor, page.getByRole('button', { name: 'Approve the payment' }))
    await sees('Elsewhere')
    expect(elsewhere.count(thanks)).toBe(1)
    expect((await chargesOf(id)).map(({ status }) => status)).toEqual(['succeeded'])
    await visitor.goTo(bank)
    await sees('Your bank has no question')
    await page.getByRole('link', { name: 'See the checkout' }).click()
    await sees('Thank you')
  })

  it('refuses a payment, which another card then pays', async ({ newVisitor, elsewhere }) => {
    const { url } = await checkout(elsewhere)
    const visitor = await newVisitor()
    const { page, sees } = visitor
    await visitor.goTo(url)
    await fillIn(visitor, NUMBERS.asks)
    await payButton(visitor).click()
    await sees('Is this payment yours?')
    await page.getByRole('button', { name: 'Fail the authentication' }).click()
    await page.getByText('Your bank did not confirm the payment.').waitFor()
    await fillIn(visitor, NUMBERS.good)
    await payButton(visitor).click()
    await sees('Elsewhere')
  })

  it('leads on to where the merchant wants it, without a checkout page', async ({ newVisitor, elsewhere }) => {
    const intent = await shop.stripe.paymentIntents.create({
      ...{ amount: 4_200, currency: 'usd', payment_method: 'pm_card_authenticationRequired', confirm: true },
      return_url: `${elsewhere.url}/done`,
    })
    const visitor = await newVisitor()
    await visitor.goTo(intent.next_action?.redirect_to_url?.url ?? '')
    await visitor.sees('Is this payment yours?')
    await visitor.page.getByRole('button', { name: 'Approve the payment' }).click()
    await visitor.sees('Elsewhere')
    expect(elsewhere.requests.at(-1)?.path).toMatch(
      new RegExp(`^/done\\?payment_intent=${intent.id}&.*redirect_status=succeeded`),
    )
  })
})
