/**
 * Zod's issues as the API's field errors: a JSON Pointer (RFC 6901), a stable code, and "expected X, got Y".
 * The codes are part of the API; zod's own names and sentences are not. Pure.
 */
import type * as z from 'zod'
import type { FieldError } from './problem.ts'

/** More than this helps nobody, and an answer must not grow with what was sent. */
export const MAX_FIELD_ERRORS = 50
const MAX_QUOTED_CHARACTERS = 60

type RawIssue = z.core.$ZodRawIssue
type Issue = z.core.$ZodIssue

/** RFC 6901 §3: `~` → `~0`, `/` → `~1`. The empty path is the whole document, the empty pointer. */
export const jsonPointer = (path: readonly PropertyKey[]): string =>
  path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The message of an issue; a message given in the schema takes precedence (zod's order of error maps). */
export function describeIssue(issue: RawIssue): string {
  return `expected ${expectation(issue)}, got ${describeValue(issue.input, issue.path ?? [])}`
}

/** `base` is put before every pointer: `['query']`, `['path']`, or nothing for the body. */
export function fieldErrors(issues: readonly Issue[], base: readonly string[] = []): readonly FieldError[] {
  return issues.flatMap((issue) => errorsOf(issue, base)).slice(0, MAX_FIELD_ERRORS)
}

function errorsOf(issue: Issue, base: readonly string[]): readonly FieldError[] {
  const path = [...base, ...issue.path]
  if (issue.code !== 'unrecognized_keys')
    return [{ pointer: jsonPointer(path), code: codeOf(issue), detail: issue.message }]
  return issue.keys.map((key) => ({
    pointer: jsonPointer([...path, key.slice(0, MAX_QUOTED_CHARACTERS)]),
    code: 'unknown_field',
    detail: 'expected only documented fields, got this one',
  }))
}

/** `required`, `invalid_type`, `too_short`, `too_long`, `too_small`, `too_big`, `invalid_format`, `invalid_value`, … */
function codeOf(issue: Issue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'required' : 'invalid_type'
    case 'too_small':
      return hasLength(issue.origin) ? 'too_short' : 'too_small'
    case 'too_big':
      return hasLength(issue.origin) ? 'too_long' : 'too_big'
    case 'custom':
      return typeof issue.params?.['code'] === 'string' ? issue.params['code'] : 'invalid_value'
    case 'unrecognized_keys':
      return 'unknown_field'
    case 'invalid_union':
      return issue.input === undefined ? 'required' : 'invalid_value'
    case 'invalid_value':
      return issue.input === undefined ? 'required' : 'invalid_value'
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_key':
    case 'invalid_element':
      return issue.code
    default:
      return issue satisfies never
  }
}

const hasLength = (origin: string): boolean => ['string', 'array', 'set', 'map', 'file'].includes(origin)

function expectation(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return withArticle(issue.expected)
    case 'too_small':
      return `${issue.inclusive === false ? 'more than' : 'at least'} ${amount(issue.minimum, issue.origin)}`
    case 'too_big':
      return `${issue.inclusive === false ? 'less than' : 'at most'} ${amount(issue.maximum, issue.origin)}`
    case 'invalid_format':
      return issue.format === 'regex' ? `text that matches ${issue.pattern}` : `a valid ${issue.format}`
    case 'invalid_value':
      return issue.values.length === 1
        ? JSON.stringify(issue.values[0])
        : `one of ${issue.values.map((value) => JSON.stringify(value)).join(', ')}`
    case 'not_multiple_of':
      return `a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return 'only documented fields'
    case 'invalid_union':
      return 'one of the documented forms'
    case 'invalid_key':
      return 'valid keys'
    case 'invalid_element':
      return 'valid elements'
    default:
      return 'a valid value'
  }
}

const withArticle = (type: string): string => (/^[aeiou]/.test(type) ? `an ${type}` : `a ${type}`)

function amount(limit: number | bigint, origin: string): string {
  const unit = { string: 'character', array: 'element', set: 'element', map: 'entry', file: 'byte' }[origin]
  if (unit === undefined) return String(limit)
  return `${limit} ${Number(limit) === 1 ? unit : unit === 'entry' ? 'entries' : `${unit}s`}`
}

/** Short texts are quoted, so that the caller sees what arrived; never where the field's name says that it is a secret. */
function describeValue(value: unknown, path: readonly PropertyKey[]): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string') return withArticle(typeof value)
  const secret = /password|secret|token|key/i.test(String(path.at(-1) ?? ''))
  if (secret || value.length > MAX_QUOTED_CHARACTERS) return `a text of ${value.length} characters`
  return JSON.stringify(value)
}
