/** One request to `/v1` on its way, and how its answers look. */
import type { Exchange, HttpAnswer } from '#core/exchange.ts'
import type { Form } from './form.ts'
import { errorBody, mayRetry, type StripeErrorFields, stripeErrorOf } from './stripe-error.ts'
import type { StripeRoute } from './stripe-route.ts'

/** Each step fills in its part. */
export interface StripeExchange extends Exchange {
  /** The request's id in Stripe's form; the log has `requestId`, which is the same with its dashes. */
  readonly stripeRequestId: string
  readonly publicOrigin: string
  stripeRoute?: StripeRoute
  /** As sent, `expand` included: what the idempotency key is compared by. */
  form?: Form
  params?: unknown
  expand?: readonly string[]
}

export const jsonAnswer = (
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): HttpAnswer => ({
  status,
  headers,
  body,
})

/** The text of a refusal, as it is answered and kept. */
export const refusalText = (fields: StripeErrorFields, exchange: StripeExchange): string =>
  JSON.stringify(errorBody(fields, `${exchange.publicOrigin}/console/payments/requests/${exchange.stripeRequestId}`))

export const refusalHeaders = (fields: StripeErrorFields): Readonly<Record<string, string>> => ({
  ...fields.headers,
  'stripe-should-retry': String(mayRetry(fields)),
})

/** Also writes the code and, for faults of ours, the private cause into the invocation's log line. */
export function errorAnswer(error: unknown, exchange: StripeExchange): HttpAnswer {
  const { fields } = noted(error, exchange)
  return jsonAnswer(fields.status, refusalText(fields, exchange), refusalHeaders(fields))
}

export function noted(error: unknown, { log }: Pick<StripeExchange, 'log'>) {
  const refusal = stripeErrorOf(error)
  const { type, code, param, status, cause } = refusal.fields
  log.set({ code: code ?? type, ...(param !== undefined && { param }) })
  if (status >= 500) log.fail(cause ?? error)
  else if (cause !== undefined) log.fail(cause, 'info')
  return refusal
}
