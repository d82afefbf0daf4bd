/** The steps of `stripe-handler.ts` before the route, each on one exchange. A step refuses by throwing a StripeError. */
import type { Gate, Refusal } from '#core/gate.ts'
import { isAllowed } from '#core/permissions.ts'
import { type RateLimiter, rateLimited } from '#core/rate-limit.ts'
import type { Router } from '#core/router.ts'
import { bearerOf } from './credentials.ts'
import { expandParameter } from './expand.ts'
import { formOf } from './form.ts'
import { checked } from './parameters.ts'
import { StripeError, shortened } from './stripe-error.ts'
import type { StripeExchange } from './stripe-exchange.ts'
import type { StripeRoute } from './stripe-route.ts'
import { checkVersion } from './version.ts'

export interface Access {
  readonly gate: Gate
  readonly limiter: RateLimiter
}

export function routed(exchange: StripeExchange, router: Router, byOperation: ReadonlyMap<string, StripeRoute>): void {
  const { request, log } = exchange
  const match = router.match(request.method, request.path)
  const route = match.kind === 'found' ? byOperation.get(match.route.operationId) : undefined
  if (match.kind !== 'found' || route === undefined)
    throw new StripeError({
      ...{ status: 404, type: 'invalid_request_error' },
      message: `Unrecognized request URL (${request.method}: ${shortened(request.path)}). See /docs for what Backlot has of Stripe's API.`,
    })
  exchange.stripeRoute = route
  exchange.rawParams = match.params
  log.set({ route: route.operationId })
}

/** Sets the principal. Failed attempts are counted by address, and refused with 429 when there are too many. */
export async function admitted(exchange: StripeExchange, { gate, limiter }: Access): Promise<void> {
  const { request, log, stripeRoute } = exchange
  const admission = await gate.admit(bearerOf(request.headers['authorization']))
  if (admission.kind === 'refused') {
    log.set({ refusal: admission.reason, ...(admission.keyId !== undefined && { principalId: admission.keyId }) })
    const usage = await limiter.hit(`ip#${request.clientIp}`, 'sign_in', log)
    throw usage?.exceeded ? rateLimited(usage) : unauthenticated(admission.reason)
  }
  const { principal } = admission
  log.set({ workspaceId: principal.workspaceId, principalId: principal.id })
  exchange.principal = principal
  if (stripeRoute === undefined || isAllowed(principal, stripeRoute.permission)) return
  throw new StripeError({
    ...{ status: 403, type: 'invalid_request_error', code: 'more_permissions_required' },
    message: `The provided key does not have the required permissions for this endpoint. Having the '${stripeRoute.permission}' permission would allow this request to continue.`,
  })
}

/** From outside all failures of a key look alike; the log has the reason. */
const unauthenticated = (reason: Refusal): StripeError =>
  new StripeError({
    ...{ status: 401, type: 'invalid_request_error' },
    message:
      reason === 'no_credentials'
        ? "You did not provide an API key. You need to provide your API key in the Authorization header, using Bearer auth (e.g. 'Authorization: Bearer YOUR_KEY') or as the user name of Basic auth."
        : 'Invalid API Key provided.',
    headers: { 'www-authenticate': 'Basic realm="Backlot", charset="UTF-8"' },
  })

export async function limited({ stripeRoute, principal, log }: StripeExchange, { limiter }: Access): Promise<void> {
  if (stripeRoute === undefined || principal === undefined) return
  const usage = await limiter.hit(`key#${principal.id}`, stripeRoute.method === 'GET' ? 'read' : 'write', log)
  if (usage?.exceeded) throw rateLimited(usage)
}

export function readParameters(exchange: StripeExchange): void {
  const { request, stripeRoute } = exchange
  if (stripeRoute === undefined) return
  checkVersion(request.headers['stripe-version'])
  const form = formOf(request)
  exchange.form = form
  const { expand, ...params } = checked(stripeRoute.params.extend({ expand: expandParameter }).strict(), form)
  exchange.params = params
  exchange.expand = (expand as readonly string[] | undefined) ?? []
}
