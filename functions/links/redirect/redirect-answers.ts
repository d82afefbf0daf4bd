/** Every answer that the redirect can give, in the form that API Gateway and function URLs both take. Pure. */
import { PROBLEM_CONTENT_TYPE, Problem, type ProblemCode, problemDocument } from '#core/problem.ts'
import { type PageName, pageOf } from './pages.ts'
import { prefersHtml, type RedirectRequest } from './redirect-request.ts'

export interface RedirectAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Throttling of an on-demand table ends within a second or two, as it splits its partitions. */
export const RETRY_AFTER_SECONDS = 2
const ONE_DAY_SECONDS = 86_400

const HTML = 'text/html; charset=utf-8'

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
const FIXED = { ...COMMON, 'Cache-Control': `public, max-age=${ONE_DAY_SECONDS}` }

/** `url` is a WHATWG serialisation, as stored: it holds no line breaks and only ASCII. */
export const redirectTo = (url: string, requestId: string): RedirectAnswer => ({
  statusCode: 302,
  headers: { ...REDIRECT, Location: url, 'X-Request-Id': requestId },
  body: '',
})

/** The problems that a visitor can meet. */
export type RedirectProblem = Extract<ProblemCode, PageName>

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
  const { body, headers } = prefersHtml(request.headers['accept'])
    ? html(code)
    : { body: JSON.stringify(problemDocument(problem, requestId)), headers: { 'Content-Type': PROBLEM_CONTENT_TYPE } }
  return {
    statusCode: problem.status,
    headers: { ...ERROR, ...EXTRA_HEADERS[code], ...headers, 'X-Request-Id': requestId },
    body: request.method === 'HEAD' ? '' : body,
  }
}

/** What every host is asked for, answered without a table read; undefined for other paths. */
export function fixedAnswer({ method, path }: RedirectRequest, requestId: string): RedirectAnswer | undefined {
  const fixed = fixedContent(path)
  if (fixed === undefined) return undefined
  return {
    statusCode: fixed.body === '' ? 204 : 200,
    headers: { ...FIXED, ...fixed.headers, 'X-Request-Id': requestId },
    body: method === 'HEAD' ? '' : fixed.body,
  }
}

interface Content {
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

function fixedContent(path: string): Content | undefined {
  switch (path) {
    case '/':
      return html('home')
    case '/robots.txt':
      return { headers: { 'Content-Type': 'text/plain; charset=utf-8' }, body: ROBOTS }
    case '/favicon.ico':
      // Pages carry their icon within themselves.
      return { headers: {}, body: '' }
    default:
      return undefined
  }
}

function html(page: PageName): Content {
  const { body, headers } = pageOf(page)
  return { body, headers: { ...headers, 'Content-Type': HTML } }
}
