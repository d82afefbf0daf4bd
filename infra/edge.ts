/**
 * The one table of public paths: CloudFront on AWS (`edge-stack.ts`) and the local edge (`local/edge/edge.ts`) are both
 * made from it. Pure: no CDK, no I/O.
 */

/** How CloudFront sends viewers' headers on. */
export type ForwardedHeaders =
  /** Everything but Host, which API Gateway needs for its own name. Includes Authorization. */
  | 'allExceptHost'
  /** What the redirect reads, `REDIRECT_HEADERS`: among it what CloudFront says about the viewer. */
  | 'redirect'

/** `stack` is the construct id; `output` the stack's output that tells where the origin is. */
export type EdgeOrigin =
  /** The output is the REST API's id. */
  | {
      readonly stack: 'Links' | 'Tasks' | 'Schedules' | 'Auth' | 'Etl' | 'Payments' | 'Docs'
      readonly kind: 'api'
      readonly output: string
    }
  /** The output is the function URL; `source` is the function's, whose name CloudFront is allowed to invoke. */
  | { readonly stack: 'Links'; readonly kind: 'functionUrl'; readonly output: string; readonly source: string }

export interface EdgeRoute {
  /** CloudFront's path pattern: `*` is any run of characters, `?` is one; case counts. The first match wins. */
  readonly pattern: string
  readonly origin: EdgeOrigin
  readonly methods: 'all' | 'getAndHead'
  readonly headers: ForwardedHeaders
}

const LINKS_API: EdgeOrigin = { stack: 'Links', kind: 'api', output: 'ApiId' }
const TASKS_API: EdgeOrigin = { stack: 'Tasks', kind: 'api', output: 'ApiId' }
const ETL_API: EdgeOrigin = { stack: 'Etl', kind: 'api', output: 'ApiId' }
const PAYMENTS_API: EdgeOrigin = { stack: 'Payments', kind: 'api', output: 'ApiId' }
const STRIPE_API: EdgeOrigin = { stack: 'Payments', kind: 'api', output: 'StripeApiId' }
const CHECKOUT_API: EdgeOrigin = { stack: 'Payments', kind: 'api', output: 'CheckoutApiId' }
const WEBHOOKS_API: EdgeOrigin = { stack: 'Payments', kind: 'api', output: 'WebhooksApiId' }
const SCHEDULES_API: EdgeOrigin = { stack: 'Schedules', kind: 'api', output: 'ApiId' }
const AUTH_API: EdgeOrigin = { stack: 'Auth', kind: 'api', output: 'ApiId' }
const OAUTH2_API: EdgeOrigin = { stack: 'Auth', kind: 'api', output: 'OAuth2ApiId' }
const DOCS_API: EdgeOrigin = { stack: 'Docs', kind: 'api', output: 'ApiId' }
const REDIRECT: EdgeOrigin = {
  stack: 'Links',
  kind: 'functionUrl',
  output: 'RedirectUrl',
  source: 'functions/links/redirect.lambda.ts',
}

const api = (pattern: string, origin: EdgeOrigin): EdgeRoute => ({
  pattern,
  origin,
  methods: 'all',
  headers: 'allExceptHost',
})

/**
 * In CloudFront's order. The last row is the distribution's default behaviour. `/docs` and `/docs/*` instead of
 * `/docs*`, so that a short link may be called `docs-2027`.
 */
export const EDGE_ROUTES = [
  api('/api/openapi.json', DOCS_API),
  api('/api/docs/*', DOCS_API),
  api('/docs', DOCS_API),
  api('/docs/*', DOCS_API),
  api('/api/links/*', LINKS_API),
  api('/api/tasks/*', TASKS_API),
  api('/api/schedules/*', SCHEDULES_API),
  api('/api/auth/*', AUTH_API),
  api('/auth/*', AUTH_API),
  api('/oauth2/*', OAUTH2_API),
  api('/.well-known/*', OAUTH2_API),
  // Answers 404 where mails are real.
  api('/inbox', TASKS_API),
  api('/inbox/*', TASKS_API),
  api('/api/etl/*', ETL_API),
  api('/api/payments/webhooks/*', WEBHOOKS_API),
  api('/api/payments/*', PAYMENTS_API),
  api('/v1/*', STRIPE_API),
  api('/pay/*', CHECKOUT_API),
  { pattern: '*', origin: REDIRECT, methods: 'getAndHead', headers: 'redirect' },
] as const satisfies readonly EdgeRoute[]

/**
 * What the redirect gets of the viewer, at most ten by CloudFront's quota for one origin request policy:
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html
 * `Sec-Purpose` and `Purpose` mark prefetches, which do not count as clicks. X-Forwarded-For is always there.
 */
export const REDIRECT_HEADERS = [
  'Accept',
  'Accept-Language',
  'Referer',
  'User-Agent',
  'Sec-Purpose',
  'Purpose',
  'traceparent',
  'CloudFront-Viewer-Address',
  'CloudFront-Viewer-Country',
  'CloudFront-Viewer-Country-Region',
] as const

/** The first row whose pattern matches the path. `path` is the URL's path without its query. */
export function edgeRouteFor(path: string, routes: readonly EdgeRoute[] = EDGE_ROUTES): EdgeRoute {
  const route = routes.find(({ pattern }) => matchesPattern(pattern, path))
  if (!route) throw new Error(`expected the edge table to end with the pattern *, but nothing matches ${path}`)
  return route
}

/** CloudFront's wildcards: `*` for zero or more characters, `?` for exactly one; a leading slash may be left out. */
export function matchesPattern(pattern: string, path: string): boolean {
  const rooted = pattern.startsWith('/') || pattern.startsWith('*') ? pattern : `/${pattern}`
  const source = rooted
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${source}$`, 's').test(path)
}
