/**
 * The HTTP wrapper: runs a service's route table behind API Gateway REST and function URLs. A pipeline:
 * 1. request and trace are read, the log line is begun
 * 2. routing: 404, 405 with `Allow`, OPTIONS and preflight
 * 3. gate: authentication 401, permission 403
 * 4. rate limit: 429
 * 5. validation: 413, 415, 400
 * 6. idempotency around the route: replay, 409, 422
 * 7. the answer is checked against the route's schema; ETag and 304
 * 8. any error becomes a problem document
 * 9. headers of every answer; HEAD loses its body; the log line is written
 * Never decides anything about a service: that is in the table.
 */
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Clock } from './clock.ts'
import { conditional } from './etag.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'
import type { Gate } from './gate.ts'
import { admission, answered, limited, routed } from './http-steps.ts'
import type { Idempotency } from './idempotency.ts'
import { createLogger, type Logger, type WriteLine } from './log.ts'
import { problemAnswer } from './problem-answer.ts'
import { hexFrom, type Random } from './random.ts'
import type { RateLimiter } from './rate-limit.ts'
import { httpRequestOf } from './request.ts'
import { finished, type LambdaHttpResult } from './response.ts'
import type { ServiceDescription } from './route.ts'
import { createRouter } from './router.ts'
import { bindRoutes, serviceRoutes } from './service-routes.ts'
import type { SessionGate } from './session-gate.ts'
import { continueTrace } from './trace.ts'
import { validated } from './validate.ts'

/** What the wrapper needs. `createKit` makes all of it; a function with public routes only does without the access part. */
export interface HttpKit {
  readonly clock: Clock
  readonly random: Random
  /** Origins whose scripts may read the answers. */
  readonly origins: readonly string[]
  readonly access?: {
    readonly gate: Gate
    /** Callers with a cookie instead of a key; only where people sign in. */
    readonly sessions?: SessionGate
    readonly limiter: RateLimiter
    readonly idempotency: Idempotency
  }
  /** Default: standard output. */
  readonly writeLog?: WriteLine
}

export interface HttpHandlerOptions<Services> {
  readonly description: ServiceDescription<Services>
  /** Of the function, in its log. @default `<service>/api` */
  readonly name?: string
  readonly services: Services
  readonly kit: HttpKit
}

export type HttpHandler = (event: unknown, context: Context) => Promise<LambdaHttpResult>

/** Answer while there is still time to write the log line and send the answer. */
const TIMEOUT_MARGIN_MS = 250

/** Throws at cold start for a table that can't work: two routes alike, or a permission without the access part. */
export function httpHandler<Services>({ description, name, services, kit }: HttpHandlerOptions<Services>): HttpHandler {
  const routes = [...bindRoutes(description.routes, services), ...serviceRoutes(description, kit.origins[0])]
  const guarded = routes.find(({ permission }) => permission !== 'public')
  if (guarded !== undefined && kit.access === undefined)
    throw new Error(`expected a kit with access for ${guarded.operationId}, got one for public routes only`)
  const run = pipeline(createRouter(routes), kit)
  const logger = createLogger({
    name: name ?? `${description.service}/api`,
    clock: kit.clock,
    ...(kit.writeLog !== undefined && { write: kit.writeLog }),
  })
  return async (event, context) => {
    const exchange = open(event, context, kit, logger)
    // Middy's promise rejects only for a fault of the pipeline itself.
    const answer = await run(exchange, context).catch((error: unknown) => problemAnswer(error, exchange))
    return close(exchange, answer, kit)
  }
}

function pipeline(router: ReturnType<typeof createRouter>, kit: HttpKit) {
  return middy<Exchange, HttpAnswer>({ timeoutEarlyInMillis: TIMEOUT_MARGIN_MS })
    .use({
      onError: (request) => {
        request.response = problemAnswer(request.error, request.event)
      },
    })
    .before(({ event }) => routed(event, router, kit.origins))
    .before(({ event }) => admission(event, kit.access, kit.origins))
    .before(({ event }) => limited(event, kit.access))
    .before(({ event }) => {
      if (event.route !== undefined) event.input = validated(event, event.route)
    })
    .after((request) => {
      const { method, headers } = request.event.request
      if (request.response && (method === 'GET' || method === 'HEAD'))
        request.response = conditional(request.response, headers['if-none-match'])
    })
    .handler((exchange) => answered(exchange, kit.access?.idempotency)) as unknown as (
    exchange: Exchange,
    context: Context,
  ) => Promise<HttpAnswer>
}

function open(event: unknown, context: Context, kit: HttpKit, logger: Logger): Exchange {
  const request = httpRequestOf(event)
  const trace = continueTrace(request.headers['traceparent'], hexFrom(kit.random))
  const requestId = context.awsRequestId
  return {
    request,
    requestId,
    trace,
    now: kit.clock.now(),
    log: logger.begin({ requestId, traceId: trace.traceId, method: request.method }),
    remainingMs: () => context.getRemainingTimeInMillis(),
    headers: {},
  }
}

function close(exchange: Exchange, answer: HttpAnswer, kit: HttpKit): LambdaHttpResult {
  exchange.log.set({ status: answer.status })
  exchange.log.metric('serverErrors', answer.status >= 500 ? 1 : 0)
  exchange.log.end()
  return finished(exchange, answer, kit.origins)
}
