import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { beforeAll, describe, expect, inject, it, test } from 'vitest'
import headEvent from '../../events/links/redirect.head.json' with { type: 'json' }
import { clientFor } from '../../local/aws.ts'
import { countsOf, eventually, LINKS, newWorkspace, send, visit, type Workspace } from './links-cloud.ts'

let workspace: Workspace
beforeAll(async () => {
  workspace = await newWorkspace()
})

describe('a visit', () => {
  it('leads to the target and is counted', async () => {
    const link = await workspace.link({ url: 'https://example.com/a?b=c#d' })
    const answer = await visit(`/${link.slug}`)
    expect(answer).toMatchObject({ status: 302, text: '' })
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      location: 'https://example.com/a?b=c#d',
      'cache-control': 'private, no-store',
      'referrer-policy': 'strict-origin-when-cross-origin',
      'x-content-type-options': 'nosniff',
      'x-request-id': expect.stringMatching(/^[\da-f-]{36}$/),
    })
    await eventually(
      () => countsOf(workspace, link.id),
      ({ clicks, bots }) => clicks === 1 && bots === 0,
    )
  })

  it('is counted by API Gateway’s way as well', async () => {
    const link = await workspace.link()
    const { endpoint, stacks } = inject('outputs')
    const url = `${endpoint}/_aws/execute-api/${stacks['Links']?.['RedirectApiId']}/live/${link.slug}`
    const answer = await send('GET', url, { headers: { 'User-Agent': 'Slackbot-LinkExpanding 1.0' } })
    expect(answer.status).toBe(302)
    expect(answer.headers.get('location')).toBe(link.url)
    await eventually(
      () => countsOf(workspace, link.id),
      ({ clicks, bots }) => clicks === 0 && bots === 1,
    )
  })

  it('counts once each, and only visits: no HEAD, no prefetch', async () => {
    const link = await workspace.link()
    const path = `/${link.slug}`
    expect((await visit(path, {}, 'HEAD')).status).toBe(302)
    expect((await visit(path, { 'Sec-Purpose': 'prefetch' })).status).toBe(302)
    expect((await visit(path, { Purpose: 'prefetch' })).status).toBe(302)
    // What must not be counted went first, so once these are counted it would have been too.
    await Promise.all(Array.from({ length: 10 }, () => visit(path)))
    await eventually(
      () => countsOf(workspace, link.id),
      ({ clicks }) => clicks >= 10,
    )
    expect(await countsOf(workspace, link.id)).toEqual({ clicks: 10, bots: 0 })
  })

  test.each([
    ['capitals', 'Case-', 'cASE-'],
    ['other scripts', 'новости-', 'НОВОСТИ-'],
    ['a decomposed accent', 'caf\u00E9-', 'cafe\u0301-'],
  ])('finds the slug in %s', async (_, made, asked) => {
    const end = String(Date.now())
    await workspace.link({ slug: made + end, url: 'https://example.com/found' })
    const answer = await visit(`/${encodeURIComponent(asked + end)}/`)
    expect([answer.status, answer.headers.get('location')]).toEqual([302, 'https://example.com/found'])
  })

  it('works the moment after the link was made, and leads elsewhere the moment after it was changed', async () => {
    const link = await workspace.link()
    expect((await visit(`/${link.slug}`)).headers.get('location')).toBe('https://example.com/')
    await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/new' } })
    expect((await visit(`/${link.slug}`)).headers.get('location')).toBe('https://example.com/new')
  })
})

describe('a deleted link', () => {
  it('is gone for visitors, and its slug for everyone but its workspace', async () => {
    const link = await workspace.link()
    await visit(`/${link.slug}`)
    expect((await workspace.call('DELETE', `${LINKS}/${link.id}`)).status).toBe(204)
    const page = await visit(`/${link.slug}`)
    expect(page.status).toBe(410)
    expect(page.text).toContain('This link was deleted')
    expect(await visit(`/${link.slug}`, { Accept: 'application/json' })).toMatchObject({
      status: 410,
      body: { code: 'link_gone' },
    })
    expect((await workspace.call('GET', `${LINKS}/${link.id}/stats`)).status).toBe(404)
    const stranger = await newWorkspace()
    const taken = await stranger.call('POST', LINKS, { body: { url: 'https://example.com/', slug: link.slug } })
    expect(taken).toMatchObject({ status: 409, body: { code: 'slug_taken' } })
    const again = await workspace.link({ slug: link.slug, url: 'https://example.com/again' })
    expect(again.id).not.toBe(link.id)
    expect((await visit(`/${link.slug}`)).headers.get('location')).toBe('https://example.com/again')
  })
})

describe('no link', () => {
  test.each(['/no-such-link', '/%E0%A4%A', '/a/b', '/wp-login.php', '/%2e%2e%2fetc'])(
    '%s: a page for browsers, a problem for clients',
    async (path) => {
      const page = await visit(path)
      expect(page.status).toBe(404)
      expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
      expect(page.text).toMatch(/<html lang="en">[\s\S]*<h1>There is no such link<\/h1>/)
      const problem = await visit(path, { Accept: '*/*' })
      expect(problem).toMatchObject({ status: 404, body: { code: 'not_found', status: 404 } })
      expect(problem.headers.get('content-type')).toBe('application/problem+json')
    },
  )

  it('other methods are told which there are', async () => {
    // Through API Gateway: the edge, as CloudFront, lets only GET and HEAD pass.
    const { endpoint, stacks } = inject('outputs')
    const url = `${endpoint}/_aws/execute-api/${stacks['Links']?.['RedirectApiId']}/live/anything`
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
      const answer = await send(method, url)
      expect([method, answer.status, answer.headers.get('allow')]).toEqual([method, 405, 'GET, HEAD'])
    }
  })
})

describe('what every host is asked for', () => {
  test.each([
    ['/', 200, 'text/html; charset=utf-8'],
    ['/robots.txt', 200, 'text/plain; charset=utf-8'],
  ])('%s → %i', async (path, status, type) => {
    const answer = await visit(path)
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, type])
  })

  it('/favicon.ico → 204', async () => {
    expect(await visit('/favicon.ico')).toMatchObject({ status: 204, text: '' })
  })
})

it('answers its fixture, invoked directly', async () => {
  const lambda = new LambdaClient(clientFor(inject('outputs')))
  const { Payload, FunctionError } = await lambda.send(
    new InvokeCommand({ FunctionName: 'backlot-links-redirect', Payload: JSON.stringify(headEvent) }),
  )
  expect(FunctionError).toBeUndefined()
  expect(JSON.parse(Buffer.from(Payload ?? []).toString())).toMatchObject({ statusCode: 404, body: '' })
})
