import { describe, expect, it, test, vi } from 'vitest'
import getEvent from '../../../events/links/redirect.get.json' with { type: 'json' }
import headEvent from '../../../events/links/redirect.head.json' with { type: 'json' }
import urlEvent from '../../../events/links/redirect.url.json' with { type: 'json' }
import type { Click } from '../../../functions/links/clicks/click.ts'
import { AwsCallError } from '../../../functions/links/redirect/aws-call.store.ts'
import { redirect } from '../../../functions/links/redirect/redirect.ts'
import {
  parseRequest,
  prefersHtml,
  type RestEvent,
  type UrlEvent,
} from '../../../functions/links/redirect/redirect-request.ts'
import type { FoundSlug } from '../../../functions/links/redirect/slug.store.ts'
import { createLogger } from '../../../layers/core/log.ts'

const NOW = new Date('2026-11-21T10:15:00.000Z')
const TRACE = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }
const LIVE = {
  kind: 'live',
  slug: 'spring-sale',
  url: 'https://example.com/spring?utm_source=poster',
  linkId: 'lnk_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
  workspaceId: 'wsp_1',
} as const

const REST = getEvent as RestEvent
const HEAD = headEvent as RestEvent
const URL_EVENT = urlEvent as UrlEvent

/** Runs one event against a table that has this under every slug. */
async function follow(event: RestEvent | UrlEvent, found: FoundSlug | Error = LIVE) {
  const clicks: Click[] = []
  const lines: string[] = []
  const findSlug = vi.fn(async (_slug: string) => {
    if (found instanceof Error) throw found
    return found
  })
  const log = createLogger({
    name: 'links/redirect',
    clock: { now: () => NOW },
    write: (line) => lines.push(line),
  }).begin()
  const answer = await redirect(
    parseRequest(event),
    { requestId: 'req-1', now: NOW, trace: TRACE, log },
    {
      findSlug,
      sendClick: async (click) => {
        clicks.push(click)
      },
      afterResponse: { defer: (task) => task.run() },
    },
  )
  log.end()
  return { answer, clicks, findSlug, line: JSON.parse(lines[0] ?? '{}') }
}

const withPath = (path: string): RestEvent => ({ ...REST, path })
const withHeaders = (headers: Record<string, string>): RestEvent => ({
  ...REST,
  headers: { ...REST.headers, ...headers },
})
const withMethod = (httpMethod: string): RestEvent => ({ ...REST, httpMethod })
const asClient = (event: RestEvent): RestEvent => ({ ...event, headers: { ...event.headers, Accept: '*/*' } })

describe('a link', () => {
  test.each([
    ['a REST event', REST],
    ['a function URL event', URL_EVENT],
  ])('redirects, from %s', async (_, event) => {
    const { answer, findSlug } = await follow(event)
    expect(answer).toEqual({
      statusCode: 302,
      headers: {
        Location: 'https://example.com/spring?utm_source=poster',
        'Cache-Control': 'private, no-store',
        'Referrer-Policy': 'strict-origin-when-cross-origin',
        'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
        'X-Content-Type-Options': 'nosniff',
        'X-Frame-Options': 'DENY',
        'X-Robots-Tag': 'noindex',
        'X-Request-Id': 'req-1',
      },
      body: '',
    })
    expect(findSlug).toHaveBeenCalledExactlyOnceWith('spring-sale', NOW)
  })

  test.each([
    ['a REST event', REST],
    ['a function URL event', URL_EVENT],
  ])('sends one click, from %s', async (_, event) => {
    const { clicks } = await follow(event)
    expect(clicks).toEqual([
      {
        version: 1,
        eventId: 'req-1',
        linkId: 'lnk_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
        workspaceId: 'wsp_1',
        slug: 'spring-sale',
        occurredAt: '2026-11-21T10:15:00.000Z',
        userAgent: expect.stringContaining('Chrome/142'),
        referrerHost: 'news.example.org',
        country: 'DE',
      },
    ])
    expect(JSON.stringify(clicks)).not.toContain('203.0.113')
  })

  it('is looked up in its normal form', async () => {
    const { findSlug } = await follow(withPath('/Spring-SALE/'))
    expect(findSlug.mock.calls[0]?.[0]).toBe('spring-sale')
  })

  it('redirects HEAD without counting it', async () => {
    const { answer, clicks } = await follow(HEAD)
    expect(answer.statusCode).toBe(302)
    expect(answer.headers['Location']).toBe(LIVE.url)
    expect(clicks).toEqual([])
  })

  test.each([
    ['Sec-Purpose', 'prefetch'],
    ['sec-purpose', 'prefetch;prerender'],
    ['Purpose', 'prefetch'],
    ['X-Purpose', 'preview'],
    ['X-Moz', 'prefetch'],
  ])('redirects a prefetch without counting it (%s: %s)', async (name, value) => {
    const { answer, clicks } = await follow(withHeaders({ [name]: value }))
    expect(answer.statusCode).toBe(302)
    expect(clicks).toEqual([])
  })

  it('ignores the query: no parameter chooses the target', async () => {
    const event = { ...REST, queryStringParameters: { redir_url: 'https://evil.example' } }
    expect((await follow(event)).answer.headers['Location']).toBe(LIVE.url)
  })

  it('names link and workspace in the log', async () => {
    const { line } = await follow(REST)
    expect(line).toMatchObject({ slug: 'spring-sale', linkId: LIVE.linkId, workspaceId: 'wsp_1', level: 'info' })
  })

  it('counts a visit without user agent and with a broken referrer', async () => {
    const { clicks } = await follow({
      ...REST,
      headers: { Referer: 'not a url', 'CloudFront-Viewer-Country': 'Germany' },
    })
    expect(clicks[0]).toMatchObject({ userAgent: '', referrerHost: null, country: null })
  })
})

