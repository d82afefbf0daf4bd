/** Code on the pages: JSON with its parts marked, and a request as a curl command. Pure. */
import { FORM_TYPE } from '#core/form-body.ts'
import type { Html, HtmlValue } from '#core/html.ts'
import { html } from '#core/html.ts'
import {
  type MediaType,
  type OpenApiDocument,
  type OperationObject,
  type ParameterObject,
  resolveReference,
} from '#core/openapi-document.ts'

/** A string with its quotes (and the colon that makes it a key), a number, or a word. */
const JSON_TOKEN = /("(?:\\.|[^"\\])*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/g

/** Indented JSON; keys, texts, numbers and words each in a `<span>` with their class. */
export function jsonView(value: unknown): Html {
  const text = JSON.stringify(value, null, 2)
  const parts: HtmlValue[] = []
  let end = 0
  for (const match of text.matchAll(JSON_TOKEN)) {
    const [token, quoted, colon, number] = match
    parts.push(text.slice(end, match.index))
    if (quoted !== undefined && colon !== undefined) parts.push(html`<span class="k">${quoted}</span>${colon}`)
    else if (quoted !== undefined) parts.push(html`<span class="s">${quoted}</span>`)
    else parts.push(html`<span class="${number === undefined ? 'w' : 'n'}">${token}</span>`)
    end = match.index + token.length
  }
  parts.push(text.slice(end))
  return html`${parts}`
}

/** `it's` → `'it'\''s'`: inside single quotes a POSIX shell replaces nothing. */
const shellQuote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

export interface Operation {
  readonly method: string
  readonly path: string
  readonly operation: OperationObject
}

/** A command that works when pasted, with the key in the shell's variable BACKLOT_API_KEY. */
export function curlCommand(document: OpenApiDocument, { method, path, operation }: Operation): string {
  const parameters = parametersOf(document, operation)
  const url = `${document.servers[0]?.url ?? ''}${filledPath(path, parameters)}${exampleQuery(parameters)}`
  const lines = [
    `curl ${method === 'get' ? '' : `-X ${method.toUpperCase()} `}${/[?&{}]/.test(url) ? shellQuote(url) : url}`,
    ...(operation.security.length > 0 ? ['-H "Authorization: Bearer $BACKLOT_API_KEY"'] : []),
    ...dataOf(operation.requestBody?.content),
  ]
  return lines.join(' \\\n  ')
}

/** JSON, or the fields of a form, which is what curl sends unless it is told otherwise. */
function dataOf(content: Readonly<Record<string, MediaType>> | undefined): string[] {
  if (content === undefined) return []
  const form = content[FORM_TYPE]
  if (form !== undefined) return fieldsOf(form.example ?? {}).map((field) => `-d ${shellQuote(field)}`)
  const body = content['application/json']?.example ?? {}
  return [`-H 'Content-Type: application/json'`, `-d ${shellQuote(JSON.stringify(body))}`]
}

/** `{ lines: [{ price: 'a' }] }` → `lines[0][price]=a`. */
function fieldsOf(value: unknown, name = ''): string[] {
  if (typeof value !== 'object' || value === null) return [`${name}=${encodeURIComponent(textOf(value))}`]
  return Object.entries(value).flatMap(([key, inner]) => fieldsOf(inner, name === '' ? key : `${name}[${key}]`))
}

export const parametersOf = (document: OpenApiDocument, operation: OperationObject): readonly ParameterObject[] =>
  (operation.parameters ?? []).map((parameter) => resolveReference(document, parameter))

const filledPath = (path: string, parameters: readonly ParameterObject[]): string =>
  path.replace(/\{(\w+)\}/g, (template, name: string) => {
    const example = parameters.find((parameter) => parameter.in === 'path' && parameter.name === name)?.example
    return example === undefined ? template : encodeURIComponent(textOf(example))
  })

/** Path and query hold texts, numbers and the like; anything else as JSON. */
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value))

function exampleQuery(parameters: readonly ParameterObject[]): string {
  const given = parameters.filter(({ in: place, example }) => place === 'query' && example !== undefined)
  const pairs = given.map(({ name, example }) => `${encodeURIComponent(name)}=${encodeURIComponent(textOf(example))}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}
