/** Stripe's own client against the deployed `/v1`, and a customer with a browser without scripts on the hosted pages. */
import assert from 'node:assert/strict'
import Stripe from 'stripe'
import { expect } from 'vitest'
import type { Outputs } from '../../local/outputs.ts'
import { type TestAccess, testAccess } from '../access.ts'

export interface Shop {
  readonly access: TestAccess
  readonly workspaceId: string
  readonly key: string
  readonly stripe: Stripe
}

/** Every request once: a test that wants a repetition makes it itself. */
export function stripeClient(origin: string, key: string, maxNetworkRetries = 0): Stripe {
  const { hostname, port, protocol } = new URL(origin)
  return new Stripe(key, {
    ...{ host: hostname, port: Number(port), protocol: protocol.slice(0, -1) as 'http' },
    ...{ maxNetworkRetries, telemetry: false },
  })
}

export async function openShop(outputs: Outputs): Promise<Shop> {
  const access = await testAccess(outputs)
  const workspaceId = await access.workspace('Lantern & Sons')
  const { text: key } = await access.apiKey({ workspaceId })
  return { access, workspaceId, key, stripe: stripeClient(outputs.edge.url, key) }
}

/** Of a reference, whether or not it was expanded. */
export const idOf = (reference: string | { readonly id: string } | null | undefined): string =>
  typeof reference === 'string' ? reference : (reference?.id ?? '')

/** A session over what two pairs of socks cost. */
export const openCheckout = (stripe: Stripe, rest: Partial<Stripe.Checkout.SessionCreateParams> = {}) =>
  stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price_data: { currency: 'usd', unit_amount: 2_100, product_data: { name: 'Socks' } }, quantity: 2 }],
    success_url: 'https://shop.example/thanks?session={CHECKOUT_SESSION_ID}',
    cancel_url: 'https://shop.example/cart',
    ...rest,
  })

export const CARD = { expiry: '12 / 34', cvc: '123', name: 'Ada', email: 'ada@example.com' } as const
export const NUMBERS = {
  good: '4242 4242 4242 4242',
  declined: '4000 0000 0000 0002',
  insufficient: '4000 0000 0000 9995',
  expired: '4000 0000 0000 0069',
  asks: '4000 0025 0000 3155',
} as const

export interface ShownPage {
  readonly status: number
  readonly text: string
  readonly headers: Headers
  /** Of a redirect, and of a page that leads on by itself. */
  readonly next: string | undefined
}

async function shown(url: string, init: RequestInit): Promise<ShownPage> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const refresh = /^0; url=(.*)$/.exec(response.headers.get('refresh') ?? '')?.[1]
  const next = response.headers.get('location') ?? refresh
  return { status: response.status, text: await response.text(), headers: response.headers, next }
}

export const visit = (url: string | null | undefined): Promise<ShownPage> => shown(url ?? '', {})

type Fields = Readonly<Record<string, string>>

/** The form of a page, to be sent as a browser would, any number of times: to the action that the page names. */
export async function openForm(
  url: string | null | undefined,
): Promise<(fields: Fields, headers?: Fields) => Promise<ShownPage>> {
  const page = await visit(url)
  const action = /<form method="post" action="([^"]+)"/.exec(page.text)?.[1]
  assert(action !== undefined, `expected a form at ${url}, got ${page.status}`)
  const target = new URL(action, url ?? '')
  const ours = { Origin: target.origin, 'Sec-Fetch-Site': 'same-origin' }
  return (fields, headers = {}) =>
    shown(target.href, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...ours, ...headers },
      body: new URLSearchParams(fields).toString(),
    })
}

export const submit = async (url: string | null | undefined, fields: Fields, headers?: Fields): Promise<ShownPage> =>
  (await openForm(url))(fields, headers)

export const payWith = (url: string | null, number: string): Promise<ShownPage> => submit(url, { ...CARD, number })

/** The error that a call ends in, as the SDK's class. */
export async function failure<E extends InstanceType<typeof Stripe.errors.StripeError>>(
  call: Promise<unknown>,
  type: new (...args: never[]) => E,
): Promise<E> {
  const error = await call.then(
    () => undefined,
    (caught: unknown) => caught,
  )
  expect(error).toBeInstanceOf(type)
  return error as E
}

/** A payment that goes through at once, unless `rest` says otherwise. */
export const charge = (
  stripe: Stripe,
  rest: Partial<Stripe.PaymentIntentCreateParams> = {},
  options: Stripe.RequestOptions = {},
) =>
  stripe.paymentIntents.create(
    { amount: 2_000, currency: 'usd', payment_method: 'pm_card_visa', confirm: true, ...rest },
    options,
  )
