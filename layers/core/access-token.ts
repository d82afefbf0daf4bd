/**
 * Access tokens of our own issuer: JWTs as RFC 9068 describes them, signed with ES256 (RFC 7518 §3.4). Nothing in a token
 * chooses how it is checked: algorithm, type, issuer and audience are fixed here, keys come from our table, and headers that
 * name a key (`jwk`, `jku`, `x5u`) or an extension (`crit`) are refused. Pure.
 */
import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import * as z from 'zod'
import { SECOND } from './clock.ts'

/** Clocks of two machines differ by a little; more would only make a stolen token live longer. */
const CLOCK_SKEW_MS = 30 * SECOND
/** A token of ours has some 900 characters. */
const MAX_TOKEN_LENGTH = 4_096

/** RFC 7517, of a P-256 key. */
export const publicJwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
})
export type PublicJwk = z.infer<typeof publicJwk>

const headerSchema = z.strictObject({ alg: z.literal('ES256'), typ: z.literal('at+jwt'), kid: z.string() })
const claimsSchema = z.object({
  iss: z.string(),
  aud: z.string(),
  sub: z.string(),
  client_id: z.string(),
  exp: z.number(),
  iat: z.number(),
  nbf: z.number().optional(),
  scope: z.string().default(''),
  workspace_id: z.string(),
})
export type AccessTokenClaims = z.infer<typeof claimsSchema>

export type TokenFault =
  | 'malformed_token'
  | 'unknown_signing_key'
  | 'wrong_signature'
  | 'wrong_issuer'
  | 'wrong_audience'
  | 'expired'
  | 'not_yet_valid'

export type TokenDecision =
  | { readonly ok: true; readonly claims: AccessTokenClaims }
  | { readonly ok: false; readonly fault: TokenFault }

/** What an access token is for: every API of this origin. */
export const audienceOf = (issuer: string): string => `${issuer}/api`

/** An API key has no dots. */
export const looksLikeJwt = (token: string): boolean => token.split('.').length === 3

/** Undefined for a text whose header is not exactly one of ours. */
export function keyIdOf(token: string): string | undefined {
  const header = headerSchema.safeParse(jsonOf(token.split('.')[0] ?? ''))
  return token.length <= MAX_TOKEN_LENGTH && header.success ? header.data.kid : undefined
}

/** `issuer` is our public origin; `keys` are those that we publish. */
export function checkAccessToken(
  token: string,
  { issuer, keys, now }: { readonly issuer: string; readonly keys: readonly PublicJwk[]; readonly now: Date },
): TokenDecision {
  const refused = (fault: TokenFault): TokenDecision => ({ ok: false, fault })
  const kid = keyIdOf(token)
  const [header = '', payload = '', signature = '', ...more] = token.split('.')
  if (kid === undefined || more.length > 0) return refused('malformed_token')
  const key = keys.find((candidate) => candidate.kid === kid)
  if (key === undefined) return refused('unknown_signing_key')
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.toString('base64url') !== signature) return refused('malformed_token')
  const signed = Buffer.from(`${header}.${payload}`)
  // JOSE's form of the signature: r and s one after the other (RFC 7518 §3.4).
  if (!verify('sha256', signed, { key: keyObjectOf(key), dsaEncoding: 'ieee-p1363' }, bytes))
    return refused('wrong_signature')
  const parsed = claimsSchema.safeParse(jsonOf(payload))
  if (!parsed.success) return refused('malformed_token')
  const claims = parsed.data
  if (claims.iss !== issuer) return refused('wrong_issuer')
  if (claims.aud !== audienceOf(issuer)) return refused('wrong_audience')
  const time = now.getTime()
  if (claims.exp * SECOND + CLOCK_SKEW_MS <= time) return refused('expired')
  if (Math.max(claims.nbf ?? 0, claims.iat) * SECOND - CLOCK_SKEW_MS > time) return refused('not_yet_valid')
  return { ok: true, claims }
}

function jsonOf(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString())
  } catch {
    return undefined
  }
}

const keyObjects = new WeakMap<PublicJwk, KeyObject>()

/** Made once for each key that the table gave. */
function keyObjectOf(key: PublicJwk): KeyObject {
  const known = keyObjects.get(key) ?? createPublicKey({ key, format: 'jwk' })
  keyObjects.set(key, known)
  return known
}
