import { beforeAll, describe, expect, inject, it, test } from 'vitest'
import { edge, LINKS, newWorkspace, send, type Workspace } from './links-cloud.ts'

let workspace: Workspace
let stranger: Workspace
beforeAll(async () => {
  workspace = await newWorkspace()
  stranger = await newWorkspace()
})

const newSlug = () => `t-${crypto.randomUUID()}`

describe('making a link', () => {
  it('answers with the link, its place and its version', async () => {
    const slug = newSlug()
    const answer = await workspace.call('POST', LINKS, {
      body: { url: 'https://EXAMPLE.com/a b', slug: slug.toUpperCase() },
    })
    expect(answer).toMatchObject({
      status: 201,
      body: {
        id: expect.stringMatching(/^lnk_[0-9A-Z]{26}$/),
        slug,
        shortUrl: edge(`/${slug}`),
        url: 'https://example.com/a%20b',
        createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    })
    expect(answer.headers.get('location')).toBe(`${LINKS}/${answer.body.id}`)
    expect(answer.headers.get('etag')).toBe('"1"')
    const read = await workspace.call('GET', `${LINKS}/${answer.body.id}`)
    expect(read).toMatchObject({ status: 200, body: answer.body })
  })

  it('makes up a slug of seven characters', async () => {
    const link = await workspace.link()
    expect(link.slug).toMatch(/^[2-9bcdfghjkmnp-tv-z]{7}$/)
  })

  it('gives a slug to one of twenty who ask at once', async () => {
    const slug = newSlug()
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? workspace : stranger).call('POST', LINKS, { body: { url: 'https://example.com/', slug } }),
      ),
    )
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(1)
    const refused = answers.filter(({ status }) => status === 409)
    expect(refused).toHaveLength(19)
    for (const { body } of refused) expect(body.code).toBe('slug_taken')
  })

  it('is done once for one Idempotency-Key, and answers the same again', async () => {
    const sent = { body: { url: 'https://example.com/once' }, headers: { 'Idempotency-Key': crypto.randomUUID() } }
    const first = await workspace.call('POST', LINKS, sent)
    const again = await workspace.call('POST', LINKS, sent)
    expect(again).toMatchObject({ status: 201, body: first.body })
    expect(again.headers.get('idempotent-replayed')).toBe('true')
    expect(again.headers.get('etag')).toBe('"1"')
    expect(again.headers.get('location')).toBe(first.headers.get('location'))
    const other = await workspace.call('POST', LINKS, { ...sent, body: { url: 'https://example.com/other' } })
    expect(other).toMatchObject({ status: 422, body: { code: 'idempotency_key_reused' } })
  })

  test.each([
    [{}, '/url', 'required'],
    [{ url: 7 }, '/url', 'invalid_type'],
    [{ url: 'example.com' }, '/url', 'url_invalid'],
    [{ url: 'javascript:alert(1)' }, '/url', 'url_scheme'],
    [{ url: 'https://me:pw@example.com' }, '/url', 'url_user_info'],
    [{ url: `https://example.com/${'a'.repeat(2_048)}` }, '/url', 'url_too_long'],
    [{ url: 'https://example.com', slug: 'a b' }, '/slug', 'slug_characters'],
    [{ url: 'https://example.com', slug: 'docs' }, '/slug', 'slug_reserved'],
    [{ url: 'https://example.com', slug: 'a'.repeat(65) }, '/slug', 'slug_length'],
    [{ url: 'https://example.com', slugg: 'x' }, '/slugg', 'unknown_field'],
  ])('refuses %j: %s %s', async (body, pointer, code) => {
    const answer = await workspace.call('POST', LINKS, { body })
    expect(answer).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
    expect(answer.body.errors).toContainEqual(expect.objectContaining({ pointer, code }))
  })

  it('names every fault at once', async () => {
    const { body } = await workspace.call('POST', LINKS, { body: { url: 'ftp://x', slug: '.env' } })
    expect(body.errors.map((error: { code: string }) => error.code)).toEqual(['url_scheme', 'slug_reserved'])
  })

  it('refuses a link to itself, by the public name and by the one that it was called by', async () => {
    const { endpoint } = inject('outputs')
    for (const url of [edge('/abc'), `${endpoint}/abc`, endpoint.replace('http:', 'https:')]) {
      const { status, body } = await workspace.call('POST', LINKS, { body: { url } })
      expect([url, status]).toEqual([url, 400])
      expect(body.errors).toEqual([expect.objectContaining({ pointer: '/url', code: 'url_own_domain' })])
    }
  })
})

