/** Runs a route of `/v1`: decide, expand, commit, answer; with an idempotency key at most once (`idempotency.ts`). */
import type { HttpAnswer } from '#core/exchange.ts'
import { formatTraceparent } from '#core/trace.ts'
import type { Changes } from '../changes/changes.ts'
import { API_VERSION, type Cause } from '../changes/stripe-event.ts'
import { expanded } from './expand.ts'
import { expansionsOf } from './expansions.ts'
import {
  COMPLETION_LABEL,
  fingerprint,
  hashOf,
  type KeptAnswer,
  type KeyUse,
  keyOf,
  LEASE_MARGIN_MS,
  stillRunning,
  usedForAnother,
} from './idempotency.ts'
import { lockTimeout, StripeError } from './stripe-error.ts'
import { jsonAnswer, noted, refusalHeaders, refusalText, type StripeExchange } from './stripe-exchange.ts'
import type { StripeReply } from './stripe-route.ts'
import type { StripeServices } from './stripe-services.ts'

interface Outcome {
  readonly answer: KeptAnswer
  readonly headers: Readonly<Record<string, string>>
  /** Whether the answer is already with the change in the table. */
  readonly kept: boolean
}

export async function runRoute(exchange: StripeExchange, services: StripeServices): Promise<HttpAnswer> {
  const key = exchange.request.method === 'POST' ? keyOf(exchange.request.headers['idempotency-key']) : undefined
  if (key === undefined) return plain(await settled(exchange, services, undefined, undefined))
  const use = keyUse(exchange, key)
  const { idempotency } = services
  const lockedUntil = new Date(exchange.now.getTime() + exchange.remainingMs() + LEASE_MARGIN_MS)
  const reservation = await idempotency.reserve(use, exchange.now, lockedUntil)
  switch (reservation.kind) {
    case 'reserved':
      return plain(await reserved(exchange, services, use, key))
    case 'answered': {
      exchange.log.set({ replayed: true })
      const { status, body, requestId } = reservation.answer
      return jsonAnswer(status, body, {
        ...(status >= 400 && { 'stripe-should-retry': 'false' }),
        'idempotent-replayed': 'true',
        'original-request': requestId,
      })
    }
    case 'running':
      throw stillRunning(key)
    case 'other_request':
      throw usedForAnother(key)
    default:
      return reservation satisfies never
  }
}

const plain = ({ answer, headers }: Outcome): HttpAnswer => jsonAnswer(answer.status, answer.body, headers)

function keyUse({ principal, request, form = {}, stripeRequestId: owner }: StripeExchange, key: string): KeyUse {
  if (principal === undefined) throw new Error('expected the gate before the route')
  const { method, path } = request
  return {
    workspaceId: principal.workspaceId,
    keyHash: hashOf(key),
    fingerprint: fingerprint({ method, path, params: form, version: API_VERSION }),
    owner,
  }
}

/** The key is ours: whatever happens, it either has an answer afterwards or is free again. */
async function reserved(
  exchange: StripeExchange,
  services: StripeServices,
  use: KeyUse,
  key: string,
): Promise<Outcome> {
  const outcome = await settled(exchange, services, use, key).catch((error: unknown) => refused(error, exchange))
  if (outcome.kept) return outcome
  // Nothing was decided, or nobody knows whether it was written: with its answer, or not at all.
  if (outcome.headers['stripe-should-retry'] === 'true') await services.idempotency.release(use)
  else if (!(await services.idempotency.complete(use, outcome.answer))) throw stillRunning(key)
  return outcome
}

function refused(error: unknown, exchange: StripeExchange): Outcome {
  const { fields } = noted(error, exchange)
  return { answer: answerOf({ refusal: fields }, exchange), headers: refusalHeaders(fields), kept: false }
}

async function settled(
  exchange: StripeExchange,
  services: StripeServices,
  use: KeyUse | undefined,
  key: string | undefined,
): Promise<Outcome> {
  try {
    return await services.changes.settle(async (changes, lost) => {
      // The lease was over and somebody took the key: what they do is what counts.
      if (key !== undefined && lost.includes(COMPLETION_LABEL)) throw stillRunning(key)
      const reply = await decided(exchange, services, changes)
      const answer = answerOf(reply, exchange)
      const kept = use !== undefined && !changes.isEmpty
      if (kept) changes.also(services.idempotency.completion(use, answerOf(withoutSecret(reply, exchange), exchange)))
      return { answer, headers: 'refusal' in reply ? refusalHeaders(reply.refusal) : {}, kept }
    })
  } catch (error) {
    throw (error as { readonly name?: unknown }).name === 'TransactionConflictException' ? lockTimeout(error) : error
  }
}

async function decided(exchange: StripeExchange, services: StripeServices, changes: Changes): Promise<StripeReply> {
  const { stripeRoute, rawParams = {}, params, principal, now } = exchange
  if (stripeRoute === undefined || principal === undefined)
    throw new Error('expected routing and gate before the route')
  const { ids, random } = services
  const operation = { changes, ids, random, cause: causeOf(exchange) }
  const reply = await stripeRoute.handle({ ids: rawParams, params, principal, now }, services, operation)
  if ('refusal' in reply) {
    noted(new StripeError(reply.refusal), exchange)
    return reply
  }
  const load = expansionsOf(principal.workspaceId, services, changes)
  return { body: await expanded(reply.body, exchange.expand ?? [], load) }
}

function answerOf(reply: StripeReply, exchange: StripeExchange): KeptAnswer {
  const requestId = exchange.stripeRequestId
  if ('refusal' in reply) return { status: reply.refusal.status, body: refusalText(reply.refusal, exchange), requestId }
  return { status: 200, body: JSON.stringify(reply.body), requestId }
}

/** What is shown once is not kept to be shown again. */
function withoutSecret(reply: StripeReply, { stripeRoute }: StripeExchange): StripeReply {
  const name = stripeRoute?.shownOnce
  if (name === undefined || 'refusal' in reply) return reply
  const { [name]: _, ...body } = reply.body
  return { body }
}

const causeOf = ({ request, stripeRequestId, trace, now }: StripeExchange): Cause => ({
  now,
  requestId: stripeRequestId,
  idempotencyKey: (request.method === 'POST' && request.headers['idempotency-key']) || null,
  traceparent: formatTraceparent(trace),
})
