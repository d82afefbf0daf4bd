/** Applications: the certified client signs in as a person does, refreshes, and acts; and what must be refused. */
import * as client from 'openid-client'
import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { Browser, Page } from './auth-browser.ts'
import { newPerson, newWorkspace, PASSWORD, type Person } from './auth-cloud.ts'

const origin = inject('outputs').edge.url
const CALLBACK = 'http://localhost:9999/callback'
let ann: Person
let workspace: string
beforeAll(async () => {
  ann = await newPerson(origin)
  workspace = await newWorkspace(ann, 'Applications')
}, 120_000)

interface Application {
  readonly id: string
  readonly secret?: string
}

async function application(body: object = {}): Promise<Application> {
  const made = await ann.browser.call('POST', '/api/auth/clients', {
    workspace,
    body: {
      name: 'Test application',
      type: 'public',
      grants: ['authorization_code'],
      scopes: ['links:read', 'links:write'],
      redirectUris: [CALLBACK],
      ...body,
    },
  })
  expect(made.status).toBe(201)
  return made.body
}

/** Reads discovery; http is allowed because the local cloud has no https. */
const discovered = ({ id, secret }: Application) =>
  client.discovery(
    new URL(origin),
    id,
    undefined,
    secret === undefined ? client.None() : client.ClientSecretBasic(secret),
    {
      execute: [client.allowInsecureRequests],
    },
  )

/** Follows redirects on this site until a page is shown or another site is meant. */
async function follow(browser: Browser, start: string): Promise<Page> {
  let page = await browser.get(start)
  while (page.location !== undefined && new URL(page.location, origin).origin === origin)
    page = await browser.get(pathOf(page.location))
  return page
}

const pathOf = (location: string): string => {
  const { pathname, search } = new URL(location, origin)
  return pathname + search
}

async function authorize(
  config: client.Configuration,
  scope = 'openid offline_access links:read links:write',
  changes: Record<string, string> = {},
) {
  const verifier = client.randomPKCECodeVerifier()
  const [state, nonce] = [client.randomState(), client.randomNonce()]
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: CALLBACK,
    scope,
    state,
    nonce,
    prompt: 'consent',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...changes,
  })
  const shown = await follow(ann.browser, pathOf(url.href))
  return { verifier, state, nonce, shown }
}

/** The page that asks for consent, answered; gives the address that the application is called back at. */
async function allow(shown: Page): Promise<URL> {
  expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('Allow Test application?') })
  const [, action = ''] = /<form method="post" action="(\/oauth2\/interaction\/[^"/]+)"/.exec(shown.text) ?? []
  let page = await ann.browser.post(action, shown.hidden(action))
  while (page.location !== undefined && new URL(page.location, origin).origin === origin)
    page = await ann.browser.get(pathOf(page.location))
  return new URL(page.location ?? 'missing:')
}

async function signedIn(app: Application, scope?: string) {
  const config = await discovered(app)
  const { verifier, state, nonce, shown } = await authorize(config, scope)
  const back = await allow(shown)
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
  return { config, back, checks, tokens: await client.authorizationCodeGrant(config, back, checks) }
}

const refreshed = (config: client.Configuration, token: string) =>
  client.refreshTokenGrant(config, token).then(
    (tokens) => ({ kind: 'won' as const, tokens }),
    (error: unknown) => ({ kind: 'refused' as const, error: (error as client.ResponseBodyError).error }),
  )

const links = (token: string, method = 'GET') =>
  fetch(`${origin}/api/links/links`, {
    method,
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    ...(method === 'POST' && { body: JSON.stringify({ url: 'https://example.com/' }) }),
  })

