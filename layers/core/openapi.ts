/**
 * The OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1) of one service or of all, made from their route
 * tables and nothing else. Pure and deterministic; runs in the API functions too, on the first request for
 * `/api/<service>/openapi.json`.
 */
import type * as z from 'zod'
import { FORM_TYPE } from './form-body.ts'
import type {
  DescribedRoute,
  DescribedService,
  HeaderObject,
  JsonSchema,
  MediaType,
  OpenApiDocument,
  OperationObject,
  ParameterObject,
  PathItem,
  Reference,
  ResponseObject,
} from './openapi-document.ts'
import { answerHeaders, COMMON_HEADERS, COMMON_PARAMETERS } from './openapi-headers.ts'
import {
  acceptsIdempotencyKey,
  acceptsIfMatch,
  acceptsIfNoneMatch,
  FIELD_ERROR_SCHEMA,
  PROBLEM_SCHEMA,
  problemResponses,
  problemsOf,
} from './openapi-problems.ts'
import { collectSchemas, type SchemaCollection, type SchemaUse } from './openapi-schemas.ts'
import type { Answer, OperationExample } from './route.ts'

export interface DocumentInfo {
  readonly title: string
  readonly version: string
  /** The origin that the paths stand behind, e.g. `http://localhost:4000`. */
  readonly serverUrl: string
  readonly description?: string
}

const JSON_CONTENT_TYPE = 'application/json'
const API_KEY_SCHEME = 'apiKey'
const SESSION_SCHEME = 'session'

/** One document for all the given services. Throws when two routes, operation ids or schema ids are the same. */
export function openApiDocument(services: readonly DescribedService[], info: DocumentInfo): OpenApiDocument {
  const schemas = collectSchemas(services.flatMap((service) => routesOf(service).flatMap(schemasOf)))
  const responses = new Map<string, ResponseObject>()
  for (const { name, response } of problemResponses(['route_not_found', 'method_not_allowed']))
    responses.set(name, response)
  const paths = pathsOf(services, schemas, responses)
  return {
    openapi: '3.1.1',
    info: {
      title: info.title,
      version: info.version,
      ...(info.description !== undefined && { description: info.description }),
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: info.serverUrl }],
    tags: services.map(({ service, title, description }) => ({ name: service, 'x-displayName': title, description })),
    paths,
    components: {
      schemas: sortedByName({ ...schemas.components, FieldError: FIELD_ERROR_SCHEMA, Problem: PROBLEM_SCHEMA }),
      responses: sortedByName(Object.fromEntries(responses)),
      parameters: COMMON_PARAMETERS,
      headers: COMMON_HEADERS,
      securitySchemes: {
        [API_KEY_SCHEME]: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'bk_<id>_<secret>',
          description: 'An API key of the workspace that the request acts in.',
        },
        ...(services.some(forPersons) && { [SESSION_SCHEME]: SESSION }),
      },
    },
  }
}

const routesOf = ({ routes, beside = [], elsewhere = [] }: DescribedService): readonly DescribedRoute[] => [
  ...routes,
  ...beside,
  ...elsewhere.map((route) => ({ ...route, outsideKit: true as const })),
]

function schemasOf(route: DescribedRoute): SchemaUse[] {
  const sent = [route.params, route.query, route.body].filter((schema) => schema !== undefined)
  const received = Object.values(route.answers).flatMap(({ body }) => (body === undefined ? [] : [body]))
  return [
    ...sent.map((schema): SchemaUse => [schema, 'input']),
    ...received.map((schema): SchemaUse => [schema, 'output']),
  ]
}

function pathsOf(
  services: readonly DescribedService[],
  schemas: SchemaCollection,
  responses: Map<string, ResponseObject>,
): Readonly<Record<string, PathItem>> {
  const paths: Record<string, Record<string, OperationObject>> = {}
  const operationIds = new Set<string>()
  for (const described of services) {
    const { service, examples } = described
    for (const route of routesOf(described)) {
      const method = route.method.toLowerCase()
      const item = paths[route.path] ?? {}
      paths[route.path] = item
      if (item[method] !== undefined) throw new Error(`expected one route ${route.method} ${route.path}, got two`)
      if (operationIds.has(route.operationId))
        throw new Error(`expected one route with the operationId ${route.operationId}, got two`)
      operationIds.add(route.operationId)
      const example = examples?.[route.operationId] ?? {}
      item[method] = operationOf(service, route, { schemas, responses, example })
    }
  }
  return paths
}

interface Parts {
  readonly schemas: SchemaCollection
  /** Filled with the problem responses that the operations refer to. */
  readonly responses: Map<string, ResponseObject>
  readonly example: OperationExample
}

function operationOf(service: string, route: DescribedRoute, parts: Parts): OperationObject {
  const parameters = parametersOf(route, parts)
  return {
    tags: [service],
    operationId: route.operationId,
    summary: route.summary,
    ...(route.description !== undefined && { description: route.description }),
    'x-permission': route.permission,
    'x-rate-limit': route.rateLimit ?? (route.method === 'GET' ? 'read' : 'write'),
    security: securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: {
        required: true as const,
        content: {
          [route.form === true ? FORM_TYPE : JSON_CONTENT_TYPE]: mediaType(
            parts.schemas.of(route.body, 'input'),
            parts.example.request?.body,
          ),
        },
      },
    }),
    responses: responsesOf(route, parts),
  }
}

