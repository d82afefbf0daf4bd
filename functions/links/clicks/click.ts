/**
 * A visit that counts, as the redirect sends it to the queue. Pure and without dependencies, since the hot path uses
 * it; `click-message.ts` has the schema by which the consumer checks it.
 */

/** Sent as JSON. It holds no IP address: country and audience are all that the counting needs. */
export interface Click {
  readonly version: 1
  /** Unique per visit: the request id of the redirect. Repeated sends and deliveries of one visit share it. */
  readonly eventId: string
  readonly linkId: string
  readonly workspaceId: string
  readonly slug: string
  /** RFC 3339, UTC. The day that the click is counted for. */
  readonly occurredAt: string
  /** Empty when the header was absent. */
  readonly userAgent: string
  /** Host of the page that linked here; null when unknown. */
  readonly referrerHost: string | null
  /** ISO 3166-1 alpha-2 from CloudFront-Viewer-Country; null without CloudFront. */
  readonly country: string | null
}

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>

/** Characters kept of a user agent: every real one fits, and a hostile one can't fill the queue's 256 kB message. */
export const MAX_USER_AGENT_LENGTH = 512

/** RFC 1035 §2.3.4, in text form. */
const MAX_HOST_LENGTH = 253

/** Browsers and apps that load a page before anyone asked for it say so in one of these. */
const PURPOSE_HEADERS = ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'] as const
const SPECULATIVE = /prefetch|prerender|preview/i

/** HEAD asks where a link goes, and a prefetch may never be shown: neither is a visit. */
export function counts(method: string, headers: Headers): boolean {
  if (method !== 'GET') return false
  for (const name of PURPOSE_HEADERS) {
    const purpose = headers[name]
    if (purpose !== undefined && SPECULATIVE.test(purpose)) return false
  }
  return true
}

export interface Visited {
  readonly linkId: string
  readonly workspaceId: string
  readonly slug: string
}

/** The click of one visit. */
export function clickOf(link: Visited, headers: Headers, eventId: string, now: Date): Click {
  const country = headers['cloudfront-viewer-country']
  return {
    version: 1,
    eventId,
    linkId: link.linkId,
    workspaceId: link.workspaceId,
    slug: link.slug,
    occurredAt: now.toISOString(),
    userAgent: (headers['user-agent'] ?? '').slice(0, MAX_USER_AGENT_LENGTH),
    referrerHost: hostOf(headers['referer']),
    country: country !== undefined && /^[A-Z]{2}$/.test(country) ? country : null,
  }
}

function hostOf(referrer: string | undefined): string | null {
  if (referrer === undefined) return null
  const url = URL.parse(referrer)
  return url === null || url.hostname === '' ? null : url.hostname.slice(0, MAX_HOST_LENGTH)
}
