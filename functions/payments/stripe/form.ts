/**
 * Stripe's wire form: `application/x-www-form-urlencoded` with nested names (`line_items[0][price]`, `expand[]`), in
 * bodies and in queries (https://docs.stripe.com/api). Everything arrives as text; `parameters.ts` gives it types. Pure.
 */
import qs from 'qs'
import type { HttpRequest } from '#core/exchange.ts'
import { StripeError } from './stripe-error.ts'

export type FormValue = string | readonly FormValue[] | { readonly [name: string]: FormValue }
export type Form = Readonly<Record<string, FormValue>>

/** 256 KiB, the kit's limit of a body (`layers/core/validate.ts`). */
export const MAX_FORM_BYTES = 256 * 1024
/** 100 lines with every field that they can have; more is an attack on whoever loops over them. */
export const MAX_FORM_FIELDS = 1_000
/** `line_items[0][price_data][product_data][metadata][key]` has five below the first. */
export const MAX_FORM_DEPTH = 8
/** Stripe's own limit of lines in a checkout session. */
export const MAX_FORM_ELEMENTS = 100

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:$|;)/i

/** The parameters of a request: the body's of a POST, the query's of everything else. Throws a StripeError of status 400. */
export function formOf(request: HttpRequest): Form {
  if (request.method !== 'POST') return parseForm(queryText(request.query))
  if (request.body.byteLength === 0) return {}
  if (request.body.byteLength > MAX_FORM_BYTES)
    throw malformed(`expected a body of at most ${MAX_FORM_BYTES} bytes, got ${request.body.byteLength}`, 413)
  const type = request.headers['content-type'] ?? ''
  if (!FORM_TYPE.test(type.trim()))
    throw malformed(
      `Invalid request (check that your POST content type is application/x-www-form-urlencoded): got ${type || 'none'}`,
    )
  return parseForm(textOf(request.body))
}

/** A repeated name keeps its last value. Names like `__proto__` are dropped. */
export function parseForm(text: string): Form {
  try {
    return qs.parse(text, {
      plainObjects: true,
      duplicates: 'last',
      depth: MAX_FORM_DEPTH,
      strictDepth: true,
      parameterLimit: MAX_FORM_FIELDS,
      arrayLimit: MAX_FORM_ELEMENTS,
      throwOnLimitExceeded: true,
      decoder: decoded,
    }) as Form
  } catch (error) {
    if (error instanceof StripeError) throw error
    // The only errors that the library is asked to throw are its limits.
    throw malformed(
      `expected at most ${MAX_FORM_FIELDS} fields, ${MAX_FORM_ELEMENTS} elements and ${MAX_FORM_DEPTH} levels: ${(error as Error).message}`,
    )
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '))
  } catch {
    throw malformed('Invalid request (check that your form is percent-encoded UTF-8)')
  }
}

/** The gateway hands the query over in decoded pieces. */
const queryText = (query: HttpRequest['query']): string =>
  new URLSearchParams(
    Object.entries(query).flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
  ).toString()

function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw malformed('Invalid request (check that your form is UTF-8)')
  }
}

const malformed = (message: string, status: 400 | 413 = 400): StripeError =>
  new StripeError({ status, type: 'invalid_request_error', message })
