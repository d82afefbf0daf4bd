/** What the tests of webhooks share: others who send us theirs, with the libraries of their schemes, and a receiver of ours. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { expect } from 'vitest'
import { edge, eventually } from './links-cloud.ts'
import type { Shop } from './payments-shop.ts'

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
type Body = any

export const STRIPE_SECRET = 'whsec_test_5kYbmP0wAYuFTrAHhzTbLdLEBzWkOUeP'

/** The client only signs and verifies: it never calls anybody. */
export const stripeLibrary = new Stripe('sk_test_unused')

export interface Source {
  readonly id: string
  readonly url: string
  readonly secret: string | null
}

export async function newSource(shop: Shop, body: object): Promise<Source> {
  const answer = await shop.call('POST', '/webhook-sources', { name: 'Test', ...body })
  expect(answer).toMatchObject({ status: 201 })
  return answer.body
}

export const stripeSource = (shop: Shop): Promise<Source> =>
  newSource(shop, { kind: 'stripe', secrets: [STRIPE_SECRET] })

export interface Answered {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

/** Sends these bytes and nothing else. */
export async function deliver(
  sourceId: string,
  bytes: Uint8Array | string,
  headers: Readonly<Record<string, string>>,
): Promise<Answered> {
  const answer = await fetch(edge(`/api/payments/webhooks/${sourceId}`), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json; charset=utf-8', ...headers },
    body: typeof bytes === 'string' ? bytes : Buffer.from(bytes),
  })
  const text = await answer.text()
  return { status: answer.status, body: text === '' ? undefined : JSON.parse(text), headers: answer.headers }
}

export const now = (): number => Math.floor(Date.now() / 1_000)

/** As Stripe's own library signs in tests. */
export const stripeHeaders = (payload: string, over: { secret?: string; timestamp?: number } = {}) => ({
  'Stripe-Signature': stripeLibrary.webhooks.generateTestHeaderString({ payload, secret: STRIPE_SECRET, ...over }),
})

export const sendStripe = (source: Source, event: object | string): Promise<Answered> => {
  const payload = typeof event === 'string' ? event : JSON.stringify(event)
  return deliver(source.id, payload, stripeHeaders(payload))
}

/** As the reference library of Standard Webhooks signs. */
export function standardHeaders(secret: string, id: string, payload: string, at = new Date()): Record<string, string> {
  return {
    'webhook-id': id,
    'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
    'webhook-signature': new Webhook(secret).sign(id, at, payload),
  }
}

let made = 0
/** An event of Stripe about a payment intent, or whatever `object` is. */
export function stripeEvent(type: string, object: object, over: object = {}) {
  made += 1
  const id = `evt_test_${Date.now().toString(36)}_${made}`
  return {
    id,
    object: 'event',
    api_version: '2026-10-28.endive',
    created: now(),
    livemode: false,
    type,
    data: { object },
    ...over,
  }
}

export const intentObject = (id: string, over: object = {}) => ({
  id,
  object: 'payment_intent',
  amount: 4_200,
  amount_received: 0,
  amount_capturable: 0,
  currency: 'usd',
  receipt_email: 'ada@example.com',
  ...over,
})

export const chargeObject = (intentId: string, over: object = {}) => ({
  id: `ch_of_${intentId}`,
  object: 'charge',
  payment_intent: intentId,
  amount: 4_200,
  amount_captured: 4_200,
  amount_refunded: 0,
  captured: true,
  currency: 'usd',
  ...over,
})

/** The received webhook once it is no longer waiting. */
export const settled = (shop: Shop, source: Source, messageId: string): Promise<Body> =>
  eventually(
    async () => (await shop.call('GET', `/webhook-sources/${source.id}/received/${messageId}`)).body,
    ({ status }) => status !== 'received',
  )

export interface Heard {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly bytes: Buffer
  readonly at: number
}

export interface WebhookReceiver {
  readonly url: string
  readonly heard: readonly Heard[]
  answer: (heard: Heard, response: ServerResponse) => void
  close(): Promise<void>
}

/** Keeps what it hears, as bytes; answers 200 unless told otherwise. */
export async function startWebhookReceiver(): Promise<WebhookReceiver> {
  const heard: Heard[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '/', headers: request.headers, bytes: Buffer.concat(chunks), at: Date.now() }
      heard.push(one)
      receiver.answer(one, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: WebhookReceiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks`,
    heard,
    answer: (_, response) => response.end('thanks'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}
