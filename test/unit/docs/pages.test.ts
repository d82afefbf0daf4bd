import { describe, expect, it } from 'vitest'
import { PROBLEMS } from '#core/problem.ts'
import { problemsPage } from '../../../functions/docs/problems-page.ts'
import { referencePage } from '../../../functions/docs/reference-page.ts'
import { documents } from '../../../local/commands/openapi.ts'

const document = documents().get('backlot.json')
if (document === undefined) throw new Error('expected a merged document')
const reference = referencePage(document)
const problems = problemsPage()

const idsOf = (page: string) => [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)
const linksOf = (page: string) => [...page.matchAll(/\shref="([^"]+)"/g)].map(([, href]) => href ?? '')

describe.each([
  ['reference', reference],
  ['problems', problems],
])('the %s page', (_, { body }) => {
  it('has every id once', () => {
    const ids = idsOf(body)
    expect(ids).toEqual([...new Set(ids)])
  })

  it('loads nothing: no source, no style attribute, no address but its own', () => {
    expect(body).not.toMatch(/\s(src|style|on\w+)="/)
    expect(body).not.toMatch(/@import|url\(/)
    expect(linksOf(body).filter((href) => !/^(#|\/|data:)/.test(href))).toEqual([])
  })

  it('leads nowhere that is not there', () => {
    const anchors = new Map([
      ['', idsOf(body)],
      ['/docs/problems', idsOf(problems.body)],
      ['/docs', idsOf(reference.body)],
    ])
    const broken = linksOf(body).filter((href) => {
      const [path = '', id] = href.split('#')
      return id !== undefined && !anchors.get(path)?.includes(id)
    })
    expect(broken).toEqual([])
  })
})

describe('the reference', () => {
  const operations = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )

  it.each(operations)('describes $method $path', ({ operation }) => {
    expect(reference.body).toContain(`id="${operation.operationId}"`)
    expect(reference.body).toContain(`href="#${operation.operationId}"`)
  })

  it('names the permission of a route', () => {
    expect(reference.body).toContain('Needs the permission <code class="chip">links:write</code>')
  })
})

describe('the problems', () => {
  it.each(Object.entries(PROBLEMS))('explain %s', (code, { title }) => {
    const article = new RegExp(`<article id="${code}">.*?</article>`, 's').exec(problems.body)?.[0]
    expect(article).toContain(title)
    expect(article).toContain('What to do.')
  })
})
