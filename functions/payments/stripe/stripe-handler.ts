/**
 * `/v1` behind API Gateway, on the kit's parts but with Stripe's manners. A pipeline:
 * 1. request and trace are read, the log line is begun
 * 2. routing: 404, which is what Stripe answers to a wrong method too
 * 3. gate: authentication 401, permission 403
 * 4. rate limit: 429
 * 5. version, form, parameters: 400, 413
 * 6. the route, around it the idempotency key: replay, 400, 409 (`stripe-run.ts`)
 * 7. any error becomes Stripe's error object
 * 8. headers of every answer; the log line is written
 */
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Clock } from '#core/clock.ts'
import type { Exchange, HttpAnswer } from '#core/exchange.ts'
import { createLogger, type WriteLine } from '#core/log.ts'
import { hexFrom, type Random } from '#core/random.ts'
import { httpRequestOf } from '#core/request.ts'
import { finished, type LambdaHttpResult } from '#core/response.ts'
import { createRouter } from '#core/router.ts'
import { continueTrace } from '#core/trace.ts'
import { API_VERSION } from '../changes/stripe-event.ts'
import { errorAnswer, type StripeExchange } from './stripe-exchange.ts'
import type { StripeRoute } from './stripe-route.ts'
import { runRoute } from './stripe-run.ts'
import type { StripeServices } from './stripe-services.ts'
import { type Access, admitted, limited, readParameters, routed } from './stripe-steps.ts'

export interface StripeHandlerOptions {
  readonly routes: readonly StripeRoute[]
  readonly services: StripeServices
  readonly access: Access
  readonly clock: Clock
  readonly random: Random
  readonly writeLog?: WriteLine
}

/** Answer while there is still time to write the log line and send the answer. */
const TIMEOUT_MARGIN_MS = 250

export function stripeHandler({ routes, services, access, clock, random, writeLog }: StripeHandlerOptions) {
  const logger = createLogger({ name: 'payments/stripe', clock, ...(writeLog !== undefined && { write: writeLog }) })
  const run = pipeline(routes, services, access)
  const randomHex = hexFrom(random)
  return async (event: unknown, context: Context): Promise<LambdaHttpResult> => {
    const request = httpRequestOf(event)
    const trace = continueTrace(request.headers['traceparent'], randomHex)
    const requestId = context.awsRequestId
    const exchange: StripeExchange = {
      ...{ request, requestId, trace, now: clock.now(), headers: {} },
      log: logger.begin({ requestId, traceId: trace.traceId, method: request.method }),
      remainingMs: () => context.getRemainingTimeInMillis(),
      stripeRequestId: `req_${requestId.replaceAll('-', '')}`,
      publicOrigin: services.publicOrigin,
    }
    const answer = await run(exchange, context).catch((error: unknown) => errorAnswer(error, exchange))
    return close(exchange, answer)
  }
}

type Run = (exchange: StripeExchange, context: Context) => Promise<HttpAnswer>

function pipeline(routes: readonly StripeRoute[], services: StripeServices, access: Access): Run {
  // The kit's router finds the operation; what runs is ours.
  const router = createRouter(
    routes.map((route) => ({ ...route, params: undefined, answers: {}, handle: unreachable })),
  )
  const byOperation = new Map(routes.map((route) => [route.operationId, route]))
  return middy<StripeExchange, HttpAnswer>({ timeoutEarlyInMillis: TIMEOUT_MARGIN_MS })
    .use({
      onError: (request) => {
        request.response = errorAnswer(request.error, request.event)
      },
    })
    .before(({ event }) => routed(event, router, byOperation))
    .before(({ event }) => admitted(event, access))
    .before(({ event }) => limited(event, access))
    .before(({ event }) => readParameters(event))
    .handler((exchange) => runRoute(exchange, services))
}

const unreachable = async (): Promise<never> => {
  throw new Error('expected the pipeline of /v1 to run its own routes')
}

function close(exchange: StripeExchange, answer: HttpAnswer): LambdaHttpResult {
  const { request, log, stripeRequestId } = exchange
  log.set({ status: answer.status })
  log.metric('serverErrors', answer.status >= 500 ? 1 : 0)
  log.end()
  const key = request.headers['idempotency-key']
  const headers = {
    'content-type': 'application/json',
    'request-id': stripeRequestId,
    'stripe-version': API_VERSION,
    ...(key !== undefined && request.method === 'POST' && { 'idempotency-key': printable(key) }),
    ...answer.headers,
  }
  // No origin's scripts may read the answers: a secret key belongs on no page.
  return finished(exchange satisfies Exchange, { ...answer, headers }, [])
}

/** A header's value goes back as it came, but for what could begin another header. */
const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?')
