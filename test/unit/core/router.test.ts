import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AnyRoute, createRouter } from '#core/router.ts'

const route = (method: AnyRoute['method'], path: `/${string}`): AnyRoute => ({
  method,
  path,
  operationId: `${method} ${path}`,
  summary: '',
  permission: 'public',
  answers: {},
  handle: async () => ({ status: 204 }),
})

const router = createRouter([
  route('GET', '/api/links/links/{id}'),
  route('DELETE', '/api/links/links/{id}'),
  route('GET', '/api/links/links/recent'),
  route('GET', '/api/links/links'),
  route('POST', '/api/links/links'),
  route('GET', '/api/links/links/{linkId}/stats'),
  route('GET', '/'),
])

const found = (method: string, path: string) => {
  const match = router.match(method, path)
  return match.kind === 'found' ? [match.route.operationId, match.params] : match
}

describe('router', () => {
  it('finds a route and its parameters', () => {
    expect(found('GET', '/api/links/links/lnk_1')).toEqual(['GET /api/links/links/{id}', { id: 'lnk_1' }])
    expect(found('GET', '/api/links/links/lnk_1/stats')).toEqual([
      'GET /api/links/links/{linkId}/stats',
      { linkId: 'lnk_1' },
    ])
    expect(found('GET', '/')).toEqual(['GET /', {}])
  })

  it('prefers a literal segment over a parameter, in whatever order they were declared', () => {
    expect(found('GET', '/api/links/links/recent')).toEqual(['GET /api/links/links/recent', {}])
    expect(found('DELETE', '/api/links/links/recent')).toEqual(['DELETE /api/links/links/{id}', { id: 'recent' }])
  })

  it('decodes a parameter once, a slash inside it included', () => {
    expect(found('GET', '/api/links/links/a%2Fb%2525')).toEqual(['GET /api/links/links/{id}', { id: 'a/b%25' }])
    expect(found('GET', '/api/l%69nks/links')).toEqual(['GET /api/links/links', {}])
  })

  it('answers HEAD by GET', () => {
    expect(found('HEAD', '/api/links/links')).toEqual(['GET /api/links/links', {}])
  })

  it('lists what a known path allows', () => {
    expect(found('PUT', '/api/links/links')).toEqual({
      kind: 'other_method',
      allow: ['GET', 'HEAD', 'OPTIONS', 'POST'],
    })
    expect(found('OPTIONS', '/api/links/links/recent')).toEqual({
      kind: 'other_method',
      allow: ['DELETE', 'GET', 'HEAD', 'OPTIONS'],
    })
    expect(found('get', '/api/links/links')).toMatchObject({ kind: 'other_method' })
  })

  it.each([
    ['an unknown path', '/api/links'],
    ['a trailing slash', '/api/links/links/'],
    ['an empty parameter', '/api/links/links//stats'],
    ['a doubled slash', '//api/links/links'],
    ['malformed percent-encoding', '/api/links/links/%zz'],
    ['a cut-off percent-encoding', '/api/links/links/%'],
    ['percent-encoding that is not UTF-8', '/api/links/links/%ff'],
    ['no leading slash', 'api/links/links'],
    ['another case', '/API/links/links'],
    ['nothing', ''],
  ])('does not know %s', (_, path) => {
    expect(found('GET', path)).toEqual({ kind: 'unknown' })
  })

  it('never throws, and finds what was encoded', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ unit: 'binary' }), (method, path) => {
        expect(['found', 'other_method', 'unknown']).toContain(router.match(method, path).kind)
        expect(['found', 'other_method', 'unknown']).toContain(router.match(method, `/${path}`).kind)
      }),
    )
    fc.assert(
      fc.property(
        fc.string({ minLength: 1, unit: 'grapheme' }).filter((id) => id !== 'recent'),
        (id) => {
          expect(found('GET', `/api/links/links/${encodeURIComponent(id)}`)).toEqual([
            'GET /api/links/links/{id}',
            { id },
          ])
        },
      ),
    )
  })

  it('refuses a table with the same route twice, whatever the parameter is called', () => {
    expect(() => createRouter([route('GET', '/a/{x}'), route('GET', '/a/{y}')])).toThrow(
      'expected one route for GET /a/{}, got GET /a/{x} and GET /a/{y}',
    )
    expect(() => createRouter([route('GET', '/a/{x}'), route('POST', '/a/{y}')])).not.toThrow()
  })
})
