/**
 * What `/v1` answers when it refuses: Stripe's error object and the headers beside it
 * (https://docs.stripe.com/api/errors). Clients know the class of an error by its status and `type`. Pure.
 */
import { Problem } from '#core/problem.ts'
import { problemOf } from '#core/problem-answer.ts'
import type { Refusal } from '../changes/refusal.ts'

export type StripeErrorType = 'api_error' | 'card_error' | 'idempotency_error' | 'invalid_request_error'

export interface StripeErrorFields {
  readonly status: 400 | 401 | 402 | 403 | 404 | 409 | 413 | 429 | 500 | 503
  readonly type: StripeErrorType
  /** Public. */
  readonly message: string
  /** One of https://docs.stripe.com/error-codes. */
  readonly code?: string | undefined
  /** The parameter that is wrong, as the caller wrote it: `line_items[0][price]`. */
  readonly param?: string | undefined
  readonly declineCode?: string | undefined
  readonly charge?: string | undefined
  /** The payment intent after a failed attempt, as the API shows it. */
  readonly paymentIntent?: Readonly<Record<string, unknown>> | undefined
  readonly headers?: Readonly<Record<string, string>>
  /** Private: goes to the log. */
  readonly cause?: unknown
}

export class StripeError extends Error {
  override readonly name = 'StripeError'
  readonly fields: StripeErrorFields

  constructor(fields: StripeErrorFields) {
    super(fields.message, fields.cause === undefined ? undefined : { cause: fields.cause })
    this.fields = fields
  }
}

export const invalidRequest = (message: string, details: { readonly param?: string; readonly code?: string } = {}) =>
  new StripeError({ status: 400, type: 'invalid_request_error', message, ...details })

/** Of a foreign workspace or never made: the same. `noun` as Stripe writes it: `payment_intent`, `checkout.session`. */
export const resourceMissing = (noun: string, id: string, param = 'id'): StripeError =>
  new StripeError({
    // An id in the path that leads nowhere is 404; one among the parameters makes the request wrong.
    status: param === 'id' ? 404 : 400,
    type: 'invalid_request_error',
    code: 'resource_missing',
    message: `No such ${noun}: '${shortened(id)}'`,
    param,
  })

const MAX_QUOTED_CHARACTERS = 80
export const shortened = (text: string): string =>
  text.length <= MAX_QUOTED_CHARACTERS ? text : `${text.slice(0, MAX_QUOTED_CHARACTERS)}…`

/** Another request changed the same objects again and again while this one tried (https://docs.stripe.com/rate-limits#object-lock-timeouts). */
export const lockTimeout = (cause: unknown): StripeError =>
  new StripeError({
    status: 429,
    type: 'invalid_request_error',
    code: 'lock_timeout',
    message:
      'This object cannot be accessed right now because another API request or Backlot process is currently accessing it. Please try again.',
    cause,
  })

/** Any error as Stripe's. What nobody expected is an `api_error`, and its cause is for the log only. */
export function stripeErrorOf(error: unknown): StripeError {
  if (error instanceof StripeError) return error
  const { code, status, detail, headers, cause } = problemOf(error)
  if (code === 'internal_error')
    return new StripeError({ status: 500, type: 'api_error', message: 'Something went wrong on our side.', cause })
  if (status === 503) return new StripeError({ status: 503, type: 'api_error', message: detail, headers, cause })
  if (status === 429)
    return new StripeError({
      ...{ status: 429, type: 'invalid_request_error', code: 'rate_limit' },
      ...{ message: 'Request rate limit exceeded. Please slow down.', headers },
    })
  return new StripeError({
    status: status === 404 ? 404 : status === 403 ? 403 : 400,
    type: 'invalid_request_error',
    message: detail,
    cause: error instanceof Problem ? undefined : error,
  })
}

/** Nothing was decided: the same request may succeed a moment later. */
export const mayRetry = ({ status, code }: StripeErrorFields): boolean =>
  status === 409 || status === 503 || (status === 429 && code === 'lock_timeout')

const DOCUMENTATION = 'https://docs.stripe.com/error-codes#'

/** `logUrl` is where the request's log can be read. */
export function errorBody(fields: StripeErrorFields, logUrl: string): Readonly<Record<string, unknown>> {
  const { type, message, code, param, declineCode, charge, paymentIntent } = fields
  const documented = code === undefined ? {} : { doc_url: `${DOCUMENTATION}${code.replaceAll('_', '-')}` }
  return {
    error: {
      ...(charge !== undefined && { charge }),
      ...(code !== undefined && { code }),
      ...(declineCode !== undefined && { decline_code: declineCode }),
      ...documented,
      message,
      ...(param !== undefined && { param }),
      ...(paymentIntent !== undefined && { payment_intent: paymentIntent }),
      request_log_url: logUrl,
      type,
    },
  }
}

/** A refusal of the rules of payments: a declined card is 402, anything else makes the request wrong. */
export const refusalFields = ({ type, code, message, param }: Refusal): StripeErrorFields => ({
  status: type === 'card_error' ? 402 : 400,
  type: type ?? 'invalid_request_error',
  message,
  code,
  param,
})
