/** Applications that people sign in to with `openid-client`, as their users do: by redirects, the consent page and a code. */
import assert from 'node:assert/strict'
import * as client from 'openid-client'
import type { Page } from './auth-browser.ts'
import type { Person } from './auth-cloud.ts'

export const CALLBACK = 'http://localhost:9999/callback'

export interface Application {
  readonly id: string
  readonly secret?: string
}

/** Makes a client in the workspace; `body` replaces what the default has. */
export async function newApplication({ browser }: Person, workspace: string, body: object = {}): Promise<Application> {
  const made = await browser.call('POST', '/api/auth/clients', {
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
  assert.equal(made.status, 201)
  return made.body
}

/** Reads discovery; http is allowed because the local cloud has no https. */
export const discovered = (origin: string, { id, secret }: Application): Promise<client.Configuration> =>
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
export async function follow({ browser }: Person, start: string): Promise<Page> {
  let page = await browser.get(start)
  const { origin } = browser
  while (page.location !== undefined && new URL(page.location, origin).origin === origin)
    page = await browser.get(pathOf(page.location))
  return page
}

export const pathOf = (location: string): string => {
  const { pathname, search } = new URL(location, 'http://here.invalid')
  return pathname + search
}

export async function authorize(
  person: Person,
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
  const shown = await follow(person, pathOf(url.href))
  return { verifier, state, nonce, shown }
}

/** The page that asks for consent, answered; gives the address that the application is called back at. */
export async function allow(person: Person, shown: Page): Promise<URL> {
  const { browser } = person
  assert.match(shown.text, /Allow Test application\?/)
  const [, action = ''] = /<form method="post" action="(\/oauth2\/interaction\/[^"/]+)"/.exec(shown.text) ?? []
  const sent = await browser.post(action, shown.hidden(action))
  const page = await follow(person, pathOf(sent.location ?? ''))
  return new URL(page.location ?? 'missing:')
}

export async function signedIn(person: Person, app: Application, scope?: string) {
  const config = await discovered(person.browser.origin, app)
  const { verifier, state, nonce, shown } = await authorize(person, config, scope)
  const back = await allow(person, shown)
  const checks = { pkceCodeVerifier: verifier, expectedState: state, expectedNonce: nonce }
  return { config, back, checks, tokens: await client.authorizationCodeGrant(config, back, checks) }
}

/** The new tokens, or the code of the refusal. */
export const refreshed = (config: client.Configuration, token: string) =>
  client.refreshTokenGrant(config, token).then(
    (tokens) => ({ kind: 'won' as const, tokens }),
    (error: unknown) => ({ kind: 'refused' as const, error: (error as client.ResponseBodyError).error }),
  )