const SESSION = {
  type: 'apiKey',
  in: 'cookie',
  name: '__Host-backlot-session',
  description: 'The cookie of somebody who is signed in; on plain http without the prefix `__Host-`.',
}

const forPersons = (service: DescribedService): boolean =>
  routesOf(service).some(({ permission }) => permission === 'person')

/** Alternatives, each enough. */
function securityOf({ permission }: DescribedRoute): OperationObject['security'] {
  if (permission === 'public') return []
  return permission === 'person' ? [{ [SESSION_SCHEME]: [] }] : [{ [API_KEY_SCHEME]: [] }]
}

const mediaType = (schema: JsonSchema, example: unknown): MediaType => ({
  schema,
  ...(example !== undefined && { example }),
})

function parametersOf(route: DescribedRoute, { schemas, example }: Parts): (ParameterObject | Reference)[] {
  return [
    ...fieldsOf('path', route.params, schemas, example.request?.params),
    ...fieldsOf('query', route.query, schemas, example.request?.query),
    ...(acceptsIdempotencyKey(route) ? [{ $ref: '#/components/parameters/Idempotency-Key' }] : []),
    ...(acceptsIfMatch(route) ? [{ $ref: '#/components/parameters/If-Match' }] : []),
    ...(acceptsIfNoneMatch(route) ? [{ $ref: '#/components/parameters/If-None-Match' }] : []),
    { $ref: '#/components/parameters/traceparent' },
  ]
}

/** An object schema as one parameter a property. */
function fieldsOf(
  place: 'path' | 'query',
  schema: z.ZodObject | undefined,
  schemas: SchemaCollection,
  examples: Readonly<Record<string, unknown>> | undefined,
): ParameterObject[] {
  if (schema === undefined) return []
  const { properties = {}, required = [] } = schemas.of(schema, 'input')
  return Object.entries(properties).map(([name, { description, example, ...property }]) => ({
    name,
    in: place,
    required: place === 'path' || required.includes(name),
    ...(description !== undefined && { description }),
    schema: property,
    ...((examples?.[name] ?? example) !== undefined && { example: examples?.[name] ?? example }),
  }))
}

function answersOf(route: DescribedRoute, { schemas, example }: Parts): Record<string, ResponseObject> {
  const common = answerHeaders(route, acceptsIdempotencyKey(route))
  const answers = Object.entries(route.answers).map(([status, answer]): [string, ResponseObject] => [
    status,
    {
      description: answer.description,
      headers: { ...common, ...declaredHeaders(answer) },
      ...(answer.body !== undefined && {
        content: {
          [answer.contentType ?? JSON_CONTENT_TYPE]: mediaType(
            schemas.of(answer.body, 'output'),
            example.answers?.[status],
          ),
          ...(answer.otherwise !== undefined && {
            [answer.otherwise.contentType]: {
              schema: { type: 'string', description: answer.otherwise.description },
            },
          }),
        },
      }),
    },
  ])
  if (acceptsIfNoneMatch(route) && route.answers[304] === undefined) {
    // RFC 9110 §15.4.5: with the headers that say which version is still the current one.
    const headers = { ...common, ...declaredHeaders(route.answers[200]) }
    answers.push(['304', { description: 'Nothing changed since the version in If-None-Match.', headers }])
  }
  return Object.fromEntries(answers)
}

const declaredHeaders = (answer: Answer | undefined): Record<string, HeaderObject> =>
  Object.fromEntries(
    Object.entries(answer?.headers ?? {}).map(([name, description]) => [
      name,
      { description, required: true, schema: { type: 'string' } },
    ]),
  )

/** The answers and beside them the problems; where both have a status, one response with both contents. */
function responsesOf(route: DescribedRoute, parts: Parts): Record<string, ResponseObject | Reference> {
  const answers = answersOf(route, parts)
  const shared = Object.entries(route.answers).flatMap(([status, { component }]) => {
    const response = answers[status]
    if (component === undefined || response === undefined) return []
    parts.responses.set(component, response)
    return [[status, { $ref: `#/components/responses/${component}` }] as const]
  })
  const problems = problemResponses(problemsOf(route), route).map(({ status, name, response }) => {
    const answer = answers[status]
    if (answer !== undefined) return [status, bothOf(answer, response)] as const
    // The shared ones have the headers of the kit.
    if (route.outsideKit) return [status, response] as const
    parts.responses.set(name, response)
    return [status, { $ref: `#/components/responses/${name}` }] as const
  })
  return { ...answers, ...Object.fromEntries(shared), ...Object.fromEntries(problems) }
}

const bothOf = (answer: ResponseObject, problem: ResponseObject): ResponseObject => ({
  description: `${answer.description} ${problem.description}`,
  headers: { ...problem.headers, ...answer.headers },
  content: { ...answer.content, ...problem.content },
})

const sortedByName = <T>(record: Readonly<Record<string, T>>): Record<string, T> =>
  Object.fromEntries(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)))
