import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { checkUrl, MAX_URL_LENGTH, OWN_PAGES } from '../../../functions/links/url.ts'
import { edgeRouteFor } from '../../../infra/edge.ts'
import { anyText } from './any-text.ts'

const OWN = ['https://go.example.com']

const judge = (input: string, own: readonly string[] = OWN) => {
  const decision = checkUrl(input, own)
  return decision.ok ? decision.href : decision.code
}

describe('accepted, as the parser serialises it', () => {
  test.each([
    ['https://example.com', 'https://example.com/'],
    ['http://EXAMPLE.com:80/A?b=C#d', 'http://example.com/A?b=C#d'],
    ['https://example.com/a b', 'https://example.com/a%20b'],
    ['https://example.com/\r\nSet-Cookie:x', 'https://example.com/Set-Cookie:x'],
    ['https:\\\\example.com\\path', 'https://example.com/path'],
    ['http://good.com\\@evil.com', 'http://good.com/@evil.com'],
    ['https://аррӏе.com/', 'https://xn--80ak6aa92e.com/'],
    ['https://münchen.example/', 'https://xn--mnchen-3ya.example/'],
    ['http://１２７.0.0.1/', 'http://127.0.0.1/'],
    ['http://intranet/wiki', 'http://intranet/wiki'],
    ['https://example.com/?q=a&q=b', 'https://example.com/?q=a&q=b'],
    ['https://example.com/%zz', 'https://example.com/%zz'],
  ])('%s', (input, href) => {
    expect(judge(input)).toBe(href)
  })
})

describe('refused, each with its own code', () => {
  test.each([
    ['', 'url_invalid'],
    ['example.com', 'url_invalid'],
    ['/relative', 'url_invalid'],
    ['https://', 'url_invalid'],
    ['https://exa mple.com', 'url_invalid'],
    ['https://example.com:99999', 'url_invalid'],
    ['javascript:alert(1)', 'url_scheme'],
    ['java\tscript:alert(1)', 'url_scheme'],
    ['data:text/html,<script>', 'url_scheme'],
    ['ftp://example.com', 'url_scheme'],
    ['file:///etc/passwd', 'url_scheme'],
    ['blob:https://example.com/x', 'url_scheme'],
    ['https://user@example.com', 'url_user_info'],
    ['https://user:pass@evil.com@good.com', 'url_user_info'],
    ['https://:pass@example.com', 'url_user_info'],
  ])('%s → %s', (input, code) => {
    expect(judge(input)).toBe(code)
  })
})

describe('our own domain', () => {
  test.each([
    'https://go.example.com/abc',
    'http://go.example.com/abc',
    'https://GO.example.com./abc',
    'https://go.example.com:443/',
    'https://go。example。com/',
  ])('%s is refused', (input) => {
    expect(judge(input)).toBe('url_own_domain')
  })

  test.each([
    ['http://localhost:4000/x', 'url_own_domain'],
    ['http://127.0.0.1:4000/x', 'url_own_domain'],
    ['http://0x7f000001:4000/x', 'url_own_domain'],
    ['http://2130706433:4000/x', 'url_own_domain'],
    ['http://[::1]:4000/x', 'url_own_domain'],
    ['http://[::ffff:127.0.0.1]:4000/x', 'url_own_domain'],
    ['http://app.localhost:4000/x', 'url_own_domain'],
    ['http://localhost/x', 'url_own_domain'],
    ['http://localhost:3000/x', 'http://localhost:3000/x'],
  ])('beside http://localhost:4000: %s → %s', (input, outcome) => {
    expect(judge(input, ['http://localhost:4000'])).toBe(outcome)
  })

  test.each([
    ['https://go.example.com/pay/cs_test_1', 'https://go.example.com/pay/cs_test_1'],
    ['https://go.example.com/docs/problems', 'https://go.example.com/docs/problems'],
    ['https://go.example.com/auth/register', 'https://go.example.com/auth/register'],
    ['https://go.example.com/pay', 'url_own_domain'],
    ['https://go.example.com/payday', 'url_own_domain'],
    ['https://go.example.com/pay/../abc', 'url_own_domain'],
    ['https://go.example.com/pay/%2e%2e/abc', 'url_own_domain'],
    ['https://go.example.com/pay\\..\\abc', 'url_own_domain'],
    ['https://go.example.com/PAY/cs_test_1', 'url_own_domain'],
  ])('has pages that a link may lead to: %s → %s', (input, outcome) => {
    expect(judge(input)).toBe(outcome)
  })

  it('lets links lead only to pages that another service answers', () => {
    for (const page of OWN_PAGES)
      expect(edgeRouteFor(`${page}x`).origin.stack, `a link to ${page}x may lead to a link`).not.toBe('Links')
  })

  it('is compared by host, not by ending', () => {
    expect(judge('https://notgo.example.com/')).toBe('https://notgo.example.com/')
    expect(judge('https://go.example.com.evil.net/')).toBe('https://go.example.com.evil.net/')
    expect(judge('https://go.example.com:8443/')).toBe('https://go.example.com:8443/')
  })

  it('ignores an origin that is no URL, as a forged Host header may be', () => {
    expect(judge('https://example.com', ['https://not a host', ...OWN])).toBe('https://example.com/')
  })
})

describe('length', () => {
  const withLength = (length: number) => `https://example.com/${'a'.repeat(length - 'https://example.com/'.length)}`

  it('may be 2,048 and not one more', () => {
    expect(judge(withLength(MAX_URL_LENGTH))).toBe(withLength(MAX_URL_LENGTH))
    expect(judge(withLength(MAX_URL_LENGTH + 1))).toBe('url_too_long')
  })

  it('is that of the encoded form', () => {
    expect(judge(`https://example.com/${'ü'.repeat(400)}`)).toBe('url_too_long')
  })
})

describe('whatever comes', () => {
  const anything = fc.oneof(anyText(), fc.webUrl({ withQueryParameters: true, withFragments: true }))

  it('never throws, and what is accepted is a header value that is accepted as itself', () => {
    fc.assert(
      fc.property(anything, (input) => {
        const decision = checkUrl(input, OWN)
        if (!decision.ok) return
        expect(decision.href).toMatch(/^https?:\/\/[\x21-\x7e]+$/)
        expect(checkUrl(decision.href, OWN)).toEqual(decision)
      }),
    )
  })

  it('accepts every ordinary web address', () => {
    fc.assert(fc.property(fc.webUrl(), (input) => checkUrl(input, OWN).ok))
  })
})
