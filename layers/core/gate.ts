/**
 * The one place where a request is authenticated and authorised. A pipeline:
 * 1. read the bearer token (RFC 6750 §2.1)
 * 2. parse it as an API key; an access token takes its own way (`token-gate.ts`)
 * 3. find the key (cached for `CACHE_MS`)
 * 4. compare the hash, the expiry, the revocation
 * 5. compare the permission
 * From outside all failures of 1–4 look alike; the log has the reason.
 */
import type { StoredApiKey } from './access.store.ts'
import { looksLikeJwt } from './access-token.ts'
import { type ApiKey, hashApiKey, parseApiKey, sameHash } from './api-key.ts'
import { cached } from './cached.ts'
import type { Clock } from './clock.ts'
import { isAllowed, type Permission, type Principal } from './permissions.ts'
import { Problem } from './problem.ts'
import type { TokenGate, TokenRefusal } from './token-gate.ts'

/** Why a caller is not let in. Private: for the log. */
export type Refusal =
  | 'no_credentials'
  | 'not_bearer'
  | 'malformed_key'
  | 'unknown_key'
  | 'wrong_secret'
  | 'expired'
  | 'revoked'
  | TokenRefusal

export type Admission =
  | { readonly kind: 'admitted'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly reason: Refusal; readonly keyId?: string }

export interface Gate {
  /** Throws only when the access table or the secret can't be read. */
  admit(authorization: string | undefined): Promise<Admission>
}

export interface ApiKeyGateOptions {
  readonly findApiKey: (id: string) => Promise<StoredApiKey | undefined>
  /** The HMAC key of `hashApiKey`. */
  readonly hmacKey: () => Promise<Uint8Array>
  readonly clock: Clock
  /** @default access tokens are refused */
  readonly tokens?: TokenGate
}

export function apiKeyGate({ findApiKey, hmacKey, clock, tokens }: ApiKeyGateOptions): Gate {
  const find = cached(findApiKey, clock)
  return {
    async admit(authorization) {
      if (authorization === undefined) return { kind: 'refused', reason: 'no_credentials' }
      const token = bearerToken(authorization)
      if (token === undefined) return { kind: 'refused', reason: 'not_bearer' }
      if (tokens !== undefined && looksLikeJwt(token)) return tokens(token)
      const key = parseApiKey(token)
      if (key === undefined) return { kind: 'refused', reason: 'malformed_key' }
      const [stored, hmac] = await Promise.all([find(key.id), hmacKey()])
      return decide(key, stored, hmac, clock.now())
    },
  }
}

/** RFC 6750 §2.1 with the scheme's name in any case (RFC 9110 §11.1). */
const bearerToken = (authorization: string): string | undefined => /^Bearer +(\S+) *$/i.exec(authorization)?.[1]

function decide(key: ApiKey, stored: StoredApiKey | undefined, hmac: Uint8Array, now: Date): Admission {
  const refused = (reason: Refusal): Admission => ({ kind: 'refused', reason, keyId: key.id })
  if (stored === undefined) return refused('unknown_key')
  if (!sameHash(stored.hash, hashApiKey(key, hmac))) return refused('wrong_secret')
  if (stored.revokedAt !== undefined) return refused('revoked')
  if (stored.expiresAt !== undefined && Date.parse(stored.expiresAt) <= now.getTime()) return refused('expired')
  const { id, workspaceId, role, scopes } = stored
  return {
    kind: 'admitted',
    principal: { kind: 'api_key', id, workspaceId, role, ...(scopes !== undefined && { scopes }) },
  }
}

const REALM = 'Bearer realm="backlot"'

/**
 * 401 with the challenge of RFC 6750 §3: without credentials no error code, else `invalid_token`. API Gateway's REST APIs
 * on AWS hand `WWW-Authenticate` on as `x-amzn-Remapped-WWW-Authenticate`
 * (https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html).
 */
export function unauthenticated(reason: Refusal): Problem {
  const anonymous = reason === 'no_credentials' || reason === 'not_bearer'
  const challenge = anonymous ? REALM : `${REALM}, error="invalid_token"`
  return new Problem('unauthenticated', 'expected Authorization: Bearer <API key> with a key that is valid', {
    headers: { 'www-authenticate': challenge },
  })
}

/** Throws 403 with the challenge `insufficient_scope` and the permission as scope. */
export function authorise(principal: Principal, permission: Permission): void {
  if (isAllowed(principal, permission)) return
  throw new Problem('permission_denied', `expected the permission ${permission}`, {
    headers: { 'www-authenticate': `${REALM}, error="insufficient_scope", scope="${permission}"` },
  })
}