describe('the authorization code flow', () => {
  it('gives an application tokens that act for the person, within their consent', async () => {
    const { tokens } = await signedIn(await application({ scopes: ['links:read'] }), 'openid links:read')
    expect(tokens.claims()).toMatchObject({ iss: origin, sub: expect.stringMatching(/^usr_/) })
    expect((await links(tokens.access_token)).status).toBe(200)
    expect((await links(tokens.access_token, 'POST')).status).toBe(403)
    expect((await links(tokens.id_token ?? '')).status).toBe(401)
  })

  it('asks somebody who is not signed in to sign in first, and comes back', async () => {
    const config = await discovered(await application())
    await ann.browser.fill('/auth/account', {}, '/auth/sign-out')
    const { shown } = await authorize(config)
    expect(shown).toMatchObject({ status: 200, text: expect.stringContaining('<h1>Sign in</h1>') })
    const fields = { ...shown.hidden('/auth/sign-in'), email: ann.email, password: PASSWORD }
    const done = await ann.browser.post('/auth/sign-in', fields)
    expect(done.location).toMatch(/^\/oauth2\/interaction\//)
    const back = await allow(await follow(ann.browser, done.location ?? ''))
    expect(back.searchParams.get('iss')).toBe(origin)
    expect(back.searchParams.has('code')).toBe(true)
  })

  it.each([
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }],
    ['with a challenge in clear', { code_challenge_method: 'plain' }],
  ])('is refused %s', async (_, changes) => {
    const config = await discovered(await application())
    const { shown } = await authorize(config, 'openid', changes)
    expect(new URL(shown.location ?? '').searchParams.get('error')).toBe('invalid_request')
  })

  it('never sends anybody to an address that is not the application’s', async () => {
    const config = await discovered(await application())
    for (const redirect_uri of ['https://evil.example/', `${CALLBACK}/more`, `${CALLBACK}?x=1`]) {
      const { shown } = await authorize(config, 'openid', { redirect_uri })
      expect(shown).toMatchObject({ status: 400, location: undefined })
      expect(shown.headers.get('content-security-policy')).toContain("default-src 'none'")
    }
  })

  it('takes a code once, and ends what came of it when it comes again', async () => {
    const { config, back, checks, tokens } = await signedIn(await application())
    await expect(client.authorizationCodeGrant(config, back, checks)).rejects.toMatchObject({ error: 'invalid_grant' })
    expect(await refreshed(config, tokens.refresh_token ?? '')).toEqual({ kind: 'refused', error: 'invalid_grant' })
  })

  it('gives nothing to somebody who says no', async () => {
    const config = await discovered(await application())
    const { shown } = await authorize(config)
    const [, action = ''] = /action="(\/oauth2\/interaction\/[^"/]+)"/.exec(shown.text) ?? []
    const refused = await ann.browser.post(`${action}/abort`, shown.hidden(`${action}/abort`))
    const back = await follow(ann.browser, pathOf(refused.location ?? ''))
    expect(new URL(back.location ?? '').searchParams.get('error')).toBe('access_denied')
    expect(await ann.browser.post(action, { form: 'x' })).toMatchObject({ status: 400 })
  })
})

describe('refresh tokens', () => {
  it('are replaced at each use', async () => {
    const { config, tokens } = await signedIn(await application())
    const next = await client.refreshTokenGrant(config, tokens.refresh_token ?? '')
    expect(next.refresh_token).not.toBe(tokens.refresh_token)
    expect((await links(next.access_token)).status).toBe(200)
  })

  it('are revoked with their family by the application', async () => {
    const { config, tokens } = await signedIn(await application())
    await client.tokenRevocation(config, tokens.refresh_token ?? '')
    expect(await refreshed(config, tokens.refresh_token ?? '')).toMatchObject({ kind: 'refused' })
  })
})

describe('client credentials', () => {
  const machine = () =>
    application({ type: 'confidential', grants: ['client_credentials'], redirectUris: [], scopes: ['links:read'] })

  it('let an application act for its workspace', async () => {
    const app = await machine()
    const tokens = await client.clientCredentialsGrant(await discovered(app), { scope: 'links:read' })
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
      await expect(client.clientCredentialsGrant(await discovered(wrong), {})).rejects.toThrow()
  })

  it('end within seconds of the client', async () => {
    const app = await machine()
    const { access_token } = await client.clientCredentialsGrant(await discovered(app), { scope: 'links:read' })
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
