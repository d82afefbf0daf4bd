import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { openApiDocument } from '#core/openapi.ts'
import { PROBLEMS, Problem, type ProblemCode, problemDocument } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { type AnswerFacts, answerCheck, templateOf } from '../../answers.ts'

const route = routeOf<unknown>()
const handle = () => Promise.reject(new Error('expected nobody to call a described route'))
const Book = z.object({ id: z.string(), pages: z.int() }).meta({ id: 'AnswersBook' })

const document = openApiDocument(
  [
    {
      service: 'library',
      title: 'Library',
      description: 'Books.',
      routes: [
        route({
          method: 'GET',
          path: '/api/library/books/{id}',
          operationId: 'answersGetBook',
          summary: 'Read a book',
          permission: 'public',
          params: z.object({ id: z.string() }),
          answers: { 200: { description: 'The book.', body: Book, headers: { ETag: 'Its version.' } } },
          problems: ['not_found'],
          handle,
        }),
        route({
          method: 'DELETE',
          path: '/api/library/books/all',
          operationId: 'answersDeleteBooks',
          summary: 'Delete all books',
          permission: 'links:write',
          answers: { 204: { description: 'They are gone.' } },
          handle,
        }),
      ],
    },
  ],
  { title: 'Library', version: '1.0.0', serverUrl: 'http://localhost:4000' },
)
const check = answerCheck(document)

const COMMON = { 'x-request-id': 'r1', traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }
const answer = (
  change: Partial<Omit<AnswerFacts, 'headers'>> & { headers?: Record<string, string> } = {},
): AnswerFacts => ({
  method: 'GET',
  path: '/api/library/books/b1',
  status: 200,
  body: '{"id":"b1","pages":3}',
  ...change,
  headers: new Headers({ ...COMMON, 'content-type': 'application/json', etag: '"1"', ...change.headers }),
})
const problem = (
  code: ProblemCode,
  change: Partial<AnswerFacts> = {},
  headers: Record<string, string> = {},
): AnswerFacts => ({
  method: 'GET',
  path: '/api/library/books/b1',
  status: PROBLEMS[code].status,
  body: JSON.stringify(problemDocument(new Problem(code, 'detail'), 'r1')),
  headers: new Headers({ ...COMMON, 'content-type': 'application/problem+json', ...headers }),
  ...change,
})
const without = (name: string): AnswerFacts => {
  const described = answer()
  described.headers.delete(name)
  return described
}

describe('answers as described', () => {
  it.each([
    ['a body', answer()],
    ['a content type with a charset', answer({ headers: { 'content-type': 'application/json; charset=utf-8' } })],
    ['HEAD as GET, without a body', answer({ method: 'HEAD', body: '' })],
    ['not modified', answer({ status: 304, body: '' })],
    [
      'no content',
      {
        ...answer({ method: 'DELETE', path: '/api/library/books/all', status: 204, body: '' }),
        headers: new Headers(COMMON),
      },
    ],
    ['a problem', problem('not_found')],
    [
      'a problem with the headers of its code',
      problem(
        'unauthenticated',
        { method: 'DELETE', path: '/api/library/books/all' },
        { 'www-authenticate': 'Bearer' },
      ),
    ],
    ['an unknown path', problem('route_not_found', { path: '/api/library' })],
    ['an unknown method', problem('method_not_allowed', { method: 'PUT' }, { allow: 'GET' })],
  ])('%s: no fault', (_, facts) => {
    expect(check(facts)).toEqual([])
  })
})

describe('answers otherwise than described', () => {
  it.each([
    ['another status', answer({ status: 202 }), /^expected one of the statuses 200, .* of answersGetBook, got 202$/],
    [
      'another content type',
      answer({ headers: { 'content-type': 'text/plain' } }),
      /^expected the content type application\/json, got text\/plain$/,
    ],
    ['no JSON', answer({ body: '<p>' }), /^expected a body of JSON/],
    ['a missing property', answer({ body: '{"id":"b1"}' }), /^expected the body must have required property 'pages'/],
    ['a wrong type', answer({ body: '{"id":"b1","pages":"3"}' }), /^expected \/pages must be integer .*, got "3"$/],
    [
      'a property that nobody described',
      answer({ body: '{"id":"b1","pages":3,"secret":1}' }),
      /additional properties.*secret/,
    ],
    ['a missing header', without('etag'), /^expected the header etag, got none$/],
    [
      'a malformed header',
      answer({ headers: { traceparent: 'x' } }),
      /^expected the header traceparent to be .*, got x$/,
    ],
    ['a header that nobody described', answer({ headers: { location: '/' } }), /^expected no header location/],
    ['a body where there is none', answer({ status: 304, body: '{}' }), /^expected no body, got 2 characters$/],
    [
      'a code that the route does not answer',
      problem('not_found', { body: problem('route_not_found').body }),
      /\/code must be equal to one of the allowed values/,
    ],
    [
      'an unknown path that is found',
      answer({ path: '/api/other' }),
      /^expected 404 for \/api\/other, which the document does not have, got 200$/,
    ],
    ['an unknown method that is allowed', answer({ method: 'PUT' }), /^expected 405 for PUT .*, got 200$/],
  ])('%s: a fault', (_, facts, fault) => {
    const faults = check(facts)
    expect(
      faults.some((text) => fault.test(text)),
      faults.join('\n'),
    ).toBe(true)
  })
})

it('takes the described path with the fewest parameters', () => {
  expect(templateOf(document, '/api/library/books/all')).toBe('/api/library/books/all')
  expect(templateOf(document, '/api/library/books/b1')).toBe('/api/library/books/{id}')
  expect(templateOf(document, '/api/library/books/b1/pages')).toBeUndefined()
})
