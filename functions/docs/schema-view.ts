/** A JSON Schema as a list of fields that a person can read. Pure. */
import { type Html, html } from '#core/html.ts'
import { type JsonSchema, type OpenApiDocument, resolveReference } from '#core/openapi-document.ts'

/** Deeper fields are named by their type only: a reference that goes on for ever helps nobody. */
const MAX_DEPTH = 6

/** What is sent says what is required and its limits; what is received says what may be absent. */
export type Direction = 'sent' | 'received'

export interface View {
  readonly document: OpenApiDocument
  readonly direction: Direction
}

/** The fields of an object, or of the elements of an array; nothing for schemas without fields. */
export function schemaView(view: View, schema: JsonSchema, depth = 0): Html | undefined {
  const fields = fieldsOf(view.document, schema)
  if (fields.length === 0 || depth >= MAX_DEPTH) return undefined
  return html`<ul class="fields">${fields.map((field) => fieldView(view, field, depth))}</ul>`
}

export interface Field {
  readonly name: string
  readonly required: boolean
  readonly schema: JsonSchema
}

function fieldsOf(document: OpenApiDocument, schema: JsonSchema): readonly Field[] {
  const resolved = resolveReference<JsonSchema>(document, schema)
  if (resolved.items !== undefined) return fieldsOf(document, resolved.items)
  const own = Object.entries(resolved.properties ?? {}).map(([name, property]) => ({
    name,
    required: resolved.required?.includes(name) ?? false,
    schema: property,
  }))
  return [...(resolved.allOf ?? []).flatMap((part) => fieldsOf(document, part)), ...own]
}

function fieldView(view: View, field: Field, depth: number): Html {
  const { name, schema } = field
  const resolved = resolveReference<JsonSchema>(view.document, schema)
  const nested = schemaView(view, schema, depth + 1)
  return html`<li>${fieldHead(view, field)}${descriptionOf(schema.description ?? resolved.description)}${
    nested && html`<details><summary>Fields of <code>${name}</code></summary>${nested}</details>`
  }</li>`
}

/** Name, type, whether it must be there, and its limits, in one line. */
export function fieldHead({ document, direction }: View, { name, required, schema }: Field): Html {
  const limits = direction === 'sent' ? limitsOf(resolveReference<JsonSchema>(document, schema)) : []
  const presence =
    direction === 'sent'
      ? required && html` <span class="required">required</span>`
      : !required && html` <span class="limits">may be absent</span>`
  return html`<div class="field"><code class="name">${name}</code> <span class="type">${typeOf(document, schema)}</span>${presence}${
    limits.length > 0 && html` <span class="limits">${limits.join(', ')}</span>`
  }</div>`
}

/** Descriptions may hold `code` in backticks, nothing else of Markdown. */
export const descriptionOf = (text: string | undefined): Html | undefined =>
  text === undefined ? undefined : html`<p class="description">${inline(text)}</p>`

export const inline = (text: string): Html =>
  html`${text.split(/(`[^`]+`)/).map((part) => (part.startsWith('`') && part.length > 2 ? html`<code>${part.slice(1, -1)}</code>` : part))}`

/** `text`, `list of Link`, `integer or null`, `"true"`. */
export function typeOf(document: OpenApiDocument, schema: JsonSchema): string {
  const name = schema.$ref?.split('/').at(-1)
  if (name !== undefined) {
    const target = resolveReference<JsonSchema>(document, schema)
    return target.properties === undefined ? typeOf(document, target) : name
  }
  if (schema['const'] !== undefined) return JSON.stringify(schema['const'])
  if (schema.enum !== undefined && schema.enum.length <= 8)
    return schema.enum.map((value) => JSON.stringify(value)).join(' | ')
  const choices = schema.anyOf ?? schema.oneOf
  if (choices !== undefined) return choices.map((choice) => typeOf(document, choice)).join(' or ')
  if (schema.items !== undefined) return `list of ${typeOf(document, schema.items)}`
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? ['any'])
  return types.map((type) => typeName(type, schema)).join(' or ')
}

const FORMAT_NAMES: Readonly<Record<string, string>> = {
  'date-time': 'time (RFC 3339)',
  date: 'date',
  uri: 'URL',
  'uri-reference': 'URL reference',
  email: 'e-mail address',
}

function typeName(type: string, schema: JsonSchema): string {
  if (type !== 'string') return type
  const format = schema['format']
  return typeof format === 'string' ? (FORMAT_NAMES[format] ?? format) : 'string'
}

/** Keyword → how it reads with its value. */
const LIMITS: readonly (readonly [
  keyword: 'minimum' | 'maximum' | 'minItems' | 'maxItems' | 'pattern',
  read: (value: number | string) => string,
])[] = [
  ['minimum', (value) => `≥ ${value}`],
  ['maximum', (value) => `≤ ${value}`],
  ['minItems', (value) => `at least ${value}`],
  ['maxItems', (value) => `at most ${value}`],
  ['pattern', (value) => `matches ${value}`],
]

/** Both ends of a length are one limit: `1–64 characters`. */
function lengthOf({ minLength, maxLength }: JsonSchema): readonly string[] {
  if (minLength === undefined && maxLength === undefined) return []
  if (maxLength === undefined) return [`${minLength} or more characters`]
  return [minLength === undefined ? `at most ${maxLength} characters` : `${minLength}–${maxLength} characters`]
}

const limitsOf = (schema: JsonSchema): readonly string[] => [
  ...lengthOf(schema),
  ...LIMITS.flatMap(([keyword, read]) => {
    const value = schema[keyword]
    return value === undefined ? [] : [read(value)]
  }),
  ...(schema['default'] === undefined ? [] : [`default ${JSON.stringify(schema['default'])}`]),
]
