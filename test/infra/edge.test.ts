import { describe, expect, it } from 'vitest'
import { EDGE_ROUTES, edgeRouteFor, matchesPattern, REDIRECT_HEADERS } from '../../infra/edge.ts'
import { functionSource, sourceExists } from '../../infra/sources.ts'

const target = (path: string): string => {
  const { origin } = edgeRouteFor(path)
  return `${origin.stack}.${origin.output}`
}

describe('the edge table', () => {
  it.each([
    ['/', 'Links.RedirectUrl'],
    ['/abc1234', 'Links.RedirectUrl'],
    ['/docs-2027', 'Links.RedirectUrl'],
    ['/docsy', 'Links.RedirectUrl'],
    ['/API/links/links', 'Links.RedirectUrl'],
    ['/api', 'Links.RedirectUrl'],
    ['/api/links', 'Links.RedirectUrl'],
    ['/api/linksy/x', 'Links.RedirectUrl'],
    ['/api/links/links', 'Links.ApiId'],
    ['/api/links/links/lnk_1/stats', 'Links.ApiId'],
    ['/api/links/openapi.json', 'Links.ApiId'],
    ['/api/openapi.json', 'Docs.ApiId'],
    ['/api/openapiXjson', 'Links.RedirectUrl'],
    ['/docs', 'Docs.ApiId'],
    ['/docs/', 'Docs.ApiId'],
    ['/docs/problems', 'Docs.ApiId'],
  ])('sends %s to %s', (path, expected) => {
    expect(target(path)).toBe(expected)
  })

  it('ends with a row for everything else', () => {
    expect(EDGE_ROUTES.at(-1)?.pattern).toBe('*')
    expect(EDGE_ROUTES.filter(({ pattern }) => pattern === '*')).toHaveLength(1)
    expect(() => edgeRouteFor('/abc', [])).toThrow('expected the edge table to end with the pattern *')
  })

  it('names only sources that are there', () => {
    for (const { origin } of EDGE_ROUTES)
      if (origin.kind === 'functionUrl') expect(sourceExists(functionSource(origin.source)), origin.source).toBe(true)
  })

  it("stays inside CloudFront's quota of ten headers for one policy", () => {
    expect(REDIRECT_HEADERS.length).toBeLessThanOrEqual(10)
    expect(new Set(REDIRECT_HEADERS.map((name) => name.toLowerCase())).size).toBe(REDIRECT_HEADERS.length)
  })
})

describe('matchesPattern', () => {
  it.each([
    ['*', '/anything/at?all', true],
    ['/a?c', '/abc', true],
    ['/a?c', '/ac', false],
    ['/a?c', '/abbc', false],
    ['/a*c', '/ac', true],
    ['/a*c', '/a/b/c', true],
    ['a/*', '/a/b', true],
    ['/a.b', '/axb', false],
    ['/a', '/a/b', false],
    ['/a', '/A', false],
    ['*.jpg', '/x/y.jpg', true],
    ['/(a)+', '/(a)+', true],
    ['/a*', '/a\n', true],
  ])('%j on %j: %s', (pattern, path, expected) => {
    expect(matchesPattern(pattern, path)).toBe(expected)
  })
})
