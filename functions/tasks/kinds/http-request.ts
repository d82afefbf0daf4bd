/** The task `http.request`: one call to a URL that a user chose. What an answer means for the attempt is decided here. */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { HttpOutcome } from '#core/http-client.ts'
import { defineTask, PermanentError, RetryLaterError } from './task-definition.ts'

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
const MAX_HEADERS = 50
const MAX_BODY_LENGTH = 100_000
const MAX_REDIRECTS = 5
/** Of the answer's body that is kept: enough to see what went wrong. */
const KEPT_BODY_BYTES = 4 * 1024
const DEFAULT_REQUEST_TIMEOUT_MS = 15 * SECOND
const MAX_REQUEST_TIMEOUT_MS = 60 * SECOND
/** RFC 9110 §5.1 and §5.5: a token, and a value without control characters. */
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]{1,100}$/
const HEADER_VALUE = /^[\t\x20-\x7e\x80-\xff]{0,4096}$/

const input = z.strictObject({
  url: z.string().min(1).max(2_048).meta({ description: 'https, to a public address.' }),
  method: z.enum(METHODS).default('POST'),
  headers: z
    .record(z.string().regex(HEADER_NAME), z.string().regex(HEADER_VALUE))
    .refine((headers) => Object.keys(headers).length <= MAX_HEADERS, `expected at most ${MAX_HEADERS} headers`)
    .default({}),
  /** Text as it is sent; `json` sets the content type too. */
  body: z.string().max(MAX_BODY_LENGTH).optional(),
  json: z.json().optional(),
  timeoutMs: z.int().min(100).max(MAX_REQUEST_TIMEOUT_MS).default(DEFAULT_REQUEST_TIMEOUT_MS),
  maxRedirects: z.int().min(0).max(MAX_REDIRECTS).default(0),
})

/** Statuses that the same request may not meet again (RFC 9110 §15, RFC 6585 §4): busy, early, locked, too late. */
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 409, 423, 425, 429])

export const httpRequest = defineTask({
  name: 'http.request',
  description:
    'Sends one HTTP request. Done with any 2xx answer; tried again after 408, 409, 423, 425, 429, 5xx and failed ' +
    'connections, not before `Retry-After`; dead after any other answer and for addresses that are not public. Every try ' +
    'carries the same `Idempotency-Key`.',
  input,
  timeoutMs: MAX_REQUEST_TIMEOUT_MS + 5 * SECOND,
  async handler({ url, method, headers, body, json, timeoutMs, maxRedirects }, context) {
    const content = json === undefined ? body : JSON.stringify(json)
    const outcome = await context.http.send({
      url,
      method,
      headers: {
        'idempotency-key': context.idempotencyKey,
        traceparent: context.traceparent,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(content !== undefined && { body: content }),
      timeoutMs,
      maxRedirects,
      signal: context.signal,
    })
    return resultOf(outcome, context.clock.now())
  },
})

type Result = { readonly status: number; readonly url: string; readonly body: string }

/** What is kept of an answer; throws for anything but 2xx. Never tells what a refused address would have answered. */
export function resultOf(outcome: HttpOutcome, now: Date): Result {
  switch (outcome.kind) {
    case 'refused':
      throw new PermanentError(outcome.code, outcome.detail)
    case 'failed':
      // Node's codes are in upper case: ECONNREFUSED.
      throw new RetryLaterError(`http_${outcome.code.toLowerCase()}`, outcome.detail, 0)
    case 'answered': {
      const { status, url, headers } = outcome
      const body = Buffer.from(outcome.body.subarray(0, KEPT_BODY_BYTES)).toString()
      if (status >= 200 && status < 300) return { status, url, body }
      const message = `expected a 2xx answer, got ${status}: ${body.slice(0, 500)}`
      if (status < 500 && !PASSING_STATUSES.has(status)) throw new PermanentError(`http_${status}`, message)
      throw new RetryLaterError(`http_${status}`, message, retryAfterMs(headers['retry-after'], now))
    }
  }
}

/** RFC 9110 §10.2.3: seconds or a date; 0 for anything else and for what has passed. */
export function retryAfterMs(header: string | undefined, now: Date): number {
  if (header === undefined) return 0
  if (/^\d{1,9}$/.test(header)) return Number(header) * SECOND
  const at = /^[A-Z][a-z]{2}, /.test(header) ? Date.parse(header) : Number.NaN
  return Number.isNaN(at) ? 0 : Math.max(0, at - now.getTime())
}
