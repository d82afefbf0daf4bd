/**
 * Types for what arrives as text, and Stripe's words for what is wrong with it. Stripe names one fault at a time: the
 * first. An empty text asks to unset a parameter, which only those allow that are made by `clearable`. Pure.
 */
import * as z from 'zod'
import type { Form } from './form.ts'
import { invalidRequest, type StripeError, shortened } from './stripe-error.ts'

/** Stripe's limit of a text (https://docs.stripe.com/api/customers/create: names, descriptions and the like). */
export const MAX_TEXT = 5_000
/** Longer is no id of ours: the longest prefix and a ULID have 34 characters. */
const MAX_ID = 64

const EMPTY = 'empty'

/** Not empty. */
export const text = (maxLength = MAX_TEXT) =>
  z
    .string()
    .min(1, { error: EMPTY })
    .max(maxLength, { error: `must be at most ${maxLength} characters` })

export const id = text(MAX_ID)

/** An empty text becomes null: the caller unsets the parameter. */
export const clearable = <Schema extends z.ZodType<unknown, string>>(schema: Schema) =>
  z.union([z.literal('').transform(() => null), schema])

/** Sixteen digits hold every safe integer, and the pattern keeps out what `Number` would take for one. */
const INTEGER = /^-?\d{1,16}$/
export const integer = (minimum: number, maximum: number) =>
  z
    .string()
    .min(1, { error: EMPTY })
    .regex(INTEGER, { error: 'integer' })
    .transform(Number)
    .pipe(
      z
        .int()
        .min(minimum, { error: `must be greater than or equal to ${minimum}` })
        .max(maximum, { error: `must be less than or equal to ${maximum}` }),
    )
    .meta({ type: 'integer', minimum, maximum })

export const boolean = z
  .enum(['true', 'false'], { error: 'must be true or false' })
  .transform((word) => word === 'true')

export const choice = <const Words extends readonly [string, ...string[]]>(words: Words) => z.enum(words)

/** Stripe's limits (https://docs.stripe.com/api/metadata). */
export const MAX_METADATA_KEYS = 50
const MAX_METADATA_KEY = 40
const MAX_METADATA_VALUE = 500

/** What a request says about metadata: null removes all, an empty value removes its key. */
export type MetadataChange = Readonly<Record<string, string>> | null

export const metadata = z.union([
  z.literal('').transform(() => null),
  z.record(
    z
      .string()
      .max(MAX_METADATA_KEY, { error: `keys must be at most ${MAX_METADATA_KEY} characters` })
      .regex(/^[^[\]]+$/, { error: 'keys must be without square brackets' }),
    z.string().max(MAX_METADATA_VALUE, { error: `values must be at most ${MAX_METADATA_VALUE} characters` }),
  ),
])

export type Metadata = Readonly<Record<string, string>>

/** Throws 400 beyond 50 keys. */
export function changedMetadata(before: Metadata, change: MetadataChange | undefined): Metadata {
  if (change === undefined) return before
  if (change === null) return {}
  const after = Object.fromEntries(Object.entries({ ...before, ...change }).filter(([, value]) => value !== ''))
  const keys = Object.keys(after).length
  if (keys <= MAX_METADATA_KEYS) return after
  throw invalidRequest(`Metadata may have at most ${MAX_METADATA_KEYS} keys, got ${keys}`, { param: 'metadata' })
}

/** The parameters as the schema says. Throws 400 with the first fault; a name that the schema lacks is one. */
export function checked<Schema extends z.ZodType>(schema: Schema, form: Form): z.output<Schema> {
  const result = schema.safeParse(form, { reportInput: true })
  if (result.success) return result.data
  const issues = result.error.issues.flatMap(flattened)
  // A name that nobody knows is more telling than one that is missing because of it.
  throw faultOf(issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0])
}

type Issue = z.core.$ZodIssue

/** Of alternatives the last one, which is not "empty", has what the caller meant. */
function flattened(issue: Issue): readonly Issue[] {
  if (issue.code !== 'invalid_union') return [issue]
  const meant = issue.errors.at(-1) ?? []
  if (meant.length === 0) return [issue]
  return meant.flatMap((inner) => flattened({ ...inner, path: [...issue.path, ...inner.path] }))
}

/** `line_items[0][price]`. */
export const parameterName = (path: readonly PropertyKey[]): string =>
  path.map((part, index) => (index === 0 ? String(part) : `[${String(part)}]`)).join('')

function faultOf(issue: Issue | undefined): StripeError {
  if (issue === undefined) return invalidRequest('Invalid request')
  if (issue.code === 'unrecognized_keys') {
    const param = parameterName([...issue.path, shortened(issue.keys[0] ?? '')])
    return invalidRequest(`Received unknown parameter: ${param}`, { param, code: 'parameter_unknown' })
  }
  const param = parameterName(issue.path)
  const missing = issue.input === undefined
  if (missing) return invalidRequest(`Missing required param: ${param}.`, { param, code: 'parameter_missing' })
  if (issue.message === EMPTY || issue.input === '')
    return invalidRequest(
      `You passed an empty string for '${param}'. We assume empty values are an attempt to unset a parameter; however '${param}' cannot be unset. You should remove '${param}' from your request or supply a non-empty value.`,
      { param, code: 'parameter_invalid_empty' },
    )
  if (issue.code === 'invalid_value')
    return invalidRequest(
      `Invalid ${param}: ${issue.message === 'must be true or false' ? issue.message : `must be one of ${issue.values.join(', ')}`}`,
      { param },
    )
  if (issue.code === 'invalid_type') return invalidRequest(`Invalid ${expectation(issue)}`, { param })
  if (issue.message === 'integer')
    return invalidRequest(`Invalid integer: ${shortened(JSON.stringify(issue.input).replaceAll('"', ''))}`, {
      param,
      code: 'parameter_invalid_integer',
    })
  return invalidRequest(`Invalid ${param}: ${issue.message}`, { param })
}

function expectation(issue: Extract<Issue, { code: 'invalid_type' }>): string {
  const kinds: Readonly<Record<string, string>> = {
    object: 'object',
    record: 'object',
    array: 'array',
    string: 'string',
  }
  return kinds[issue.expected] ?? issue.expected
}
