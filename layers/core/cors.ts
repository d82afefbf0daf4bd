/**
 * Cross-origin requests (Fetch standard §3.2, https://fetch.spec.whatwg.org/#http-cors-protocol). Callers authenticate
 * with a header, never with a cookie, so credentials are not allowed. Pure.
 */
import type { HttpRequest } from './exchange.ts'

/** How long a browser may remember a preflight. Chrome caps at 2 hours. */
const PREFLIGHT_SECONDS = 7_200

const REQUEST_HEADERS = 'authorization, content-type, if-match, if-none-match, idempotency-key, traceparent'

/** What a script may read beside the safelisted headers. */
const EXPOSED_HEADERS = [
  'etag',
  'idempotent-replayed',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
  'traceparent',
  'www-authenticate',
  'x-request-id',
].join(', ')

/** For every answer. `Vary` always: what is sent depends on the origin, also when it is absent. */
export function corsHeaders(request: HttpRequest, origins: readonly string[]): Record<string, string> {
  const origin = request.headers['origin']
  if (origin === undefined || !origins.includes(origin)) return { vary: 'Origin' }
  return {
    vary: 'Origin',
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED_HEADERS,
  }
}

/** Added to the answer of OPTIONS. A foreign origin gets nothing, and its browser refuses. */
export function preflightHeaders(
  request: HttpRequest,
  origins: readonly string[],
  allow: readonly string[],
): Record<string, string> {
  const origin = request.headers['origin']
  if (origin === undefined || !origins.includes(origin)) return {}
  if (request.headers['access-control-request-method'] === undefined) return {}
  return {
    'access-control-allow-methods': allow.join(', '),
    'access-control-allow-headers': REQUEST_HEADERS,
    'access-control-max-age': String(PREFLIGHT_SECONDS),
  }
}
