/** Every answer that the redirect can give, in the form that API Gateway and function URLs both take. Pure. */
import { PROBLEM_CONTENT_TYPE, Problem, type ProblemCode, problemDocument } from '#core/problem.ts'
import { PAGE_CONTENT_SECURITY_POLICY, PAGES } from './pages.ts'
import { prefersHtml, type RedirectRequest } from './redirect-request.ts'

export interface RedirectAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Seconds. Throttling of an on-demand table ends within a second or two as it splits its partitions. */
export const RETRY_AFTER_SECONDS = 2
const ONE_DAY_SECONDS = 86_400

const HTML = 'text/html; charset=utf-8'
const PLAIN_TEXT = 'text/plain; charset=utf-8'

/** Crawlers may follow links, so that previews and rankings reach the targets, but have no business in the API. */
const ROBOTS = 'User-agent: *\nDisallow: /api/\n'

/**
 * On everything. The referrer that a target sees is the linking page's origin, never its path. Short URLs are kept
 * out of search results, in which the target belongs.
 */
const COMMON = {
  'Strict-Transport-Security': 'max-age=63072000; includeSubDomains',
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'X-Robots-Tag': 'noindex',
  'Referrer-Policy': 'strict-origin-when-cross-origin',
}

/** A redirect that is kept anywhere hides later visits and later changes of the target. */
const REDIRECT = { ...COMMON, 'Cache-Control': 'private, no-store' }
const ERROR = { ...COMMON, 'Cache-Control': 'no-store', Vary: 'Accept' }

/** `url` is a WHATWG serialisation, as stored: it holds no line breaks and only ASCII. */
export const redirectTo = (url: string, requestId: string): RedirectAnswer => ({
  statusCode: 302,
  headers: { ...REDIRECT, Location: url, 'X-Request-Id': requestId },
  body: '',
})

/** The problems that a visitor can meet. */
export type RedirectProblem = Extract<ProblemCode, keyof typeof PAGES>

const DETAILS: Readonly<Record<RedirectProblem, string>> = {
  not_found: 'no link has this slug',
  link_gone: 'the link with this slug was deleted',
  method_not_allowed: 'expected GET or HEAD',
  internal_error: 'the request failed; the log has the reason under this request id',
  dependency_unavailable: 'the table of links does not answer; try again in a moment',
}

const EXTRA_HEADERS: Partial<Record<RedirectProblem, Readonly<Record<string, string>>>> = {
  method_not_allowed: { Allow: 'GET, HEAD' },
  dependency_unavailable: { 'Retry-After': String(RETRY_AFTER_SECONDS) },
}

/** A page for browsers, problem+json (RFC 9457) for everyone else; without a body for HEAD. */
export function refuse(code: RedirectProblem, request: RedirectRequest, requestId: string): RedirectAnswer {
  const problem = new Problem(code, DETAILS[code])
  const html = prefersHtml(request.headers['accept'])
  const headers = {
    ...ERROR,
    ...EXTRA_HEADERS[code],
    'Content-Type': html ? HTML : PROBLEM_CONTENT_TYPE,
    ...(html && { 'Content-Security-Policy': PAGE_CONTENT_SECURITY_POLICY }),
    'X-Request-Id': requestId,
  }
  const body = html ? PAGES[code] : JSON.stringify(problemDocument(problem, requestId))
  return { statusCode: problem.status, headers, body: request.method === 'HEAD' ? '' : body }
}

const CACHED = { ...COMMON, 'Cache-Control': `public, max-age=${ONE_DAY_SECONDS}` }
const FIXED: ReadonlyMap<string, RedirectAnswer> = new Map([
  [
    '/',
    {
      statusCode: 200,
      headers: { ...CACHED, 'Content-Type': HTML, 'Content-Security-Policy': PAGE_CONTENT_SECURITY_POLICY },
      body: PAGES.home,
    },
  ],
  ['/robots.txt', { statusCode: 200, headers: { ...CACHED, 'Content-Type': PLAIN_TEXT }, body: ROBOTS }],
  ['/favicon.ico', { statusCode: 204, headers: CACHED, body: '' }],
])

/** What every host is asked for, answered without a table read; undefined for other paths. */
export function fixedAnswer({ method, path }: RedirectRequest, requestId: string): RedirectAnswer | undefined {
  const fixed = FIXED.get(path)
  if (fixed === undefined) return undefined
  const { statusCode, headers, body } = fixed
  return { statusCode, headers: { ...headers, 'X-Request-Id': requestId }, body: method === 'HEAD' ? '' : body }
}
