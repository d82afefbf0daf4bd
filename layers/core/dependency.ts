/**
 * Which errors of the AWS SDK (v3) and of sockets mean "not now": the request was fine, try again. Names from
 * the services' error pages and from @smithy/core's retry classification. Pure.
 */
import { Problem } from './problem.ts'

/** Throttling and short outages are over within a second or two; more only makes callers wait. */
export const RETRY_AFTER_SECONDS = 2

const UNAVAILABLE_NAMES: ReadonlySet<string> = new Set([
  // Throttling.
  'BandwidthLimitExceeded',
  'EC2ThrottledException',
  'LimitExceededException',
  'PriorRequestNotComplete',
  'ProvisionedThroughputExceededException',
  'RequestLimitExceeded',
  'RequestThrottled',
  'RequestThrottledException',
  'SlowDown',
  'ThrottledException',
  'Throttling',
  'ThrottlingException',
  'TooManyRequestsException',
  'TransactionInProgressException',
  // Outages.
  'InternalError',
  'InternalFailure',
  'InternalServerError',
  'InternalServerErrorException',
  'InternalServiceError',
  'InternalServiceErrorException',
  'ServiceUnavailable',
  'ServiceUnavailableException',
  // Time limits: the SDK's own, and the one that the kit sets on a handler.
  'RequestTimeout',
  'RequestTimeoutException',
  'TimeoutError',
  // Another transaction holds an item.
  'TransactionConflictException',
])

/** Node's codes for a connection that could not be made or broke. */
const UNAVAILABLE_CODES: ReadonlySet<string> = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
])

/** Reasons of a cancelled transaction that the same request may not meet again. */
const PASSING_REASONS: ReadonlySet<string> = new Set([
  'ProvisionedThroughputExceeded',
  'ThrottlingError',
  'TransactionConflict',
])

interface DependencyError {
  readonly name: string
  readonly code?: unknown
  readonly errors?: unknown
  readonly CancellationReasons?: readonly { readonly Code?: string }[]
  readonly $fault?: string
  readonly $metadata?: { readonly httpStatusCode?: number }
  readonly $retryable?: object
}

/** The 503 that the error stands for; undefined when it is something else (a bug, a failed condition). */
export function dependencyProblem(error: unknown): Problem | undefined {
  if (!isUnavailable(error)) return undefined
  return new Problem('dependency_unavailable', `Please try again in ${RETRY_AFTER_SECONDS} seconds.`, {
    headers: { 'retry-after': String(RETRY_AFTER_SECONDS) },
    cause: error,
  })
}

export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const { name, code, errors, CancellationReasons, $fault, $metadata, $retryable } = error as DependencyError
  if (name === 'TransactionCanceledException') return passes(CancellationReasons ?? [])
  // Node tries every address of a host and reports all failures together.
  if (Array.isArray(errors) && errors.length > 0) return errors.every(isUnavailable)
  return (
    UNAVAILABLE_NAMES.has(name) ||
    (typeof code === 'string' && UNAVAILABLE_CODES.has(code)) ||
    $fault === 'server' ||
    $retryable !== undefined ||
    ($metadata?.httpStatusCode ?? 0) >= 500 ||
    $metadata?.httpStatusCode === 429
  )
}

/** Only when nothing but passing reasons cancelled it: a failed condition would fail again, and is the caller's to explain. */
function passes(reasons: readonly { readonly Code?: string }[]): boolean {
  const codes = reasons.map(({ Code }) => Code ?? 'None').filter((code) => code !== 'None')
  return codes.length > 0 && codes.every((code) => PASSING_REASONS.has(code))
}
