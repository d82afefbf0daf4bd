/**
 * A fetch for tests that holds every answer to the OpenAPI document: method and path, status, content type, body,
 * headers. An answer that the document does not describe fails the test that got it, with everything that is wrong.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import {
  type HeaderObject,
  type JsonSchema,
  type OpenApiDocument,
  type OperationObject,
  type ResponseObject,
  resolveReference,
} from '#core/openapi-document.ts'

const COMMITTED = path.resolve(import.meta.dirname, '../docs/openapi/backlot.json')

/** The document that is committed, which a unit test holds to the route tables. */
export const committedDocument = (): OpenApiDocument => JSON.parse(readFileSync(COMMITTED, 'utf8')) as OpenApiDocument

export interface AnswerFacts {
  readonly method: string
  /** Of the URL, without the query. */
  readonly path: string
  readonly status: number
  readonly headers: Headers
  readonly body: string
}

/** What is wrong with an answer, one sentence each; nothing when it is as described. */
export type AnswerCheck = (answer: AnswerFacts) => readonly string[]

/** Headers with a meaning of their own: an answer that has one must say so in its description. */
const SPEAKING_HEADERS = [
  'allow',
  'etag',
  'idempotent-replayed',
  'location',
  'ratelimit',
  'ratelimit-policy',
  'retry-after',
]

export function answerCheck(document: OpenApiDocument): AnswerCheck {
  const bodyFaults = bodyCheck(document)
  return (answer) => {
    const described = responseFor(document, answer)
    if (typeof described === 'string') return [described]
    const { response, pointer } = described
    return [...headerFaults(document, response, answer), ...contentFaults(response, answer, pointer, bodyFaults)]
  }
}

/** `fetch` from an origin: takes paths, follows no redirect, throws an error that lists what is wrong with the answer. */
export function checkedFetch(origin: string, document = committedDocument()) {
  const check = answerCheck(document)
  return async (target: string, init: RequestInit = {}): Promise<Response> => {
    const url = new URL(target, origin)
    const method = init.method ?? 'GET'
    const response = await fetch(url, { redirect: 'manual', ...init })
    const body = await response.clone().text()
    const faults = check({ method, path: publicPath(url), status: response.status, headers: response.headers, body })
    if (faults.length > 0)
      throw new Error(
        `${method} ${url.pathname} answered otherwise than described:\n  ${faults.join('\n  ')}\n${body.slice(0, 500)}`,
      )
    return response
  }
}

/** The public path of an API Gateway URL: LocalStack puts the API and its stage before it. */
export const publicPath = (url: URL): string => url.pathname.replace(/^\/_aws\/execute-api\/[^/]+\/[^/]+/, '')

interface Described {
  readonly response: ResponseObject
  /** Where it stands in the document: a JSON Pointer. */
  readonly pointer: string
}

/** Whatever is neither an API nor a page of the reference goes to the redirect, as the edge's table says. */
const VISITOR_PATH = '/{slug}'
const belongsToApi = (asked: string): boolean => /^\/(api|docs)(\/|$)/.test(asked)

function responseFor(document: OpenApiDocument, { method, path: asked, status }: AnswerFacts): Described | string {
  const template = templateOf(document, asked) ?? (belongsToApi(asked) ? undefined : VISITOR_PATH)
  const item = template === undefined ? undefined : document.paths[template]
  if (template === undefined || item === undefined) return component(document, 'RouteNotFound', 404, status, asked)
  const verb = method.toLowerCase()
  const key = item[verb] === undefined && verb === 'head' ? 'get' : verb
  const operation = item[key]
  if (operation !== undefined) return responseOf(document, operation, `#/paths/${escaped(template)}/${key}`, status)
  const other = Object.entries(item).find(([, { responses }]) => responses[405] !== undefined)
  if (other !== undefined) return responseOf(document, other[1], `#/paths/${escaped(template)}/${other[0]}`, status)
  return component(document, 'MethodNotAllowed', 405, status, `${method} ${asked}`)
}

function responseOf(
  document: OpenApiDocument,
  operation: OperationObject,
  at: string,
  status: number,
): Described | string {
  const response = operation.responses[status]
  if (response === undefined)
    return `expected one of the statuses ${Object.keys(operation.responses).join(', ')} of ${operation.operationId}, got ${status}`
  const pointer = '$ref' in response ? response.$ref : `${at}/responses/${status}`
  return { response: resolveReference(document, response), pointer }
}

