/** Cookies, read and written (RFC 6265 §4). Values of ours are base64url, dots and dashes, so nothing has to be encoded. Pure. */

/** Name → value; of a name that was sent twice the first, which is the more specific one (§5.4). */
export function parseCookies(header: string | undefined): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>()
  for (const pair of (header ?? '').split(';')) {
    const at = pair.indexOf('=')
    const name = pair.slice(0, at).trim()
    if (at > 0 && !cookies.has(name)) cookies.set(name, unquoted(pair.slice(at + 1).trim()))
  }
  return cookies
}

const unquoted = (value: string): string => /^"(.*)"$/.exec(value)?.[1] ?? value

export interface CookieOptions {
  /** Seconds; 0 removes the cookie. @default until the browser is closed */
  readonly maxAgeSeconds?: number
}

export interface CookieJar {
  /** As the browser sends it back. */
  name(cookie: string): string
  /** A `Set-Cookie` value. Throws for a value that a cookie can't carry. */
  set(cookie: string, value: string, options?: CookieOptions): string
}

/** RFC 6265 §4.1.1, `cookie-octet`. */
const VALUE = /^[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*$/

/**
 * Cookies of one origin: never readable by scripts, sent on links from elsewhere but on no foreign form or script. Behind
 * https they have the prefix `__Host-`, so that no other host can plant one
 * (https://datatracker.ietf.org/doc/html/draft-ietf-httpbis-rfc6265bis#name-the-__host-prefix); plain http, on a laptop,
 * has no such cookies.
 */
export function cookieJar(publicOrigin: string): CookieJar {
  const secure = publicOrigin.startsWith('https:')
  const name = (cookie: string) => `${secure ? '__Host-' : ''}backlot-${cookie}`
  return {
    name,
    set(cookie, value, { maxAgeSeconds } = {}) {
      if (!VALUE.test(value)) throw new TypeError(`expected a value that the cookie ${cookie} can carry`)
      const parts = [`${name(cookie)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
      if (secure) parts.push('Secure')
      if (maxAgeSeconds !== undefined) parts.push(`Max-Age=${maxAgeSeconds}`)
      return parts.join('; ')
    },
  }
}
