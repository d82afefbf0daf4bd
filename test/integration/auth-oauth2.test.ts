/** Applications: the certified client signs in as a person does, refreshes, and acts; and what must be refused. */
import * as client from 'openid-client'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import {
  allow,
  authorize,
  CALLBACK,
  discovered,
  follow,
  newApplication,
  pathOf,
  refreshed,
  signedIn,
} from './auth-applications.ts'
import { newPerson, newWorkspace, PASSWORD, type Person } from './auth-cloud.ts'

const origin = inject('outputs').edge.url
let ann: Person
let workspace: string
beforeAll(async () => {
  ann = await newPerson(origin)
  workspace = await newWorkspace(ann, 'Applications')
}, 120_000)

const application = (body?: object) => newApplication(ann, workspace, body)

const links = (token: string, method = 'GET') =>
  fetch(`${origin}/api/links/links`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify({ url: 'https://example.com/' }) }),
  })

describe('the authorization code flow', () => {
  it('gives an application tokens that act for the person, within their consent', async () => {
    const { tokens } = await signedIn(ann, await application({ scopes: ['links:read'] }), 'openid links:read')
    expect(tokens.claims()).toMatchObject({ iss: origin, sub: expect.stringMatching(/^usr_/) })
    expect((await links(tokens.access_token)).status).toBe(200)
    expect((await links(tokens.access_token, 'POST')).status).toBe(403)
    expect((await links(tokens.id_token ?? '')).status).toBe(401)
  })

  it('asks somebody who is not signed in to sign in first, and comes back', async () => {
    const config = await discovered(origin, await application())
    await ann.browser.fill('/auth/account', {}, '/auth/sign-out')
    const { shown } = await authorize(ann, config)
    expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('<h1>Sign in</h1>') })
    const fields = { ...shown.hidden('/auth/sign-in'), email: ann.email, password: PASSWORD }
    const done = await ann.browser.post('/auth/sign-in', fields)
    expect(done.location).toMatch(/^\/oauth2\/interaction\//)
    const back = await allow(ann, await follow(ann, done.location ?? ''))
    expect(back.searchParams.get('iss')).toBe(origin)
    expect(back.searchParams.has('code')).toBe(true)
  })

  it.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['with a challenge in clear', { code_challenge_method: 'plain' }],
  ])('is refused %s', async (_, changes) => {
    const config = await discovered(origin, await application())
    const { shown } = await authorize(ann, config, 'openid', changes)
    expect(new URL(shown.location ?? '').searchParams.get('error')).toBe('invalid_request')
  })

  it('never sends anybody to an address that is not the application’s', async () => {
    const config = await discovered(origin, await application())
    for (const redirect_uri of ['https://evil.example/', `${CALLBACK}/more`, `${CALLBACK}?x=1`]) {
      const { shown } = await authorize(ann, config, 'openid', { redirect_uri })
      expect(shown).toMatchObject({ status: 400, location: undefined })
      expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'")
    }
  })

  it('takes a code once, and ends what came of it when it comes again', async () => {
    const { config, back, checks, tokens } = await signedIn(ann, await application())
    await expect(client.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({ error: 'invalid_grant' })
    expect(await refreshed(config, tokens.refresh_token ?? '')).toEqual({ kind: 'refused', error: 'invalid_grant' })
  })

  it('gives nothing to somebody who says no', async () => {
    const config = await discovered(origin, await application())
    const { shown } = await authorize(ann, config)
    const [, action = ''] = /action="(\/oauth2\/interaction\/[^"/]+)"/.exec(shown.text) ?? []
    const refused = await ann.browser.post(`${action}/abort`, shown.hidden(`${action}/abort`))
    const back = await follow(ann, pathOf(refused.location ?? ''))
    expect(new URL(back.location ?? '').searchParams.get('error')).toBe('access_denied')
    expect(await ann.browser.post(action, { form: 'x' })).toMatchObject({ status: 400 })
  })
})

