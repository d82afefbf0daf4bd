/**
 * The headers that the kit reads and sends on every route, as components of the OpenAPI document. The kit is what makes
 * them true; `test/answers.ts` checks that it does.
 */
import type { DescribedRoute, HeaderObject, JsonSchema, ParameterObject, Reference } from './openapi-document.ts'
import type { ProblemCode } from './problem.ts'

const TRACEPARENT_SCHEMA: JsonSchema = { type: 'string', pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}' }
const EXAMPLE_TRACEPARENT = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

const header = (description: string, required: boolean, schema: JsonSchema = { type: 'string' }): HeaderObject => ({
  description,
  required,
  schema,
})

export const COMMON_HEADERS = {
  Allow: header('The methods of the path (RFC 9110 §10.2.1).', true),
  'Idempotent-Replayed': header(
    '`true` when this is the stored answer to an earlier request with the same Idempotency-Key.',
    false,
    {
      type: 'string',
      const: 'true',
    },
  ),
  RateLimit: header(
    'What is left of the limit and the seconds until it is full again (draft-ietf-httpapi-ratelimit-headers).',
    false,
  ),
  'RateLimit-Policy': header('The limit and its window in seconds.', false),
  'Retry-After': header('Seconds to wait before the next try (RFC 9110 §10.2.3).', true, {
    type: 'string',
    pattern: '^[0-9]+$',
  }),
  'WWW-Authenticate': header('The scheme to authenticate with (RFC 9110 §11.6.1).', true),
  'X-Request-Id': header('The request id, by which the request is found in the log.', true),
  traceparent: header('The trace of the request (W3C Trace Context).', true, TRACEPARENT_SCHEMA),
} as const satisfies Record<string, HeaderObject>

export type CommonHeader = keyof typeof COMMON_HEADERS

export const COMMON_PARAMETERS: Readonly<Record<string, ParameterObject>> = {
  'Idempotency-Key': {
    name: 'Idempotency-Key',
    in: 'header',
    required: false,
    description:
      'A text of your choice, new for each new request. The same key with the same request gives the stored answer instead of doing the work again, for 24 hours.',
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    example: '3f2b6d1e-4c1a-4e58-9d53-2f0f3e6c9a10',
  },
  'If-Match': {
    name: 'If-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of the version that you read. When the object has changed since, nothing is done and the answer is 412.',
    schema: { type: 'string' },
    example: '"1"',
  },
  'If-None-Match': {
    name: 'If-None-Match',
    in: 'header',
    required: false,
    description:
      'The ETag of the version that you have. When it is still the current one, the answer is 304 without a body.',
    schema: { type: 'string' },
    example: '"1"',
  },
  traceparent: {
    name: 'traceparent',
    in: 'header',
    required: false,
    description: 'Your trace (W3C Trace Context); ours continues it.',
    schema: TRACEPARENT_SCHEMA,
    example: EXAMPLE_TRACEPARENT,
  },
}

const referencesTo = (names: readonly CommonHeader[]): Readonly<Record<string, Reference>> =>
  Object.fromEntries(names.map((name) => [name, { $ref: `#/components/headers/${name}` }]))

const RATE_LIMIT_HEADERS = ['RateLimit', 'RateLimit-Policy'] as const

/** What is refused before the request is counted. */
const BEFORE_LIMIT: readonly ProblemCode[] = [
  'unauthenticated',
  'permission_denied',
  'route_not_found',
  'method_not_allowed',
]

/** What a route can decide itself: such an answer is stored under an Idempotency-Key, and replayed. */
const DECIDED: readonly ProblemCode[] = [
  'validation_failed',
  'not_found',
  'slug_taken',
  'conflict',
  'link_gone',
  'precondition_failed',
]

/** What the kit adds to the answers that the route describes. */
export function answerHeaders(route: DescribedRoute, replayable: boolean): Readonly<Record<string, Reference>> {
  if (route.outsideKit) return {}
  return referencesTo([
    'X-Request-Id',
    'traceparent',
    ...(route.permission === 'public' ? [] : RATE_LIMIT_HEADERS),
    ...(replayable ? (['Idempotent-Replayed'] as const) : []),
  ])
}

/** Codes that say when to try again. */
const RETRY_AFTER_CODES: readonly ProblemCode[] = ['rate_limited', 'dependency_unavailable', 'idempotency_in_progress']

/** What stands on a problem with any of the codes. */
export const problemHeaders = (
  codes: readonly ProblemCode[],
  { outsideKit }: Pick<DescribedRoute, 'outsideKit'> = {},
): Readonly<Record<string, Reference>> =>
  referencesTo([
    'X-Request-Id',
    ...(outsideKit ? [] : (['traceparent'] as const)),
    ...(codes.includes('method_not_allowed') ? (['Allow'] as const) : []),
    ...(codes.includes('unauthenticated') ? (['WWW-Authenticate'] as const) : []),
    ...(outsideKit || codes.every((code) => BEFORE_LIMIT.includes(code)) ? [] : RATE_LIMIT_HEADERS),
    ...(!outsideKit && codes.some((code) => DECIDED.includes(code)) ? (['Idempotent-Replayed'] as const) : []),
    ...(codes.every((code) => RETRY_AFTER_CODES.includes(code)) ? (['Retry-After'] as const) : []),
  ])
