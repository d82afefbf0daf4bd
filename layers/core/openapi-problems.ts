/**
 * Which problems a route can answer, derived from its table entry, and how they stand in the OpenAPI document.
 * What every path answers without being an operation of it (404 `route_not_found`, 405 `method_not_allowed`) is
 * described once, in `components.responses`.
 */
import type { DescribedRoute, JsonSchema, ResponseObject } from './openapi-document.ts'
import { problemHeaders } from './openapi-headers.ts'
import { PROBLEM_CONTENT_TYPE, PROBLEMS, type ProblemCode } from './problem.ts'
import { PROBLEM_GUIDE } from './problem-guide.ts'

const ALL_CODES = Object.keys(PROBLEMS) as ProblemCode[]

/** DESIGN: writes accept `Idempotency-Key`. A route says otherwise by `idempotent`. */
export const acceptsIdempotencyKey = (route: DescribedRoute): boolean =>
  route.idempotent ?? (route.method === 'POST' && route.permission !== 'public')

/** `If-Match` is for routes that can answer that it failed. */
export const acceptsIfMatch = (route: DescribedRoute): boolean =>
  route.problems?.includes('precondition_failed') ?? false

/** `If-None-Match` is for routes that describe an `ETag` on what they answer. */
export const acceptsIfNoneMatch = (route: DescribedRoute): boolean =>
  route.method === 'GET' && Object.keys(route.answers[200]?.headers ?? {}).some((name) => name.toLowerCase() === 'etag')

/** Every code that the route can answer: those that it declares and those that follow from what it accepts. Sorted as the table is. */
export function problemsOf(route: DescribedRoute): readonly ProblemCode[] {
  const codes = new Set<ProblemCode>(route.problems ?? [])
  if (route.outsideKit) return ALL_CODES.filter((code) => codes.has(code))
  const add = (condition: boolean, ...more: ProblemCode[]) => {
    if (condition) for (const code of more) codes.add(code)
  }
  const keyed = route.permission !== 'public'
  const forPersons = route.permission === 'person'
  const takesInput = route.params !== undefined || route.query !== undefined || route.body !== undefined
  add(true, 'internal_error')
  // Public routes are not counted, and look up nothing on their own.
  add(keyed, 'unauthenticated', 'rate_limited', 'dependency_unavailable')
  add(keyed && !forPersons, 'permission_denied')
  add(forPersons && route.method !== 'GET', 'cross_site_request')
  // Unknown query names are refused on every route but public ones without a query of their own.
  add(takesInput || keyed, 'validation_failed')
  add(route.body !== undefined, route.form === true ? 'malformed_form' : 'malformed_json')
  add(route.body !== undefined, 'body_too_large', 'unsupported_media_type')
  add(acceptsIdempotencyKey(route), 'idempotency_in_progress', 'idempotency_key_reused')
  return ALL_CODES.filter((code) => codes.has(code))
}

/** The document form of `ProblemDocument` in problem.ts (RFC 9457 §3, with the extensions `code` and `errors`). */
export const PROBLEM_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'A problem document (RFC 9457).',
  properties: {
    type: { type: 'string', format: 'uri-reference', description: 'Where the code is described.' },
    title: { type: 'string', description: 'What the code means, the same for every occurrence.' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
    detail: { type: 'string', description: 'What happened this time, for a person to read.' },
    code: { type: 'string', enum: ALL_CODES, description: 'The stable name of the problem, for a program to test.' },
    instance: { type: 'string', description: 'The request id, as in the X-Request-Id header.' },
    errors: {
      type: 'array',
      items: { $ref: '#/components/schemas/FieldError' },
      description: 'Every fault of the input.',
    },
  },
  required: ['type', 'title', 'status', 'detail', 'code', 'instance'],
}

export const FIELD_ERROR_SCHEMA: JsonSchema = {
  type: 'object',
  description: 'One fault of the input.',
  properties: {
    pointer: {
      type: 'string',
      description: 'A JSON Pointer (RFC 6901) into the body, or /query/…, /path/…, /header/….',
    },
    code: { type: 'string', description: 'The stable name of the fault.' },
    detail: { type: 'string', description: 'What was expected and what came.' },
  },
  required: ['pointer', 'code', 'detail'],
}

const EXAMPLE_REQUEST_ID = '7c0f6f0e-3f0a-4c3b-9c39-6a3a5f3f8f52'

/** `unauthenticated` → `Unauthenticated`; several codes of one status share a response named after all of them. */
const responseName = (codes: readonly ProblemCode[]): string =>
  codes.map((code) => code.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())).join('Or')

/** One response for each status among the codes, named so that equal ones are shared as components. Sorted by status. */
export function problemResponses(
  codes: readonly ProblemCode[],
  route: Pick<DescribedRoute, 'outsideKit'> = {},
): { readonly status: number; readonly name: string; readonly response: ResponseObject }[] {
  const byStatus = Map.groupBy(codes, (code) => PROBLEMS[code].status)
  return [...byStatus]
    .map(([status, group]) => ({ status, name: responseName(group), response: problemResponse(status, group, route) }))
    .sort((a, b) => a.status - b.status)
}

function problemResponse(
  status: number,
  codes: readonly ProblemCode[],
  route: Pick<DescribedRoute, 'outsideKit'>,
): ResponseObject {
  return {
    description: codes.map((code) => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
    headers: problemHeaders(codes, route),
    content: {
      [PROBLEM_CONTENT_TYPE]: {
        schema: {
          allOf: [{ $ref: '#/components/schemas/Problem' }],
          properties: { status: { const: status }, code: { enum: codes } },
        },
        examples: Object.fromEntries(codes.map((code) => [code, { value: exampleOf(code) }])),
      },
    },
  }
}

const exampleOf = (code: ProblemCode): unknown => ({
  type: `/docs/problems#${code}`,
  title: PROBLEMS[code].title,
  status: PROBLEMS[code].status,
  detail: PROBLEM_GUIDE[code].example,
  code,
  instance: EXAMPLE_REQUEST_ID,
  ...(code === 'validation_failed' && {
    errors: [{ pointer: '/url', code: 'invalid_format', detail: 'expected a URL, got "htp:/example.com"' }],
  }),
})