describe('refresh tokens', () => {
  it('are replaced at each use', async () => {
    const { config, tokens } = await signedIn(ann, await application())
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    expect((await links(next.access_token)).status).toBe(200)
  })

  it('that come again at once give the same tokens: an answer may be lost on the way', async () => {
    const { config, tokens } = await signedIn(ann, await application())
    const [first, again] = [
      await client.refreshTokenGrant(config, tokens.refresh_token ?? ''),
      await client.refreshTokenGrant(config, tokens.refresh_token ?? ''),
    ]
    expect(again.refresh_token).toBe(first.refresh_token)
    expect(again.access_token).toBe(first.access_token)
    expect((await client.refreshTokenGrant(config, first.refresh_token ?? '')).refresh_token).toBeDefined()
  })

  it('are revoked with their family by the application', async () => {
    const { config, tokens } = await signedIn(ann, await application())
    await client.tokenRevocation(config, tokens.refresh_token ?? '')
    expect(await refreshed(config, tokens.refresh_token ?? '')).toMatchObject({ kind: 'refused' })
  })
})

describe('client credentials', () => {
  const machine = () =>
    application({ type: 'confidential', grants: ['client_credentials'], redirectUris: [], scopes: ['links:read'] })

  it('let an application act for its workspace', async () => {
    const app = await machine()
    const tokens = await client.clientCredentialsGrant(await discovered(origin, app), { scope: 'links:read' })
    expect((await links(tokens.access_token)).status).toBe(200)
    expect((await links(tokens.access_token, 'POST')).status).toBe(403)
    const [, payload = ''] = tokens.access_token.split('.')
    expect(JSON.parse(Buffer.from(payload, 'base64url').toString())).toMatchObject({
      iss: origin,
      aud: `${origin}/api`,
      sub: app.id,
      client_id: app.id,
      workspace_id: workspace,
      scope: 'links:read',
    })
  })

  it('are refused with another secret, and for a public client', async () => {
    const app = await machine()
    for (const wrong of [{ ...app, secret: 'x'.repeat(43) }, await application()])
      await expect(client.clientCredentialsGrant(await discovered(origin, wrong), {})).rejects.toThrow()
  })

  it('are slowed down after ten wrong secrets, in the words of RFC 6749', async () => {
    const app = await machine()
    const ask = () =>
      fetch(`${origin}/oauth2/token`, {
        method: 'POST',
        headers: { Authorization: `Basic ${Buffer.from(`${app.id}:${'x'.repeat(43)}`).toString('base64')}` },
        body: new URLSearchParams({ grant_type: 'client_credentials' }),
      })
    const statuses: number[] = []
    for (let tries = 0; tries < 10; tries += 1) statuses.push((await ask()).status)
    expect(new Set(statuses)).toEqual(new Set([401]))
    const slowed = await ask()
    expect([slowed.status, await slowed.json()]).toMatchObject([429, { error: 'temporarily_unavailable' }])
    expect(Number(slowed.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  it('end within seconds of the client', async () => {
    const app = await machine()
    const { access_token } = await client.clientCredentialsGrant(await discovered(origin, app), { scope: 'links:read' })
    expect((await links(access_token)).status).toBe(200)
    expect(await ann.browser.call('DELETE', `/api/auth/clients/${app.id}`, { workspace })).toMatchObject({
      status: 204,
    })
    const deletedAt = performance.now()
    while ((await links(access_token)).status !== 401) expect(performance.now() - deletedAt).toBeLessThan(6_000)
  })
})

it('discovery names what there is', async () => {
  const { status, text } = await ann.browser.get('/.well-known/openid-configuration')
  expect([status, JSON.parse(text)]).toMatchObject([
    200,
    {
      issuer: origin,
      token_endpoint: `${origin}/oauth2/token`,
      jwks_uri: `${origin}/oauth2/jwks`,
      code_challenge_methods_supported: ['S256'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
    },
  ])
})