function component(
  document: OpenApiDocument,
  name: string,
  expected: number,
  status: number,
  what: string,
): Described | string {
  const response = document.components.responses[name]
  if (response === undefined) return `expected the document to describe ${name}`
  return status === expected
    ? { response, pointer: `#/components/responses/${name}` }
    : `expected ${expected} for ${what}, which the document does not have, got ${status}`
}

/** The described path that fits; among several the one with the fewest parameters. */
export function templateOf(document: OpenApiDocument, asked: string): string | undefined {
  const parameters = (template: string) => template.split('{').length
  return Object.keys(document.paths)
    .filter((template) =>
      new RegExp(`^${template.replace(/[.+*?$()[\]|\\^]/g, '\\$&').replace(/\{\w+\}/g, '[^/]+')}$`).test(asked),
    )
    .sort((a, b) => parameters(a) - parameters(b))[0]
}

function headerFaults(document: OpenApiDocument, response: ResponseObject, { headers }: AnswerFacts): string[] {
  const described = Object.entries(response.headers ?? {}).map(
    ([name, header]) => [name.toLowerCase(), resolveReference<HeaderObject>(document, header)] as const,
  )
  const names = new Set(described.map(([name]) => name))
  const missing = described.filter(([name, { required }]) => required && !headers.has(name))
  const wrong = described.filter(([name, { schema }]) => headers.has(name) && !fits(schema, headers.get(name) ?? ''))
  const unknown = SPEAKING_HEADERS.filter((name) => headers.has(name) && !names.has(name))
  return [
    ...missing.map(([name]) => `expected the header ${name}, got none`),
    ...wrong.map(
      ([name, { schema }]) => `expected the header ${name} to be ${JSON.stringify(schema)}, got ${headers.get(name)}`,
    ),
    ...unknown.map((name) => `expected no header ${name}, because none is described, got ${headers.get(name)}`),
  ]
}

/** Headers are texts with a pattern or one value. */
const fits = ({ pattern, const: value }: JsonSchema, text: string): boolean =>
  (typeof pattern !== 'string' || new RegExp(pattern).test(text)) && (value === undefined || value === text)

type BodyCheck = (pointer: string, value: unknown) => string[]

function contentFaults({ content }: ResponseObject, answer: AnswerFacts, pointer: string, check: BodyCheck): string[] {
  const { method, body, headers, status } = answer
  if (content === undefined || method === 'HEAD' || status === 304)
    return body === '' ? [] : [`expected no body, got ${body.length} characters`]
  const got = headers.get('content-type') ?? 'none'
  const described = Object.keys(content).find((type) => mediaType(type) === mediaType(got))
  if (described === undefined) return [`expected the content type ${Object.keys(content).join(' or ')}, got ${got}`]
  const at = `${pointer}/content/${escaped(described)}/schema`
  if (!/json/.test(described)) return check(at, body)
  try {
    return check(at, JSON.parse(body))
  } catch {
    return ['expected a body of JSON, got something else']
  }
}

const mediaType = (header: string): string => header.split(';')[0]?.trim().toLowerCase() ?? ''

/** RFC 6901, for a URI fragment. */
const escaped = (key: string): string => encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'))

/** Stricter than the document, which leaves answers open: a property that it does not name fails the test. */
function bodyCheck(document: OpenApiDocument): BodyCheck {
  const ajv = new Ajv2020({ strict: false, allErrors: true, verbose: true })
  formats.default(ajv)
  ajv.addSchema(closed(document) as JsonSchema, 'document')
  const compiled = new Map<string, ReturnType<typeof ajv.compile>>()
  return (pointer, value) => {
    const validate = compiled.get(pointer) ?? ajv.compile({ $ref: `document${pointer}` })
    compiled.set(pointer, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map(
      ({ instancePath, message, params, data }) =>
        `expected ${instancePath || 'the body'} ${message} ${JSON.stringify(params)}, got ${JSON.stringify(data)?.slice(0, 200)}`,
    )
  }
}

function closed(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(closed)
  if (typeof node !== 'object' || node === null) return node
  const inner = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  const isObject = inner['type'] === 'object' && inner['properties'] !== undefined && inner['allOf'] === undefined
  return isObject && inner['additionalProperties'] === undefined ? { ...inner, additionalProperties: false } : inner
}
