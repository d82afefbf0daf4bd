/** How the protocol engine is set up (https://github.com/panva/node-oidc-provider/blob/v9.x/docs/README.md). */
import {
  type AdapterFactory,
  type AdapterPayload,
  type Configuration,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import type { Client } from '#core/access.store.ts'
import { audienceOf } from '#core/access-token.ts'
import { DAY, MINUTE, SECOND } from '#core/clock.ts'
import { PERMISSIONS } from '#core/permissions.ts'
import type { UsersStore } from '../people/users.store.ts'
import { errorPage } from './oauth2-pages.ts'
import type { KmsSigningKey } from './signing-key.store.ts'

const seconds = (ms: number): number => ms / SECOND

/** Short where a leak costs most. A JWT can't be called back, so it lives as long as a coffee. */
const LIFETIMES = {
  AccessToken: seconds(10 * MINUTE),
  ClientCredentials: seconds(10 * MINUTE),
  /** RFC 6749 §4.1.2 allows ten minutes; a browser needs a second. */
  AuthorizationCode: 60,
  IdToken: seconds(10 * MINUTE),
  Interaction: seconds(60 * MINUTE),
  Session: seconds(DAY),
  Grant: seconds(90 * DAY),
  RefreshToken: seconds(30 * DAY),
} as const

export interface OAuth2Options {
  readonly issuer: string
  readonly adapter: AdapterFactory
  readonly signingKey: KmsSigningKey
  /** Of the engine's cookies, newest first. */
  readonly cookieKeys: readonly string[]
  readonly users: Pick<UsersStore, 'find'>
  /** The id of whoever the browser's cookies say is signed in. */
  readonly signedIn: (cookieHeader: string | undefined) => Promise<string | undefined>
  /** Asked for every token that is used, once all else about it is in order; throws what refuses it. */
  readonly checkToken: (ctx: KoaContextWithOIDC, token: object | undefined) => Promise<void>
}

const SCOPES: readonly string[] = ['openid', 'offline_access', ...PERMISSIONS]

/** As the engine wants its clients (RFC 7591 §2). */
export function clientMetadata({
  id,
  name,
  grants,
  scopes,
  redirectUris,
  secretHash,
  previousSecretHash,
  previousSecretEndsAt,
  workspaceId,
}: Client): AdapterPayload {
  const confidential = secretHash !== undefined
  return {
    client_id: id,
    client_name: name,
    grant_types: [...grants, ...(grants.includes('authorization_code') ? ['refresh_token'] : [])],
    response_types: grants.includes('authorization_code') ? ['code'] : [],
    redirect_uris: redirectUris,
    scope: ['openid', 'offline_access', ...scopes].join(' '),
    token_endpoint_auth_method: confidential ? 'client_secret_basic' : 'none',
    application_type: redirectUris.some((uri) => uri.startsWith('http:')) ? 'native' : 'web',
    id_token_signed_response_alg: 'ES256',
    workspace_id: workspaceId,
    // Compared as a hash: `compareClientSecret` of `provider.ts`.
    ...(confidential && { client_secret: secretHash }),
    ...(previousSecretHash !== undefined && { previous_secret: previousSecretHash }),
    ...(previousSecretEndsAt !== undefined && { previous_secret_ends_at: previousSecretEndsAt }),
  }
}

export function configuration({
  issuer,
  adapter,
  signingKey,
  cookieKeys,
  users,
  signedIn,
  checkToken,
}: OAuth2Options): Configuration {
  return {
    adapter,
    jwks: { keys: [signingKey] },
    scopes: [...SCOPES],
    claims: { openid: ['sub'] },
    responseTypes: ['code'],
    pkce: { required: () => true },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    enabledJWA: { idTokenSigningAlgValues: ['ES256'] },
    extraClientMetadata: { properties: ['workspace_id', 'previous_secret', 'previous_secret_ends_at'] },
    rotateRefreshToken: true,
    issueRefreshToken: (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    expiresWithSession: () => false,
    ttl: LIFETIMES,
    cookies: {
      keys: [...cookieKeys],
      names: { session: 'backlot-oauth2', interaction: 'backlot-oauth2-interaction', resume: 'backlot-oauth2-resume' },
      long: { httpOnly: true, sameSite: 'lax' },
      short: { httpOnly: true, sameSite: 'lax' },
    },
    routes: {
      authorization: '/oauth2/authorize',
      token: '/oauth2/token',
      jwks: '/oauth2/jwks',
      revocation: '/oauth2/revoke',
      userinfo: '/oauth2/userinfo',
      end_session: '/oauth2/end-session',
    },
    interactions: { policy: policy(signedIn), url: (_ctx, interaction) => `/oauth2/interaction/${interaction.uid}` },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true },
      rpInitiatedLogout: { enabled: false },
      userinfo: { enabled: false },
      // The gate knows no bound tokens: one that it took as a bearer's would not be bound.
      dPoP: { enabled: false },
      externalSigningSupport: { enabled: true, ack: 'experimental-01' },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => audienceOf(issuer),
        useGrantedResource: () => true,
        getResourceServerInfo: (_ctx, resource, client) => resourceServer(issuer, resource, client.scope),
      },
    },
    extraTokenClaims: (_ctx, token) => {
      const client = 'client' in token ? token.client : undefined
      return { workspace_id: client?.['workspace_id'] }
    },
    findAccount: async (ctx, sub, token) => {
      const account = await findAccount(users, sub, token)
      if (account !== undefined) await checkToken(ctx, token)
      return account
    },
    renderError: (ctx, out) => {
      const { body, headers } = errorPage(out.error, out.error_description)
      ctx.type = 'html'
      ctx.set(headers)
      ctx.body = body
    },
  }
}

/** The engine's own session never outlives ours: who signed out, or is somebody else now, is asked again. */
function policy(signedIn: OAuth2Options['signedIn']) {
  const { base, Check } = interactionPolicy
  const prompts = base()
  prompts.get('login')?.checks.add(
    new Check('our_session', 'the person is not signed in', 'login_required', async ({ oidc, req }) => {
      const userId = await signedIn(req.headers.cookie)
      return userId === undefined || userId !== oidc.session?.accountId ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT
    }),
  )
  return prompts
}

async function resourceServer(issuer: string, resource: string, clientScope: string | undefined) {
  if (resource !== audienceOf(issuer)) {
    throw new errors.InvalidTarget()
  }
  const scope = (clientScope ?? '').split(' ').filter((name) => PERMISSIONS.some((permission) => permission === name))
  return {
    scope: scope.join(' '),
    audience: resource,
    accessTokenFormat: 'jwt' as const,
    accessTokenTTL: LIFETIMES.AccessToken,
    jwt: { sign: { alg: 'ES256' as const } },
  }
}

type AccountToken = Parameters<NonNullable<Configuration['findAccount']>>[2]

/** Undefined ends the flow: nobody, or a token from before the password was changed. */
async function findAccount(users: Pick<UsersStore, 'find'>, sub: string, token: AccountToken) {
  const user = await users.find(sub)
  if (user === undefined) return undefined
  const issuedAt = token === undefined ? undefined : 'iiat' in token ? Number(token.iiat) : token.iat
  if (issuedAt !== undefined && issuedAt * SECOND + SECOND < Date.parse(user.passwordChangedAt)) return undefined
  return { accountId: sub, claims: async () => ({ sub }) }
}
