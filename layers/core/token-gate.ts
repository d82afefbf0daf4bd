/**
 * Callers with an access token: the token says who they are and what they were allowed, the access table what they may do
 * now. The issuer's keys are kept for a while and read again for a key that is not known, at most every few seconds.
 */
import type { Client, Member } from './access.store.ts'
import { checkAccessToken, keyIdOf, type PublicJwk, type TokenFault } from './access-token.ts'
import { type Clock, MINUTE, SECOND } from './clock.ts'
import { PERMISSIONS, type Principal, type Role } from './permissions.ts'

/** A key is published long before it signs, and stays long after; only its removal in an emergency waits for this. */
export const ISSUER_KEYS_CACHE_MS = 5 * MINUTE
/** Tokens with made-up key ids cost one read in this time. */
export const ISSUER_KEYS_RETRY_MS = 5 * SECOND

export type TokenRefusal = TokenFault | 'unknown_client' | 'not_a_member'
export type TokenAdmission =
  | { readonly kind: 'admitted'; readonly principal: Principal }
  | { readonly kind: 'refused'; readonly reason: TokenRefusal }

export interface TokenGateOptions {
  readonly issuer: string
  readonly issuerKeys: () => Promise<readonly PublicJwk[]>
  /** Both may be kept as long as API keys are. */
  readonly findMember: (workspaceId: string, userId: string) => Promise<Member | undefined>
  readonly findClient: (clientId: string) => Promise<Client | undefined>
  readonly clock: Clock
}

export type TokenGate = (token: string) => Promise<TokenAdmission>

export function tokenGate({ issuer, issuerKeys, findMember, findClient, clock }: TokenGateOptions): TokenGate {
  let cached: { readonly keys: readonly PublicJwk[]; readonly readAt: number } | undefined
  const keysFor = async (kid: string | undefined, now: number): Promise<readonly PublicJwk[]> => {
    const age = cached === undefined ? Number.POSITIVE_INFINITY : now - cached.readAt
    const known = cached?.keys.some((key) => key.kid === kid) ?? false
    if (kid === undefined || age < (known ? ISSUER_KEYS_CACHE_MS : ISSUER_KEYS_RETRY_MS)) return cached?.keys ?? []
    cached = { keys: await issuerKeys(), readAt: now }
    return cached.keys
  }
  const roleOf = async (
    clientId: string,
    userId: string,
    workspaceId: string,
  ): Promise<Role | 'unknown_client' | 'not_a_member'> => {
    const [client, member] = await Promise.all([
      findClient(clientId),
      userId === clientId ? undefined : findMember(workspaceId, userId),
    ])
    if (client === undefined || client.workspaceId !== workspaceId) return 'unknown_client'
    if (userId === clientId) return client.role
    return member?.role ?? 'not_a_member'
  }
  return async (token) => {
    const now = clock.now()
    const keys = await keysFor(keyIdOf(token), now.getTime())
    const decision = checkAccessToken(token, { issuer, keys, now })
    if (!decision.ok) return { kind: 'refused', reason: decision.fault }
    const { sub, client_id: id, workspace_id: workspaceId, scope } = decision.claims
    const role = await roleOf(id, sub, workspaceId)
    if (role === 'unknown_client' || role === 'not_a_member') return { kind: 'refused', reason: role }
    const granted = scope.split(' ')
    const scopes = PERMISSIONS.filter((permission) => granted.includes(permission))
    const person = sub === id ? {} : { userId: sub }
    return { kind: 'admitted', principal: { kind: 'access_token', id, ...person, workspaceId, role, scopes } }
  }
}
