/**
 * That a form was sent by the page that we gave out: the browser's word for where it is from (`#core/same-origin.ts`), and
 * a token bound to a cookie of the same browser and to the session. Also keeps a foreign page from signing somebody in.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { type CookieJar, parseCookies } from '#core/cookies.ts'
import type { Random } from '#core/random.ts'
import { isSameOrigin } from '#core/same-origin.ts'

type Headers = Readonly<Record<string, string | undefined>>

export interface Forms {
  /** For the hidden field `form`; with the cookies that the page must set, if the browser has none yet. */
  token(
    headers: Headers,
    sessionId: string | undefined,
  ): Promise<{ readonly token: string; readonly cookies: readonly string[] }>
  isOurs(headers: Headers, sessionId: string | undefined, token: string): Promise<boolean>
}

const COOKIE = 'form'
const NONCE_BYTES = 16
const NONCE = /^[A-Za-z0-9_-]{22}$/

/** `key` is derived for the purpose `form`. */
export function createForms(cookies: CookieJar, random: Random, key: () => Promise<Uint8Array>, origin: string): Forms {
  const nonceOf = (headers: Headers) => {
    const nonce = parseCookies(headers['cookie']).get(cookies.name(COOKIE)) ?? ''
    return NONCE.test(nonce) ? nonce : undefined
  }
  const sign = async (nonce: string, sessionId: string | undefined) =>
    createHmac('sha256', await key())
      .update(`${nonce}:${sessionId ?? ''}`)
      .digest('base64url')
  return {
    async token(headers, sessionId) {
      const known = nonceOf(headers)
      if (known !== undefined) return { token: await sign(known, sessionId), cookies: [] }
      const nonce = Buffer.from(random.bytes(NONCE_BYTES)).toString('base64url')
      return { token: await sign(nonce, sessionId), cookies: [cookies.set(COOKIE, nonce)] }
    },
    async isOurs(headers, sessionId, token) {
      const nonce = nonceOf(headers)
      if (nonce === undefined || !isSameOrigin(headers, [origin])) return false
      const expected = Buffer.from(await sign(nonce, sessionId))
      const given = Buffer.from(token)
      return expected.length === given.length && timingSafeEqual(expected, given)
    },
  }
}
