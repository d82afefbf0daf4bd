/** What the tests of payments share: a shop, which is a workspace whose key speaks to `/v1` as Stripe's clients do. */
import { expect, inject } from 'vitest'
import { testAccess } from '../access.ts'
import { type Answer, edge, send } from './links-cloud.ts'

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
type Body = any

export interface StripeAnswer {
  readonly status: number
  readonly body: Body
  readonly headers: Headers
}

export interface Shop {
  readonly workspaceId: string
  readonly key: string
  /** A call of `/v1`, form-encoded: nested names as Stripe writes them, `metadata[order]`. */
  stripe(
    method: 'GET' | 'POST' | 'DELETE',
    path: string,
    fields?: Readonly<Record<string, string | number | boolean>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<StripeAnswer>
  /** A call of `/api/payments`, held to the OpenAPI document. */
  call(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>
}

export async function newShop(): Promise<Shop> {
  const access = await testAccess(inject('outputs'))
  const workspaceId = await access.workspace('Corner Shop')
  const { text: key } = await access.apiKey({ workspaceId })
  return {
    workspaceId,
    key,
    async stripe(method, path, fields = {}, headers = {}) {
      const form = new URLSearchParams(
        Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
      )
      const query = method === 'GET' && form.size > 0 ? `?${form.toString()}` : ''
      const answer = await fetch(edge(`/v1${path}${query}`), {
        method,
        headers: { Authorization: `Bearer ${key}`, ...headers },
        ...(method === 'POST' && { body: form }),
      })
      return { status: answer.status, body: await answer.json(), headers: answer.headers }
    },
    call: (method, path, body, headers = {}) =>
      send(method, edge(`/api/payments${path}`), { body, headers: { Authorization: `Bearer ${key}`, ...headers } }),
  }
}

/** A payment that succeeded, or is authorised; fails the test if it is neither. */
export async function pay(shop: Shop, fields: Readonly<Record<string, string | number | boolean>> = {}): Promise<Body> {
  const { status, body } = await shop.stripe('POST', '/payment_intents', {
    amount: 4_200,
    currency: 'usd',
    payment_method: 'pm_card_visa',
    confirm: true,
    ...fields,
  })
  expect({ status, body }).toMatchObject({ status: 200 })
  return body
}

/** The order that was made for this intent or session. */
export async function orderOf(shop: Shop, externalId: string): Promise<Body> {
  const { status, body } = await shop.call('GET', `/orders?externalId=${externalId}`)
  expect(status).toBe(200)
  return body.items[0]
}

/** The trial balance with its entries added up again; fails the test unless it balances. */
export async function balanced(shop: Shop, currency = 'usd'): Promise<Readonly<Record<string, number>>> {
  const { status, body } = await shop.call('GET', '/ledger/trial-balance?recompute=true')
  expect({ status, balanced: body.balanced }).toEqual({ status: 200, balanced: true })
  const found = body.currencies.find((each: Body) => each.currency === currency)
  expect(found).toMatchObject({ recomputed: true, debits: found.credits })
  return Object.fromEntries(found.accounts.map((account: Body) => [account.account, account.balance]))
}
