/**
 * What may be the target of a link. Pure: parses and judges, never resolves or fetches.
 *
 * The parser is WHATWG's (https://url.spec.whatwg.org/): what we store and send is its serialisation, so that the
 * visitor's browser goes exactly where the checks looked, whatever backslashes, tabs or full-width digits came in.
 */

/** Characters of the serialised URL. Old browsers and proxies cut longer ones; it also bounds the redirect's header. */
export const MAX_URL_LENGTH = 2_048

export type UrlRefusal =
  | { readonly code: 'url_invalid'; readonly detail: string }
  | { readonly code: 'url_scheme'; readonly detail: string }
  | { readonly code: 'url_user_info'; readonly detail: string }
  | { readonly code: 'url_own_domain'; readonly detail: string }
  | { readonly code: 'url_too_long'; readonly detail: string }

export type UrlDecision = { readonly ok: true; readonly href: string } | ({ readonly ok: false } & UrlRefusal)

const refuse = (code: UrlRefusal['code'], detail: string): UrlDecision => ({ ok: false, code, detail })

const LOOPBACK = /^(localhost|.*\.localhost|127\.\d+\.\d+\.\d+|\[::1\]|\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\])$/

/** One name for all spellings of a host: the root dot dropped, every loopback address called `localhost`. */
function canonicalHostname(hostname: string): string {
  const name = hostname.replace(/\.$/, '')
  return LOOPBACK.test(name) ? 'localhost' : name
}

/**
 * True when the target would come back to us. The port matters only if both are explicit: `http://go.example` and
 * `https://go.example` are the same site, `http://localhost:3000` beside `http://localhost:4000` is another program.
 */
function isOwn(target: URL, ownOrigins: readonly string[]): boolean {
  return ownOrigins.some((origin) => {
    if (!URL.canParse(origin)) return false
    const own = new URL(origin)
    if (canonicalHostname(own.hostname) !== canonicalHostname(target.hostname)) return false
    return target.port === own.port || target.port === ''
  })
}

/**
 * Where other services of ours answer people with pages: a link to a checkout page comes to rest there. Everything else
 * on our domain may be a short link, and two of them could send a visitor round in circles.
 */
export const OWN_PAGES = ['/pay/', '/docs/', '/auth/'] as const

/**
 * Judges a target.
 * @param input what the caller sent
 * @param ownOrigins origins under which the redirect or the API answer, such as `https://go.example`
 */
export function checkUrl(input: string, ownOrigins: readonly string[]): UrlDecision {
  if (!URL.canParse(input)) return refuse('url_invalid', 'expected an absolute URL such as https://example.com/page')
  const url = new URL(input)
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    return refuse('url_scheme', `expected the scheme http or https, got ${url.protocol.slice(0, -1).slice(0, 32)}`)
  if (url.username !== '' || url.password !== '')
    return refuse('url_user_info', 'expected a URL without user name and password before the host')
  if (isOwn(url, ownOrigins) && !OWN_PAGES.some((page) => url.pathname.startsWith(page)))
    return refuse(
      'url_own_domain',
      `expected a target outside ${url.host}, or one of its pages below ${OWN_PAGES.join(', ')}: links do not lead to links`,
    )
  if (url.href.length > MAX_URL_LENGTH)
    return refuse('url_too_long', `expected at most ${MAX_URL_LENGTH} characters once encoded, got ${url.href.length}`)
  return { ok: true, href: url.href }
}
