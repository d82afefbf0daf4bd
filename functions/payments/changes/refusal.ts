/** Why a request is refused, in Stripe's words: `/v1` answers them as they are, other callers map the code. Pure. */
export interface Refusal {
  readonly ok: false
  /** @default `invalid_request_error` */
  readonly type?: 'card_error' | undefined
  /** https://docs.stripe.com/error-codes; a few refusals of Stripe have none. */
  readonly code?: string | undefined
  readonly message: string
  /** The parameter that the refusal is about, as the caller wrote it: `amount_to_capture`. */
  readonly param?: string | undefined
}

export const refuse = (code: string | undefined, message: string, param?: string): Refusal => ({
  ok: false,
  code,
  message,
  param,
})

export const missing = (what: string, id: string, param: string): Refusal =>
  refuse('resource_missing', `No such ${what}: '${id}'`, param)
