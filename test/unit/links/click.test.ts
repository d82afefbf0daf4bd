import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import { clickOf, counts, MAX_USER_AGENT_LENGTH } from '../../../functions/links/clicks/click.ts'
import { clickMessage } from '../../../functions/links/clicks/click-message.ts'
import { anyText } from './any-text.ts'

const LINK = { linkId: 'lnk_01KAK2V5B8Y3QK4M6T9X0ZCEGH', workspaceId: 'wsp_1', slug: 'spring-sale' }
const NOW = new Date('2026-11-21T10:15:00.000Z')

describe('what counts', () => {
  test.each([
    ['GET', {}, true],
    ['HEAD', {}, false],
    ['GET', { 'sec-purpose': 'prefetch' }, false],
    ['GET', { 'sec-purpose': 'prefetch;anonymous-client-ip' }, false],
    ['GET', { purpose: 'Prefetch' }, false],
    ['GET', { purpose: 'checkout' }, true],
  ])('%s %j → %s', (method, headers, expected) => {
    expect(counts(method, headers)).toBe(expected)
  })
})

it('whatever headers come, the consumer accepts the click that the redirect sends', () => {
  const text = anyText({ maxLength: 2_000 })
  const headers = fc.record(
    {
      'user-agent': text,
      referer: fc.oneof(text, fc.webUrl()),
      'cloudfront-viewer-country': fc.oneof(text, fc.constant('DE')),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(headers, (some) => {
      const click = clickOf(LINK, some, 'e-1', NOW)
      expect(clickMessage.parse(JSON.parse(JSON.stringify(click)))).toEqual(JSON.parse(JSON.stringify(click)))
    }),
  )
})

it('keeps a bounded part of the user agent', () => {
  const click = clickOf(LINK, { 'user-agent': 'x'.repeat(MAX_USER_AGENT_LENGTH + 1) }, 'e-1', NOW)
  expect(click.userAgent).toHaveLength(MAX_USER_AGENT_LENGTH)
})

test.each([
  ['https://news.example.org:8443/secret/path?token=1', 'news.example.org'],
  ['android-app://com.example.mail/', 'com.example.mail'],
  ['about:blank', null],
  ['', null],
])('of the referrer %s it keeps the host: %s', (referer, host) => {
  expect(clickOf(LINK, { referer }, 'e-1', NOW).referrerHost).toBe(host)
})

test.each([
  ['version', 2],
  ['eventId', ''],
  ['eventId', 'x'.repeat(129)],
  ['linkId', 'lnk_x'],
  ['occurredAt', 'yesterday'],
  ['occurredAt', '2026-02-30T00:00:00Z'],
  ['userAgent', 'x'.repeat(MAX_USER_AGENT_LENGTH + 1)],
  ['country', 'DEU'],
])('a message with %s %j is poisoned', (field, value) => {
  expect(clickMessage.safeParse({ ...clickOf(LINK, {}, 'e-1', NOW), [field]: value }).success).toBe(false)
})
