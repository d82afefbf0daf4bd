/**
 * The route table of `/v1`: what `stripe-handler.ts` runs, `stripe-api.ts` lists and the generated tests call. A route of
 * its own kind, because forms, errors and idempotency are Stripe's here; permissions are Backlot's, checked by the kit's
 * gate. Types and constructors only.
 */
import * as z from 'zod'
import type { Permission, Principal } from '#core/permissions.ts'
import type { Operation } from '../changes/operation.ts'
import type { Body } from './expand.ts'
import type { StripeErrorFields } from './stripe-error.ts'
import type { StripeServices } from './stripe-services.ts'

export interface StripeRequest<Params> {
  /** Of the path, by name. */
  readonly ids: Readonly<Record<string, string>>
  readonly params: Params
  readonly principal: Principal
  readonly now: Date
}

/** A refusal that is returned keeps its changes (a declined card is a failed charge); one that is thrown has none. */
export type StripeReply = { readonly body: Body } | { readonly refusal: StripeErrorFields }

export interface StripeRoute {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: `/v1/${string}`
  readonly operationId: string
  readonly summary: string
  readonly permission: Permission
  /** A field of the answer that is shown this once: the answer that is kept for an idempotency key lacks it. */
  readonly shownOnce?: string
  /** Of the form or the query, without `expand`. */
  readonly params: z.ZodObject
  /** Called again, with a new operation, when others changed first what it had read. A GET collects no changes. */
  handle(request: StripeRequest<unknown>, services: StripeServices, operation: Operation): Promise<StripeReply>
}

interface StripeRouteDefinition<Params extends z.ZodObject> extends Omit<StripeRoute, 'params' | 'handle'> {
  /** @default none */
  readonly params?: Params
  handle(request: StripeRequest<z.output<Params>>, services: StripeServices, operation: Operation): Promise<StripeReply>
}

const NO_PARAMETERS = z.strictObject({})

/** Infers the parameters' types and forgets them: a table has routes of all kinds. */
export const stripeRoute = <Params extends z.ZodObject = typeof NO_PARAMETERS>(
  definition: StripeRouteDefinition<Params>,
): StripeRoute => ({ ...definition, params: definition.params ?? NO_PARAMETERS })
