/**
 * A service's route table: the single source of its routes, permissions, schemas and OpenAPI document.
 * Types and constructors only; `http.ts` runs a table, `openapi.ts` describes it.
 */
import type * as z from 'zod'
import type { Permission, Person, Principal } from './permissions.ts'
import type { ProblemCode } from './problem.ts'
import type { TraceContext } from './trace.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** What a route answers with one status. Without `body` the answer is empty (204). */
export interface Answer {
  readonly description: string
  /** Many routes have this very answer: it stands once among the document's components, by this name. */
  readonly component?: string
  readonly body?: z.ZodType
  /** Default `application/json`; for any other type the body is a string. */
  readonly contentType?: string
  /** Another form of the same answer, a string that the handler names by its own `Content-Type`. */
  readonly otherwise?: { readonly contentType: string; readonly description: string }
  /** Header name → description. */
  readonly headers?: Readonly<Record<string, string>>
}

export type Answers = Readonly<Record<number, Answer>>

/** One declared status with the body of its schema; anything else does not compile. */
export type Reply<A extends Answers> = {
  [Status in keyof A & number]: {
    readonly status: Status
    readonly headers?: Readonly<Record<string, string>>
    /** The object's version, unquoted; the kit sends `ETag` and answers `If-None-Match` with 304. */
    readonly etag?: string
    /** `Set-Cookie` values, made by `cookieJar`. */
    readonly cookies?: readonly string[]
  } & (A[Status] extends { readonly body: infer Body extends z.ZodType }
    ? { readonly body: z.input<Body> }
    : { readonly body?: undefined })
}[keyof A & number]

export interface RouteRequest<Params, Query, Body, Caller> {
  readonly params: Params
  readonly query: Query
  readonly body: Body
  /** Undefined on public routes. Its `workspaceId` is the workspace of the request. */
  readonly principal: Caller
  /** The version that `If-Match` names, unquoted; undefined without the header or for `*`. */
  readonly ifMatch: string | undefined
  /** Header names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** The viewer's address as the edge states it. */
  readonly clientIp: string
  readonly requestId: string
  readonly trace: TraceContext
  /** When the request arrived. */
  readonly now: Date
}

/** Buckets of the rate limit; a route may choose another than its method's default. */
export type RateLimitClass = 'read' | 'write'

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined
type CallerOf<Access> = Access extends 'public' ? undefined : Access extends 'person' ? Person : Principal

/** Who may call a route: a permission in the workspace of the request, whoever is signed in, or everybody. */
export type Access = Permission | 'person' | 'public'

export interface RouteDefinition<
  Services,
  Params extends z.ZodObject | undefined,
  Query extends z.ZodObject | undefined,
  Body extends z.ZodType | undefined,
  A extends Answers,
  Who extends Access,
> {
  readonly method: Method
  /** The public path, as on the edge and behind the API's stage: `/api/links/links/{id}`. GET also answers HEAD. */
  readonly path: `/${string}`
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  /** Checked in one place, before the handler. */
  readonly permission: Who
  readonly params?: Params
  /** Every value arrives as a string: use `z.coerce` or transforms. Unknown names are refused. */
  readonly query?: Query
  readonly body?: Body
  /** The body is an HTML form's instead of JSON. Every value arrives as a string, a repeated name as an array. */
  readonly form?: true
  readonly answers: A
  /** What it can answer beside the problems that every route has. */
  readonly problems?: readonly ProblemCode[]
  readonly rateLimit?: RateLimitClass
  /** Accepts `Idempotency-Key`. Default: every POST with a permission. */
  readonly idempotent?: boolean
  handle(
    request: RouteRequest<Parsed<Params>, Parsed<Query>, Parsed<Body>, CallerOf<Who>>,
    services: Services,
  ): Promise<Reply<NoInfer<A>>>
}

/** A route with its inference done, as the router, the generator and the tests see it. */
export interface Route<Services>
  extends Omit<
    RouteDefinition<Services, z.ZodObject | undefined, z.ZodObject | undefined, z.ZodType | undefined, Answers, Access>,
    'handle'
  > {
  handle(
    request: RouteRequest<unknown, unknown, unknown, Principal | Person | undefined>,
    services: Services,
  ): Promise<AnyReply>
}

export interface AnyReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly etag?: string
  readonly cookies?: readonly string[]
  readonly body?: unknown
}

/** A real request of a route and what it answered, shown in the document. */
export interface OperationExample {
  readonly request?: {
    readonly params?: Readonly<Record<string, unknown>>
    readonly query?: Readonly<Record<string, unknown>>
    readonly body?: unknown
  }
  /** Bodies by status. */
  readonly answers?: Readonly<Record<string, unknown>>
}

/** A service's API: what `http.ts` runs and `openapi.ts` describes. */
export interface ServiceDescription<Services> {
  /** The folder's name, the first segment behind `/api/`. */
  readonly service: string
  readonly title: string
  readonly description: string
  readonly routes: readonly Route<Services>[]
  /** Routes of this service that another of its functions answers with the kit: described like the others, but not routed. */
  readonly beside?: readonly Omit<Route<Services>, 'handle'>[]
  /** Routes of this service that another function answers, without the kit: described, but not routed. */
  readonly elsewhere?: readonly Omit<Route<Services>, 'handle'>[]
  /** By operation id. */
  readonly examples?: Readonly<Record<string, OperationExample>>
}

/**
 * Makes the `route` function of one service: `const route = routeOf<LinksServices>()`.
 * Two steps, because the services are named and the rest is inferred.
 */
export const routeOf =
  <Services>() =>
  <
    const A extends Answers,
    const Who extends Access,
    Params extends z.ZodObject | undefined = undefined,
    Query extends z.ZodObject | undefined = undefined,
    Body extends z.ZodType | undefined = undefined,
  >(
    definition: RouteDefinition<Services, Params, Query, Body, A, Who>,
  ): Route<Services> =>
    definition
