/**
 * Every error that a Backlot API answers: one table `code → status → title`, served as `application/problem+json`
 * (RFC 9457). `detail` and `errors` are public; `cause` is for the log only and never leaves the function.
 */
export const PROBLEMS = {
  malformed_json: { status: 400, title: 'The body is not valid JSON' },
  malformed_form: { status: 400, title: 'The body is not a valid form' },
  validation_failed: { status: 400, title: 'The request is not valid' },
  invalid_cursor: { status: 400, title: 'The cursor is not one that this list gave out' },
  query_invalid: { status: 400, title: 'The query can not be run' },
  webhook_unverified: { status: 400, title: 'The signature of the webhook could not be verified' },
  unauthenticated: { status: 401, title: 'A valid API key is required' },
  permission_denied: { status: 403, title: 'The API key lacks the permission' },
  cross_site_request: { status: 403, title: 'The request does not come from a page of this site' },
  role_above_yours: { status: 403, title: 'The role is above your own' },
  not_found: { status: 404, title: 'There is no such object' },
  route_not_found: { status: 404, title: 'There is no such route' },
  method_not_allowed: { status: 405, title: 'The route does not have this method' },
  slug_taken: { status: 409, title: 'The slug is already in use' },
  dataset_exists: { status: 409, title: 'The workspace has a dataset of this name' },
  dataset_built_in: { status: 409, title: 'The dataset belongs to Backlot' },
  last_owner: { status: 409, title: 'A workspace keeps at least one owner' },
  idempotency_in_progress: { status: 409, title: 'A request with this Idempotency-Key is still running' },
  conflict: { status: 409, title: 'The object changed at the same moment' },
  task_state: { status: 409, title: 'The task is in another state' },
  schedule_state: { status: 409, title: 'The schedule is in another state' },
  run_state: { status: 409, title: 'The run is in another state' },
  schedule_limit: { status: 409, title: 'The workspace has as many schedules as it may' },
  webhook_limit: { status: 409, title: 'The workspace has as many webhook sources or endpoints as it may' },
  payment_state: { status: 409, title: 'The payment is in another state' },
  link_gone: { status: 410, title: 'The link was deleted' },
  precondition_failed: { status: 412, title: 'The object changed since it was read' },
  body_too_large: { status: 413, title: 'The body is too large' },
  unsupported_media_type: { status: 415, title: 'The content type is not supported' },
  idempotency_key_reused: { status: 422, title: 'The Idempotency-Key was used for another request' },
  query_limit_exceeded: { status: 422, title: 'The query needs more than a query may use' },
  rate_limited: { status: 429, title: 'Too many requests' },
  internal_error: { status: 500, title: 'Something went wrong on our side' },
  dependency_unavailable: { status: 503, title: 'A service that this request needs is not available' },
} as const satisfies Record<string, { status: number; title: string }>

export type ProblemCode = keyof typeof PROBLEMS

/** One fault of the input. `pointer` is an RFC 6901 JSON Pointer into body, or `/query/x`, `/path/x`, `/header/x`. */
export interface FieldError {
  readonly pointer: string
  readonly code: string
  readonly detail: string
}

export interface ProblemOptions {
  readonly errors?: readonly FieldError[]
  readonly headers?: Readonly<Record<string, string>>
  /** Private: goes to the log. */
  readonly cause?: unknown
}

/** Thrown (or returned by a decision) to end a request with a problem document. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly code: ProblemCode
  readonly detail: string
  readonly errors: readonly FieldError[]
  readonly headers: Readonly<Record<string, string>>

  constructor(code: ProblemCode, detail: string, options: ProblemOptions = {}) {
    super(`${code}: ${detail}`, options.cause === undefined ? undefined : { cause: options.cause })
    this.code = code
    this.detail = detail
    this.errors = options.errors ?? []
    this.headers = options.headers ?? {}
  }

  get status(): number {
    return PROBLEMS[this.code].status
  }
}

export const PROBLEM_CONTENT_TYPE = 'application/problem+json'

/** The wire form. `type` is a URI reference to the code's description in the API reference. */
export interface ProblemDocument {
  readonly type: string
  readonly title: string
  readonly status: number
  readonly detail: string
  readonly code: ProblemCode
  readonly instance: string
  readonly errors?: readonly FieldError[]
}

export function problemDocument(problem: Problem, requestId: string): ProblemDocument {
  const { status, title } = PROBLEMS[problem.code]
  return {
    type: `/docs/problems#${problem.code}`,
    title,
    status,
    detail: problem.detail,
    code: problem.code,
    instance: requestId,
    ...(problem.errors.length > 0 && { errors: problem.errors }),
  }
}