describe('changing a link', () => {
  it('leads elsewhere from then on; the version guards against lost updates', async () => {
    const link = await workspace.link()
    const path = `${LINKS}/${link.id}`
    const changed = await workspace.call('PATCH', path, {
      body: { url: 'https://example.com/two' },
      headers: { 'If-Match': '"1"' },
    })
    expect(changed).toMatchObject({
      status: 200,
      body: { ...link, url: 'https://example.com/two', updatedAt: expect.any(String) },
    })
    expect(changed.headers.get('etag')).toBe('"2"')
    const late = await workspace.call('PATCH', path, {
      body: { url: 'https://example.com/three' },
      headers: { 'If-Match': '"1"' },
    })
    expect(late).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
    expect((await workspace.call('DELETE', path, { headers: { 'If-Match': '"1"' } })).status).toBe(412)
    expect((await workspace.call('GET', path)).body.url).toBe('https://example.com/two')
  })

  it('is not possible for the slug', async () => {
    const link = await workspace.link()
    const answer = await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: link.url, slug: 'other' } })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/slug', code: 'unknown_field' }] } })
  })

  it('is judged like a new target', async () => {
    const link = await workspace.link()
    const answer = await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'data:text/html,x' } })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/url', code: 'url_scheme' }] } })
  })
})

describe('reading', () => {
  it('answers 304 to who has the version already', async () => {
    const link = await workspace.link()
    const answer = await workspace.call('GET', `${LINKS}/${link.id}`, { headers: { 'If-None-Match': '"1"' } })
    expect(answer).toMatchObject({ status: 304, text: '' })
  })

  it('lists newest first, page by page, and trusts only its own cursors', async () => {
    const owner = await newWorkspace()
    const made = []
    for (let index = 0; index < 5; index += 1) made.push(await owner.link())
    const ids: string[] = []
    let cursor: string | null = null
    do {
      const query: string = cursor === null ? '' : `&cursor=${cursor}`
      const { body } = await owner.call('GET', `${LINKS}?limit=2${query}`)
      ids.push(...body.items.map(({ id }: { id: string }) => id))
      cursor = body.nextCursor
    } while (cursor !== null)
    expect(ids).toEqual(made.map(({ id }) => id).reverse())

    const { body } = await owner.call('GET', `${LINKS}?limit=2`)
    const tampered = `${body.nextCursor.slice(0, -2)}${body.nextCursor.endsWith('AA') ? 'BB' : 'AA'}`
    for (const caller of [
      owner.call('GET', `${LINKS}?cursor=${tampered}`),
      stranger.call('GET', `${LINKS}?cursor=${body.nextCursor}`),
    ])
      expect(await caller).toMatchObject({ status: 400, body: { code: 'invalid_cursor' } })
  })

  test.each([
    ['from=2026-11-02&to=2026-11-01', '/query/from', 'after_to'],
    ['from=2025-01-01&to=2026-01-02', '/query/from', 'period_too_long'],
    ['from=yesterday', '/query/from', 'invalid_format'],
    ['from=2026-02-30', '/query/from', 'invalid_format'],
  ])('refuses statistics for %s', async (query, pointer, code) => {
    const { id } = await workspace.link()
    const answer = await workspace.call('GET', `${LINKS}/${id}/stats?${query}`)
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer, code }] } })
  })

  it('gives statistics of a leap year at most, every day of them', async () => {
    const { id } = await workspace.link()
    const { status, body } = await workspace.call('GET', `${LINKS}/${id}/stats?from=2024-01-01&to=2024-12-31`)
    expect(status).toBe(200)
    expect(body).toMatchObject({ linkId: id, clicks: 0, bots: 0, from: '2024-01-01', to: '2024-12-31' })
    expect(body.byDay).toHaveLength(366)
  })
})

describe('who may', () => {
  const ROUTES = [
    ['POST', ''],
    ['GET', ''],
    ['GET', '/{id}'],
    ['PATCH', '/{id}'],
    ['DELETE', '/{id}'],
    ['GET', '/{id}/stats'],
  ] as const
  const bodyOf = (method: string) =>
    method === 'POST' || method === 'PATCH' ? { body: { url: 'https://example.com/x' } } : {}

  test.each(ROUTES)('%s %s: nobody without a key', async (method, path) => {
    const answer = await send(
      method,
      edge(LINKS + path.replace('{id}', 'lnk_01J0000000000000000000000Z')),
      bodyOf(method),
    )
    expect(answer).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/)
  })

  test.each(ROUTES.filter(([, path]) => path !== ''))(
    '%s %s: not another workspace, for which it does not exist',
    async (method, path) => {
      const link = await workspace.link()
      const answer = await stranger.call(method, LINKS + path.replace('{id}', link.id), bodyOf(method))
      expect(answer).toMatchObject({ status: 404, body: { code: 'not_found' } })
      expect((await workspace.call('GET', `${LINKS}/${link.id}`)).body).toEqual(link)
    },
  )

  test.each(ROUTES)('%s %s: a viewer reads and does not write', async (method, path) => {
    const link = await workspace.link()
    const asViewer = await workspace.as('viewer')
    const answer = await asViewer(method, LINKS + path.replace('{id}', link.id), bodyOf(method))
    if (method === 'GET') expect(answer.status).toBe(200)
    else expect(answer).toMatchObject({ status: 403, body: { code: 'permission_denied' } })
  })
})
