/**
 * Whether a request that changes something comes from a page of ours: the check against cross-site request forgery for
 * callers that authenticate with a cookie (https://cheatsheetseries.owasp.org/cheatsheets/Cross-Site_Request_Forgery_Prevention_Cheat_Sheet.html).
 * A browser always says where such a request is from; a request that says nothing is refused. Pure.
 */
import { Problem } from './problem.ts'

type Headers = Readonly<Record<string, string | undefined>>

/**
 * `origins` are scheme, host and port. Every statement of the browser must agree. Whose browser is set to
 * send no referrers sends forms with `Origin: null` (https://fetch.spec.whatwg.org/#append-a-request-origin-header);
 * then `Sec-Fetch-Site`, which no page can write, must say that it is ours.
 */
export function isSameOrigin(headers: Headers, origins: readonly string[]): boolean {
  const origin = headers['origin']
  const site = headers['sec-fetch-site']
  if (origin === undefined && site === undefined) return false
  if (origin === 'null') return site === 'same-origin'
  if (origin !== undefined && !origins.includes(origin)) return false
  return site === undefined || site === 'same-origin'
}

/** Throws 403 `cross_site_request`. */
export function assertSameOrigin(headers: Headers, origins: readonly string[]): void {
  if (isSameOrigin(headers, origins)) return
  throw new Problem('cross_site_request', 'expected a request from a page of this site, with its Origin header')
}
