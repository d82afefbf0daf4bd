/** The steps of `http.ts` between the request and the route, each on one exchange. A step refuses by throwing a Problem. */
import { preflightHeaders } from './cors.ts'
import { formatEtag, ifMatchVersion } from './etag.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'
import { authorise, type Gate, unauthenticated } from './gate.ts'
import type { Idempotency } from './idempotency.ts'
import type { Permission } from './permissions.ts'
import { Problem } from './problem.ts'
import { problemAnswer } from './problem-answer.ts'
import { type RateLimiter, rateLimited, rateLimitHeaders } from './rate-limit.ts'
import type { AnyReply } from './route.ts'
import type { AnyRoute, Router } from './router.ts'
import { assertSameOrigin } from './same-origin.ts'
import type { SessionGate } from './session-gate.ts'

interface Access {
  readonly gate: Gate
  readonly sessions?: SessionGate
  readonly limiter: RateLimiter
}

/** Finds the route. Answers OPTIONS by itself: with the methods, and to browsers with the preflight headers. */
export function routed(exchange: Exchange, router: Router, origins: readonly string[]): HttpAnswer | undefined {
  const { request, log } = exchange
  const match = router.match(request.method, request.path)
  switch (match.kind) {
    case 'found':
      exchange.route = match.route
      exchange.rawParams = match.params
      log.set({ route: match.route.operationId })
      return undefined
    case 'other_method': {
      const allow = match.allow.join(', ')
      if (request.method === 'OPTIONS')
        return { status: 204, headers: { allow, ...preflightHeaders(request, origins, match.allow) } }
      throw new Problem('method_not_allowed', `expected ${allow}, got ${request.method}`, { headers: { allow } })
    }
    case 'unknown':
      throw new Problem('route_not_found', 'expected a path of this API, see /docs')
    default:
      return match satisfies never
  }
}

/** Sets the principal. Failed attempts are counted by address, and refused with 429 when there are too many. */
export async function admission(
  exchange: Exchange,
  access: Access | undefined,
  origins: readonly string[],
): Promise<void> {
  const permission = exchange.route?.permission
  if (permission === undefined || permission === 'public' || access === undefined) return
  const { request, log } = exchange
  if (permission === 'person' || (request.headers['authorization'] === undefined && access.sessions !== undefined))
    return admitSession(exchange, access, permission, origins)
  const admitted = await access.gate.admit(request.headers['authorization'])
  if (admitted.kind === 'refused') {
    log.set({ refusal: admitted.reason, ...(admitted.keyId !== undefined && { principalId: admitted.keyId }) })
    const usage = await access.limiter.hit(`ip#${request.clientIp}`, 'sign_in', log)
    throw usage?.exceeded ? rateLimited(usage) : unauthenticated(admitted.reason)
  }
  const { principal } = admitted
  log.set({ workspaceId: principal.workspaceId, principalId: principal.id })
  authorise(principal, permission)
  exchange.principal = principal
}

/** A browser's caller: known by its cookie, in the workspace that it names, and never on the word of a foreign page. */
async function admitSession(
  exchange: Exchange,
  access: Access,
  permission: Permission | 'person',
  origins: readonly string[],
): Promise<void> {
  const { request, log } = exchange
  const person = await access.sessions?.person(request.headers['cookie'])
  if (person === undefined) {
    log.set({ refusal: 'no_session' })
    throw unauthenticated('no_credentials')
  }
  log.set({ principalId: person.sessionId })
  if (request.method !== 'GET' && request.method !== 'HEAD') assertSameOrigin(request.headers, origins)
  if (permission === 'person') {
    exchange.person = person
    return
  }
  const principal = await access.sessions?.principal(person, namedWorkspace(request.headers))
  if (principal === undefined)
    throw new Problem('not_found', 'you are in no workspace with the id of Backlot-Workspace')
  log.set({ workspaceId: principal.workspaceId })
  authorise(principal, permission)
  exchange.principal = principal
}

function namedWorkspace(headers: Exchange['request']['headers']): string {
  const id = headers['backlot-workspace']
  if (id !== undefined && id !== '') return id
  throw new Problem('validation_failed', 'expected the header Backlot-Workspace', {
    errors: [{ pointer: '/header/backlot-workspace', code: 'required', detail: 'expected the id of a workspace' }],
  })
}

/** Counts the request. Public routes are not counted: API Gateway's throttling stands before them. */
export async function limited(exchange: Exchange, access: Access | undefined): Promise<void> {
  const { route, principal, person, log } = exchange
  const subject = principal === undefined ? person && `user#${person.userId}` : `key#${principal.id}`
  if (route === undefined || subject === undefined || access === undefined) return
  const limitClass = route.rateLimit ?? (route.method === 'GET' ? 'read' : 'write')
  const usage = await access.limiter.hit(subject, limitClass, log)
  if (usage === undefined) return
  Object.assign(exchange.headers, rateLimitHeaders(usage))
  if (usage.exceeded) throw rateLimited(usage)
}

/** Runs the route; writes that accept an `Idempotency-Key` run at most once for each key. */
export async function answered(exchange: Exchange, idempotency: Idempotency | undefined): Promise<HttpAnswer> {
  const { route, principal, person } = exchange
  const owner = principal?.workspaceId ?? person?.userId
  if (route === undefined) throw new Error('expected the routing step before the route')
  const run = () => runRoute(exchange, route).catch((error: unknown) => problemAnswer(error, exchange))
  const idempotent = route.idempotent ?? route.method === 'POST'
  if (!idempotent || owner === undefined || idempotency === undefined) return run()
  return idempotency.answer(exchange, owner, run)
}

async function runRoute(exchange: Exchange, route: AnyRoute): Promise<HttpAnswer> {
  const { request, principal, input, requestId, trace, now } = exchange
  const reply = await route.handle({
    params: input?.params,
    query: input?.query,
    body: input?.body,
    principal: principal ?? exchange.person,
    // On a read the condition is no store's business: it is answered whole.
    ifMatch: route.method === 'GET' ? undefined : ifMatchVersion(request.headers['if-match']),
    headers: request.headers,
    clientIp: request.clientIp,
    requestId,
    trace,
    now,
  })
  return serialised(route, reply)
}

/**
 * The reply in its declared form: fields that the schema does not name never leave the function. A reply that the route
 * did not declare is our fault, not the caller's, so it throws an ordinary error.
 */
function serialised(route: AnyRoute, reply: AnyReply): HttpAnswer {
  const declared = route.answers[reply.status]
  if (declared === undefined) throw new Error(`expected a declared status of ${route.operationId}, got ${reply.status}`)
  const headers = Object.fromEntries(
    Object.entries(reply.headers ?? {}).map(([name, value]) => [name.toLowerCase(), value]),
  )
  // A version makes the answer storable: the caller asks again with If-None-Match before it uses its copy.
  const versioned =
    reply.etag === undefined ? {} : { etag: formatEtag(reply.etag), 'cache-control': 'private, no-cache' }
  const cookies = reply.cookies === undefined ? {} : { cookies: reply.cookies }
  if (declared.body === undefined) return { status: reply.status, headers: { ...versioned, ...headers }, ...cookies }
  const contentType = declared.contentType ?? 'application/json'
  const body: unknown = declared.body.parse(reply.body)
  return {
    status: reply.status,
    headers: { 'content-type': contentType, ...versioned, ...headers },
    ...cookies,
    body: /json/.test(contentType) && typeof body !== 'string' ? JSON.stringify(body) : String(body),
  }
}