describe('no link', () => {
  test.each([
    ['unknown', REST, { kind: 'unknown' }, 404, 'not_found'],
    ['deleted', REST, { kind: 'deleted' }, 410, 'link_gone'],
    ['throttled', REST, new AwsCallError('unavailable', 'ThrottlingException', 'x'), 503, 'dependency_unavailable'],
    ['refused', REST, new AwsCallError('refused', 'AccessDeniedException', 'x'), 500, 'internal_error'],
    ['broken', REST, new SyntaxError('x'), 500, 'internal_error'],
    ['malformed', withPath('/%E0%A4%A'), LIVE, 404, 'not_found'],
    ['POST', withMethod('POST'), LIVE, 405, 'method_not_allowed'],
    ['OPTIONS', withMethod('OPTIONS'), LIVE, 405, 'method_not_allowed'],
  ] as const)('%s: a page for browsers, a problem for clients, both %5$s', async (_, event, found, status, code) => {
    const page = await follow(event, found)
    expect(page.answer.statusCode).toBe(status)
    expect(page.answer.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Cache-Control': 'no-store',
      Vary: 'Accept',
      'X-Request-Id': 'req-1',
      'Content-Security-Policy': expect.stringContaining("default-src 'none'"),
    })
    expect(page.answer.body).toMatch(/<html lang="en">[\s\S]*<title>[^<]+<\/title>[\s\S]*<main>[\s\S]*<h1>/)
    const problem = await follow(asClient(event), found)
    expect(problem.answer.statusCode).toBe(status)
    expect(problem.answer.headers['Content-Type']).toBe('application/problem+json')
    expect(JSON.parse(problem.answer.body)).toMatchObject({
      code,
      status,
      type: `/docs/problems#${code}`,
      instance: 'req-1',
    })
    expect([...page.clicks, ...problem.clicks]).toEqual([])
  })

  it('says when to come back', async () => {
    const { answer, line } = await follow(REST, new AwsCallError('unavailable', 'ThrottlingException', 'slow down'))
    expect(answer.headers['Retry-After']).toBe('2')
    expect(line).toMatchObject({ level: 'warn', error: { code: 'ThrottlingException' } })
  })

  it('says what is allowed', async () => {
    expect((await follow(withMethod('DELETE'))).answer.headers['Allow']).toBe('GET, HEAD')
  })

  it('has no body for HEAD', async () => {
    expect((await follow(HEAD, { kind: 'unknown' })).answer).toMatchObject({ statusCode: 404, body: '' })
  })
})

describe('without a table read', () => {
  test.each([
    ['/', 200, 'text/html; charset=utf-8'],
    ['/robots.txt', 200, 'text/plain; charset=utf-8'],
    ['/favicon.ico', 204, undefined],
    ['/wp-login.php', 404, 'text/html; charset=utf-8'],
    ['/.well-known/security.txt', 404, 'text/html; charset=utf-8'],
    ['/a/b', 404, 'text/html; charset=utf-8'],
  ])('%s → %i', async (path, status, type) => {
    const { answer, findSlug, clicks } = await follow(withPath(path))
    expect(answer.statusCode).toBe(status)
    expect(answer.headers['Content-Type']).toBe(type)
    expect(findSlug).not.toHaveBeenCalled()
    expect(clicks).toEqual([])
  })
})

describe('who prefers a page', () => {
  test.each([
    [undefined, false],
    ['*/*', false],
    ['application/json', false],
    ['text/html', true],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', true],
    ['TEXT/HTML; charset=utf-8', true],
    ['application/json, text/html;q=0.5', false],
    ['application/problem+json;q=0.2, text/html;q=0.3', true],
    ['application/json, text/html', true],
    ['text/html;q=0', false],
    ['text/htmlx', false],
    [',;q=,', false],
  ])('%s → %s', (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected)
  })
})
