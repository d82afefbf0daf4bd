/**
 * One HTTP request on its way through the kit: what came, what is known about it so far, and what goes back.
 * Types only; `request.ts` makes the request, `http.ts` runs the steps.
 */
import type { InvocationLog } from './log.ts'
import type { Person, Principal } from './permissions.ts'
import type { AnyRoute } from './router.ts'
import type { TraceContext } from './trace.ts'

/** The request, independent of the event format that carried it. */
export interface HttpRequest {
  /** As sent, in upper case; not necessarily one that we know. */
  readonly method: string
  /** Percent-encoded, as sent, with a leading slash and without the stage. */
  readonly path: string
  /** Names in lower case; repeated headers joined by a comma (RFC 9110 §5.2). */
  readonly headers: Readonly<Record<string, string | undefined>>
  /** Decoded; every name with all its values, in order. */
  readonly query: Readonly<Record<string, readonly string[]>>
  readonly body: Uint8Array
  /** The viewer's address as CloudFront states it, else the address that called us. */
  readonly clientIp: string
}

/** What goes back, before headers that every answer has. */
export interface HttpAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** Undefined: no body and no content type. */
  readonly body?: string
  /** `Set-Cookie` values, each a header of its own. */
  readonly cookies?: readonly string[]
}

/** The validated input of a route. */
export interface RouteInput {
  readonly params: unknown
  readonly query: unknown
  readonly body: unknown
}

/** Each step fills in its part, in the order of the fields. */
export interface Exchange {
  readonly request: HttpRequest
  readonly requestId: string
  readonly trace: TraceContext
  readonly now: Date
  readonly log: InvocationLog
  /** Milliseconds until Lambda ends the function. */
  readonly remainingMs: () => number
  /** Headers that the answer carries whatever it will be (rate limits). */
  readonly headers: Record<string, string>
  route?: AnyRoute
  rawParams?: Readonly<Record<string, string>>
  principal?: Principal
  /** Set instead of the principal on routes for whoever is signed in. */
  person?: Person
  input?: RouteInput
}
