import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import type { Exchange, HttpRequest } from '#core/exchange.ts'
import { jsonPointer, MAX_FIELD_ERRORS } from '#core/field-errors.ts'
import { Problem } from '#core/problem.ts'
import type { AnyRoute } from '#core/router.ts'
import { MAX_BODY_BYTES, validated } from '#core/validate.ts'

const base: AnyRoute = {
  method: 'POST',
  path: '/api/test/things/{id}',
  operationId: 'test',
  summary: '',
  permission: 'links:write',
  answers: {},
  handle: async () => ({ status: 204 }),
}

interface Sent {
  body?: unknown
  text?: string | Uint8Array
  type?: string | undefined
  query?: HttpRequest['query']
  params?: Record<string, string>
}

function validate(route: Partial<AnyRoute>, { body, text, type = 'application/json', query = {}, params = {} }: Sent) {
  const raw = text ?? (body === undefined ? '' : JSON.stringify(body))
  const bytes = typeof raw === 'string' ? Buffer.from(raw) : raw
  const request = { headers: type === '' ? {} : { 'content-type': type }, query, body: bytes }
  return validated({ request, rawParams: params } as unknown as Exchange, { ...base, ...route })
}

function problem(route: Partial<AnyRoute>, sent: Sent): Problem {
  try {
    validate(route, sent)
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
  throw new Error('expected a problem, got an accepted request')
}

const errors = (route: Partial<AnyRoute>, sent: Sent) =>
  problem(route, sent).errors.map(({ pointer, code, detail }) => [pointer, code, detail])

const body = z.object({
  url: z.url(),
  slug: z.string().min(3).max(5).optional(),
  count: z.int().min(1).max(10).optional(),
  tags: z.array(z.string().max(3)).max(2).optional(),
  kind: z.enum(['a', 'b']).optional(),
  nested: z.strictObject({ 'a/b~c': z.boolean() }).optional(),
})
const url = 'https://example.com'

describe('the body', () => {
  it('is accepted and transformed by its schema', () => {
    const schema = z.object({ at: z.iso.datetime().transform((text) => new Date(text)) })
    const input = validate({ body: schema }, { body: { at: '2026-01-01T00:00:00Z' } })
    expect(input.body).toEqual({ at: new Date('2026-01-01T00:00:00Z') })
  })

  it.each([
    [{}, ['/url', 'required', 'expected a string, got nothing']],
    [{ url: 5 }, ['/url', 'invalid_type', 'expected a string, got 5']],
    [{ url: null }, ['/url', 'invalid_type', 'expected a string, got null']],
    [{ url: [] }, ['/url', 'invalid_type', 'expected a string, got an array of 0']],
    [{ url: 'nowhere' }, ['/url', 'invalid_format', 'expected a valid url, got "nowhere"']],
    [{ url, slug: 'ab' }, ['/slug', 'too_short', 'expected at least 3 characters, got "ab"']],
    [{ url, slug: 'abcdef' }, ['/slug', 'too_long', 'expected at most 5 characters, got "abcdef"']],
    [
      { url, slug: 'x'.repeat(99) },
      ['/slug', 'too_long', 'expected at most 5 characters, got a text of 99 characters'],
    ],
    [{ url, count: 0 }, ['/count', 'too_small', 'expected at least 1, got 0']],
    [{ url, count: 11 }, ['/count', 'too_big', 'expected at most 10, got 11']],
    [{ url, count: 1.5 }, ['/count', 'invalid_type', 'expected an int, got 1.5']],
    [{ url, tags: ['ok', 'long'] }, ['/tags/1', 'too_long', 'expected at most 3 characters, got "long"']],
    [{ url, tags: ['a', 'b', 'c'] }, ['/tags', 'too_long', 'expected at most 2 elements, got an array of 3']],
    [{ url, kind: 'c' }, ['/kind', 'invalid_value', 'expected one of "a", "b", got "c"']],
    [{ url, nested: { 'a/b~c': 'x' } }, ['/nested/a~1b~0c', 'invalid_type', 'expected a boolean, got "x"']],
    [{ url, 'x/y': 1 }, ['/x~1y', 'unknown_field', 'expected only documented fields, got this one']],
    [[], ['', 'invalid_type', 'expected an object, got an array of 0']],
    [null, ['', 'invalid_type', 'expected an object, got null']],
  ])('%j is refused with pointer, code and detail', (sent, expected) => {
    expect(errors({ body }, { body: sent })).toEqual([expected])
  })

  it('reports every fault of path, query and body at once', () => {
    const route = { body, params: z.object({ id: z.string().min(5) }), query: z.object({ q: z.string() }) }
    const refused = problem(route, { body: { url: 1, x: 1 }, params: { id: 'abc' }, query: { y: ['1'] } })
    expect(refused.status).toBe(400)
    expect(refused.errors.map(({ pointer }) => pointer)).toEqual(['/path/id', '/query/q', '/query/y', '/url', '/x'])
    expect(refused.detail).toBe('5 fields are not valid')
  })

  it('lets a schema give its own code and message', () => {
    const schema = z.object({
      url: z.string().refine((text) => text !== 'self', {
        error: 'expected a foreign host, got our own',
        params: { code: 'own_domain' },
      }),
    })
    expect(errors({ body: schema }, { body: { url: 'self' } })).toEqual([
      ['/url', 'own_domain', 'expected a foreign host, got our own'],
    ])
  })

  it('never quotes a value whose name says that it is a secret', () => {
    const schema = z.object({ password: z.string().min(12) })
    expect(JSON.stringify(errors({ body: schema }, { body: { password: 'hunter2' } }))).not.toContain('hunter2')
  })

  it('keeps the word of a schema that says what it does with unknown fields', () => {
    const sent = { body: { a: 1, b: 2 } }
    expect(validate({ body: z.looseObject({ a: z.number() }) }, sent).body).toEqual({ a: 1, b: 2 })
    expect(errors({ body: z.object({ a: z.number() }) }, sent)).toHaveLength(1)
  })

  it('with fields that an object inherits is refused like any other', () => {
    const pointers = problem({ body }, { text: `{"url":"${url}","__proto__":{"x":1},"constructor":1}` }).errors
    expect(pointers.map(({ pointer }) => pointer)).toEqual(['/__proto__', '/constructor'])
  })

  it('has at most so many errors reported, however many there are', () => {
    const many = Object.fromEntries(Array.from({ length: MAX_FIELD_ERRORS + 1 }, (_, index) => [`x${index}`, 1]))
    expect(errors({ body }, { body: { url, ...many } })).toHaveLength(MAX_FIELD_ERRORS)
  })

  it('may have exactly the limit of bytes, and not one more', () => {
    const schema = z.object({ text: z.string() })
    const frame = '{"text":""}'.length
    const atLimit = JSON.stringify({ text: 'x'.repeat(MAX_BODY_BYTES - frame) })
    expect(atLimit).toHaveLength(MAX_BODY_BYTES)
    expect(validate({ body: schema }, { text: atLimit }).body).toBeDefined()
    const refused = problem({ body: schema }, { text: `${atLimit} ` })
    expect([refused.code, refused.detail]).toEqual(['body_too_large', 'expected at most 262144 bytes, got 262145'])
    // Counted in bytes, not in characters.
    const umlauts = JSON.stringify({ text: 'ü'.repeat((MAX_BODY_BYTES - frame + 1) / 2) })
    expect(problem({ body: schema }, { text: umlauts }).code).toBe('body_too_large')
  })

  it.each([
    'application/json',
    'Application/JSON; charset=UTF-8',
    'application/merge-patch+json',
    'application/json; charset="utf-8"',
  ])('may be sent as %s', (type) => {
    expect(validate({ body }, { body: { url }, type }).body).toEqual({ url })
  })

  it.each(['', 'text/plain', 'application/jsonp', 'application/json; charset=latin1', 'multipart/form-data', 'json'])(
    'may not be sent as %j',
    (type) => {
      expect(problem({ body }, { body: { url }, type }).code).toBe('unsupported_media_type')
    },
  )

  it('that is missing is told apart from one that is malformed', () => {
    expect(errors({ body }, { type: '' })).toEqual([['', 'required', 'expected an object, got nothing']])
    expect(problem({ body }, { text: '{' }).code).toBe('malformed_json')
  })

  it('may be left out where the schema says so', () => {
    expect(validate({ body: body.optional() }, { type: '' }).body).toBeUndefined()
  })

  it('is not read on a route without one', () => {
    expect(validate({}, { text: '{', type: 'text/plain' }).body).toBeUndefined()
  })
})

describe('the query', () => {
  const query = z.object({ limit: z.coerce.number().int().optional(), tag: z.string().optional() })

  it('is coerced by its schema', () => {
    expect(validate({ query }, { query: { limit: ['5'] } }).query).toEqual({ limit: 5 })
  })

  it('refuses a name given twice, unless the schema takes several', () => {
    expect(errors({ query }, { query: { tag: ['a', 'b'] } })).toEqual([
      ['/query/tag', 'invalid_type', 'expected a string, got an array of 2'],
    ])
    const several = z.object({ tag: z.array(z.string()) })
    expect(validate({ query: several }, { query: { tag: ['a', 'b'] } }).query).toEqual({ tag: ['a', 'b'] })
  })

  it('refuses unknown names, also on a route without a query', () => {
    const detail = 'expected only documented fields, got this one'
    expect(errors({ query }, { query: { lmit: ['5'] } })).toEqual([['/query/lmit', 'unknown_field', detail]])
    expect(errors({}, { query: { any: ['5'] } })).toEqual([['/query/any', 'unknown_field', detail]])
  })

  it('is ignored on a public route that reads none: a page may be linked with tracking parameters', () => {
    expect(validate({ permission: 'public' }, { query: { utm_source: ['x'] } }).query).toBeUndefined()
  })
})

describe('JSON Pointer (RFC 6901)', () => {
  it('escapes as §3 says, so that it can be read back', () => {
    expect(jsonPointer([])).toBe('')
    expect(jsonPointer(['a/b', 'm~n', '', 0])).toBe('/a~1b/m~0n//0')
    fc.assert(
      fc.property(fc.array(fc.string({ unit: fc.constantFrom('~', '/', '0', '1', 'a') })), (path) => {
        const read = jsonPointer(path)
          .split('/')
          .slice(1)
          .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
        expect(read).toEqual(path)
      }),
    )
  })
})
