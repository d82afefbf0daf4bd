import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { openApiDocument } from '#core/openapi.ts'
import { type DescribedService, resolveReference } from '#core/openapi-document.ts'
import { problemsOf } from '#core/openapi-problems.ts'
import { PROBLEM_GUIDE } from '#core/problem-guide.ts'
import { routeOf } from '#core/route.ts'

const INFO = { title: 'Library', version: '1.2.3', serverUrl: 'http://localhost:4000' }

const route = routeOf<unknown>()
const never = () => Promise.reject(new Error('expected nobody to call a described route'))

const Book = z
  .object({
    id: z.string().meta({ description: 'The id.' }),
    title: z.string(),
    tags: z.array(z.string()).default([]),
    addedAt: z.iso.datetime(),
  })
  .meta({ id: 'TestBook', description: 'A book.' })

const createBook = route({
  method: 'POST',
  path: '/api/library/books',
  operationId: 'createBook',
  summary: 'Add a book',
  permission: 'links:write',
  body: z.strictObject({ title: z.string() }).meta({ id: 'TestNewBook' }),
  answers: { 201: { description: 'The book.', body: Book, headers: { Location: 'Where the book is.' } } },
  problems: ['slug_taken'],
  handle: never,
})
const listBooks = route({
  method: 'GET',
  path: '/api/library/books',
  operationId: 'listBooks',
  summary: 'List the books',
  permission: 'links:read',
  query: z.object({ limit: z.coerce.number().int().max(100).default(20).describe('At most so many.') }),
  answers: { 200: { description: 'A page.', body: z.object({ items: z.array(Book) }) } },
  handle: never,
})
const updateBook = route({
  method: 'PATCH',
  path: '/api/library/books/{id}',
  operationId: 'updateBook',
  summary: 'Change a book',
  permission: 'links:write',
  params: z.object({ id: z.string() }),
  body: z.strictObject({ title: z.string() }),
  answers: { 200: { description: 'The book.', body: Book, headers: { ETag: 'Its version.' } } },
  problems: ['not_found', 'precondition_failed'],
  handle: never,
})
const getBook = route({
  method: 'GET',
  path: '/api/library/books/{id}',
  operationId: 'getBook',
  summary: 'Read a book',
  permission: 'public',
  params: z.object({ id: z.string() }),
  answers: { 200: { description: 'The book.', body: Book, headers: { ETag: 'Its version.' } } },
  problems: ['not_found'],
  handle: never,
})

const library: DescribedService = {
  service: 'library',
  title: 'Library',
  description: 'Books.',
  routes: [createBook, listBooks, updateBook, getBook],
  examples: {
    createBook: { request: { body: { title: 'Emma' } }, answers: { 201: { id: 'bok_1', title: 'Emma' } } },
    getBook: { request: { params: { id: 'bok_1' } } },
  },
}

const document = openApiDocument([library], INFO)
const operation = (path: string, method: string) => {
  const found = document.paths[path]?.[method]
  if (found === undefined) throw new Error(`expected ${method} ${path} in the document`)
  return found
}
const parametersOf = (path: string, method: string) =>
  (operation(path, method).parameters ?? []).map((parameter) => resolveReference(document, parameter))
const response = (path: string, method: string, status: number) => {
  const found = operation(path, method).responses[status]
  if (found === undefined) throw new Error(`expected ${method} ${path} to answer ${status}`)
  return resolveReference(document, found)
}

