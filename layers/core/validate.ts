/**
 * The input of a route, checked against its schemas. Unknown fields of body and query are refused: a misspelt field
 * must not be silently ignored. The body is limited, must say that it is JSON (or a form, on routes for one), and is
 * only read on routes that have one.
 */
import * as z from 'zod'
import type { Exchange, HttpRequest, RouteInput } from './exchange.ts'
import { describeIssue, fieldErrors } from './field-errors.ts'
import { FORM_TYPE, parseFormBody } from './form-body.ts'
import { parseJsonBody } from './json-body.ts'
import { type FieldError, Problem } from './problem.ts'
import type { AnyRoute } from './router.ts'

/** 256 KiB. Far above any object of ours, far below Lambda's 6 MB, small enough to parse within a few milliseconds. */
export const MAX_BODY_BYTES = 256 * 1024

/** `application/json` and the structured suffix (RFC 6839 §3.1), as `application/merge-patch+json`. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/
const UTF8 = /^"?utf-8"?$/i

type Result<T> = { readonly value: T; readonly errors: readonly FieldError[] }

/** Throws 413, 415, 400 `malformed_json`, or 400 `validation_failed` with every fault of path, query and body at once. */
export function validated(exchange: Exchange, route: AnyRoute): RouteInput {
  const params = check(route.params, exchange.rawParams ?? {}, ['path'])
  const query = checkQuery(route, exchange.request)
  const body = checkBody(route, exchange.request)
  const errors = [...params.errors, ...query.errors, ...body.errors]
  if (errors.length > 0) throw new Problem('validation_failed', summary(errors), { errors })
  return { params: params.value, query: query.value, body: body.value }
}

const summary = (errors: readonly FieldError[]): string =>
  errors.length === 1
    ? `1 field is not valid: ${errors[0]?.pointer || 'the body'}`
    : `${errors.length} fields are not valid`

function check(schema: z.ZodType | undefined, value: unknown, base: readonly string[]): Result<unknown> {
  if (schema === undefined) return { value: undefined, errors: [] }
  const result = strict(schema).safeParse(value, { error: describeIssue, reportInput: true })
  return result.success
    ? { value: result.data, errors: [] }
    : { value: undefined, errors: fieldErrors(result.error.issues, base) }
}

const strictForms = new WeakMap<z.ZodType, z.ZodType>()

/** An object schema that says nothing about unknown fields refuses them. One that says something keeps its word. */
function strict(schema: z.ZodType): z.ZodType {
  const known = strictForms.get(schema)
  if (known !== undefined) return known
  const form = schema instanceof z.ZodObject && schema.def.catchall === undefined ? schema.strict() : schema
  strictForms.set(schema, form)
  return form
}

/** A repeated name arrives as an array, so a schema for one text refuses it. A public page ignores a query that it never reads. */
function checkQuery(route: AnyRoute, request: HttpRequest): Result<unknown> {
  if (route.query === undefined && route.permission === 'public') return { value: undefined, errors: [] }
  const query = Object.fromEntries(
    Object.entries(request.query).map(([name, values]) => [name, values.length === 1 ? values[0] : values]),
  )
  const result = check(route.query ?? NO_FIELDS, query, ['query'])
  return route.query === undefined ? { value: undefined, errors: result.errors } : result
}

const NO_FIELDS = z.strictObject({})

function checkBody(route: AnyRoute, request: HttpRequest): Result<unknown> {
  if (route.body === undefined) return { value: undefined, errors: [] }
  if (request.body.byteLength > MAX_BODY_BYTES)
    throw new Problem('body_too_large', `expected at most ${MAX_BODY_BYTES} bytes, got ${request.body.byteLength}`)
  if (request.body.byteLength === 0) return check(route.body, undefined, [])
  checkContentType(request.headers['content-type'], route.form === true ? FORM : JSON_BODY)
  return check(route.body, route.form === true ? parseFormBody(request.body) : parseJsonBody(request.body), [])
}

interface Accepted {
  readonly type: string
  readonly pattern: RegExp
}

const JSON_BODY: Accepted = { type: 'application/json', pattern: JSON_TYPE }
const FORM: Accepted = { type: FORM_TYPE, pattern: /^application\/x-www-form-urlencoded$/ }

function checkContentType(header: string | undefined, accepted: Accepted): void {
  const [type = '', ...parameters] = (header ?? '').split(';').map((part) => part.trim())
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter))?.slice('charset='.length)
  if (accepted.pattern.test(type.toLowerCase()) && (charset === undefined || UTF8.test(charset))) return
  throw new Problem(
    'unsupported_media_type',
    `expected ${accepted.type} in UTF-8, got ${header ?? 'no content type'}`,
    {
      // RFC 9110 §15.5.16: the server can say what it would take.
      headers: { accept: accepted.type },
    },
  )
}
