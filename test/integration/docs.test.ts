import { createHash } from 'node:crypto'
import { expect, inject, it } from 'vitest'
import { checkedFetch } from '../answers.ts'

const { edge } = inject('outputs')
const call = checkedFetch(edge.url)

it.each(['/docs', '/docs/problems'])('%s is a page that allows what it contains and nothing else', async (path) => {
  const response = await call(path)
  expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const page = await response.text()
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).not.toContain('unsafe')
  for (const [, text = ''] of page.matchAll(/<(?:style|script)>(.*?)<\/(?:style|script)>/gs))
    expect(policy).toContain(`'sha256-${createHash('sha256').update(text).digest('base64')}'`)
})

it.each(['/docs', '/docs/problems', '/api/openapi.json'])(
  '%s may be cached and is not sent again while it is the same',
  async (path) => {
    const first = await call(path)
    expect(first.headers.get('cache-control')).toBe('public, max-age=60, must-revalidate')
    const again = await call(path, { headers: { 'If-None-Match': first.headers.get('etag') ?? '' } })
    expect([again.status, await again.text()]).toEqual([304, ''])
    const other = await call(path, { headers: { 'If-None-Match': '"other"' } })
    expect([other.status, await other.text()]).toEqual([200, await first.text()])
  },
)

it('the reference shows curls for the address that it is served from', async () => {
  expect(await (await call('/docs')).text()).toContain(`curl -X POST ${edge.url}/api/links/links`)
})

it('the type of a problem leads to what explains it', async () => {
  const problem = (await (await call('/api/links/links')).json()) as { type: string; title: string }
  const { pathname, hash } = new URL(problem.type, edge.url)
  const page = await (await call(pathname)).text()
  expect(page).toMatch(new RegExp(`<article id="${hash.slice(1)}">(?:(?!</article>).)*${problem.title}`, 's'))
})

it('an unknown page below /docs is a problem', async () => {
  const response = await fetch(`${edge.url}/docs/nothing`)
  expect(response.status).toBe(404)
  expect(await response.json()).toMatchObject({ code: 'route_not_found' })
})