describe('the document', () => {
  it('is valid by the meta-schema of OpenAPI 3.1', async () => {
    const validator = new Validator()
    const result = await validator.validate(JSON.parse(JSON.stringify(document)))
    expect(result).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  it('is the same text for the same tables', () => {
    expect(JSON.stringify(openApiDocument([library], INFO))).toBe(JSON.stringify(document))
  })

  it('has no reference that names nothing', () => {
    const references = JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)
    const broken = [...references]
      .map(([, $ref]) => $ref as string)
      .filter(($ref) => {
        try {
          return resolveReference(document, { $ref }) === undefined
        } catch {
          return true
        }
      })
    expect(broken).toEqual([])
  })

  it('tags every operation with its service', () => {
    expect(document.tags).toEqual([{ name: 'library', 'x-displayName': 'Library', description: 'Books.' }])
    expect(operation('/api/library/books', 'post').tags).toEqual(['library'])
  })

  it('refuses two routes with one method and path, and two with one operationId', () => {
    const twice = (routes: DescribedService['routes']) => () => openApiDocument([{ ...library, routes }], INFO)
    expect(twice([createBook, { ...createBook, operationId: 'other' }])).toThrow(
      'expected one route POST /api/library/books, got two',
    )
    expect(twice([createBook, { ...getBook, operationId: 'createBook' }])).toThrow('operationId createBook')
  })
})

describe('an operation', () => {
  it('names its permission and needs the API key', () => {
    expect(operation('/api/library/books', 'post')).toMatchObject({
      'x-permission': 'links:write',
      security: [{ apiKey: [] }],
    })
  })

  it('needs no key when it is public', () => {
    expect(operation('/api/library/books/{id}', 'get')).toMatchObject({ 'x-permission': 'public', security: [] })
  })

  it('has a parameter for each field of params and query', () => {
    expect(parametersOf('/api/library/books', 'get')).toContainEqual({
      name: 'limit',
      in: 'query',
      required: false,
      description: 'At most so many.',
      schema: { type: 'integer', maximum: 100, default: 20 },
    })
    expect(parametersOf('/api/library/books/{id}', 'patch')).toContainEqual({
      name: 'id',
      in: 'path',
      required: true,
      schema: { type: 'string' },
    })
  })

  it('takes the headers that it has a use for', () => {
    const headers = (path: string, method: string) =>
      parametersOf(path, method)
        .filter((p) => p.in === 'header')
        .map((p) => p.name)
    expect(headers('/api/library/books', 'post')).toEqual(['Idempotency-Key', 'traceparent'])
    expect(headers('/api/library/books', 'get')).toEqual(['traceparent'])
    expect(headers('/api/library/books/{id}', 'patch')).toEqual(['If-Match', 'traceparent'])
    expect(headers('/api/library/books/{id}', 'get')).toEqual(['If-None-Match', 'traceparent'])
  })

  it('describes its answers with their headers', () => {
    const created = response('/api/library/books', 'post', 201)
    expect(created.content?.['application/json']?.schema).toEqual({ $ref: '#/components/schemas/TestBook' })
    expect(Object.keys(created.headers ?? {})).toEqual([
      'X-Request-Id',
      'traceparent',
      'RateLimit',
      'RateLimit-Policy',
      'Idempotent-Replayed',
      'Location',
    ])
  })

  it('answers 304 where the version can be asked for', () => {
    expect(response('/api/library/books/{id}', 'get', 304).content).toBeUndefined()
    expect(operation('/api/library/books', 'get').responses[304]).toBeUndefined()
  })

  it('shows the examples that the service gives', () => {
    expect(operation('/api/library/books', 'post').requestBody?.content['application/json']?.example).toEqual({
      title: 'Emma',
    })
    expect(response('/api/library/books', 'post', 201).content?.['application/json']?.example).toEqual({
      id: 'bok_1',
      title: 'Emma',
    })
    expect(parametersOf('/api/library/books/{id}', 'get')[0]).toMatchObject({ name: 'id', example: 'bok_1' })
  })
})

describe('problems of a route', () => {
  const table = [
    [
      createBook,
      'malformed_json validation_failed unauthenticated permission_denied slug_taken idempotency_in_progress body_too_large unsupported_media_type idempotency_key_reused rate_limited internal_error dependency_unavailable',
    ],
    [
      listBooks,
      'validation_failed unauthenticated permission_denied rate_limited internal_error dependency_unavailable',
    ],
    [getBook, 'validation_failed not_found internal_error'],
    [{ ...getBook, outsideKit: true as const }, 'not_found'],
  ] as const

  it.each(table)('$operationId', (described, codes) => {
    expect(problemsOf(described).join(' ')).toBe(codes)
  })

  it('stand under their status with the codes that it can have', () => {
    const conflict = response('/api/library/books', 'post', 409)
    expect(conflict.content?.['application/problem+json']?.schema.properties).toEqual({
      status: { const: 409 },
      code: { enum: ['slug_taken', 'idempotency_in_progress'] },
    })
    expect(Object.keys(conflict.content?.['application/problem+json']?.examples ?? {})).toEqual([
      'slug_taken',
      'idempotency_in_progress',
    ])
  })

  it('say when to try again only where every code of the status does', () => {
    expect(response('/api/library/books', 'post', 429).headers).toHaveProperty('Retry-After')
    expect(response('/api/library/books', 'post', 409).headers).not.toHaveProperty('Retry-After')
  })

  it('stand beside an answer of the same status', () => {
    const page = {
      ...getBook,
      answers: { ...getBook.answers, 404: { description: 'A page.', body: z.string(), contentType: 'text/html' } },
    }
    const { paths } = openApiDocument([{ ...library, routes: [page] }], INFO)
    const both = paths['/api/library/books/{id}']?.['get']?.responses[404]
    expect(Object.keys((both as { content: object }).content)).toEqual(['text/html', 'application/problem+json'])
  })

  it('of unknown paths and methods are described once', () => {
    expect(document.components.responses).toHaveProperty('RouteNotFound')
    expect(document.components.responses['MethodNotAllowed']?.headers).toHaveProperty('Allow')
  })
})

describe('the guide', () => {
  it.each(Object.entries(PROBLEM_GUIDE))('has sentences for %s', (_, { meaning, remedy, example }) => {
    expect(meaning).toMatch(/^[A-Z].+\.$/)
    expect(remedy).toMatch(/^[A-Z].+\.$/)
    expect(example).toMatch(/[^.]$/)
  })
})
