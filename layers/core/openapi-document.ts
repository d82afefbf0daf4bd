/**
 * The parts of an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1) that `openapi.ts` writes and that the
 * API reference and the tests read. Types only.
 */
import type { ServiceDescription } from './route.ts'

/** A route as the document sees it: everything but its handler, so that routes outside the kit can be described too. */
export type DescribedRoute = Omit<ServiceDescription<never>['routes'][number], 'handle'> & {
  /** Not run by the kit: it answers the problems and headers that it declares and no others. */
  readonly outsideKit?: true
}

/** What of a service the document shows. */
export type DescribedService = Omit<ServiceDescription<never>, 'routes'> & {
  readonly routes: readonly DescribedRoute[]
}

/** A JSON Schema, draft 2020-12, or a `$ref` to `#/components/schemas/…`. */
export interface JsonSchema {
  readonly [keyword: string]: unknown
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly title?: string
  readonly description?: string
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly items?: JsonSchema
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
  readonly maxItems?: number
  readonly pattern?: string
}

export interface Reference {
  readonly $ref: string
}

export interface ParameterObject {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required: boolean
  readonly description?: string
  readonly schema: JsonSchema
  readonly example?: unknown
}

export interface MediaType {
  readonly schema: JsonSchema
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>
}

export interface HeaderObject {
  readonly description: string
  readonly required?: boolean
  readonly schema: JsonSchema
}

export interface ResponseObject {
  readonly description: string
  readonly headers?: Readonly<Record<string, HeaderObject | Reference>>
  readonly content?: Readonly<Record<string, MediaType>>
}

export interface OperationObject {
  readonly tags: readonly string[]
  readonly operationId: string
  readonly summary: string
  readonly description?: string
  readonly 'x-permission': string
  readonly 'x-rate-limit': string
  readonly security: readonly Readonly<Record<string, readonly string[]>>[]
  readonly parameters?: readonly (ParameterObject | Reference)[]
  readonly requestBody?: { readonly required: true; readonly content: Readonly<Record<string, MediaType>> }
  readonly responses: Readonly<Record<string, ResponseObject | Reference>>
}

/** The operations of one path, by method in lower case. */
export type PathItem = Readonly<Record<string, OperationObject>>

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: {
    readonly title: string
    readonly version: string
    readonly description?: string
    readonly license?: { readonly name: string; readonly identifier: string }
  }
  readonly servers: readonly { readonly url: string; readonly description?: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string; readonly 'x-displayName': string }[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>
    readonly responses: Readonly<Record<string, ResponseObject>>
    readonly parameters: Readonly<Record<string, ParameterObject>>
    readonly headers: Readonly<Record<string, HeaderObject>>
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
}

const isReference = (value: object): value is Reference => '$ref' in value && typeof value.$ref === 'string'

/** The object itself, or what its local `$ref` (`#/components/…`) names; throws when that is nothing. */
export function resolveReference<T extends object>(document: OpenApiDocument, value: T | Reference): T {
  if (!isReference(value)) return value
  const target = value.$ref
    .replace(/^#\//, '')
    .split('/')
    .reduce<unknown>(
      (node, key) => (typeof node === 'object' && node !== null ? Reflect.get(node, key) : undefined),
      document,
    )
  if (typeof target !== 'object' || target === null)
    throw new Error(`expected ${value.$ref} to name a component of the document, got nothing`)
  return target as T
}
