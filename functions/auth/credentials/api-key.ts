/** What a new API key may do and when it ends: never more than its maker. Pure. */
import type { StoredApiKey } from '#core/access.store.ts'
import type { Permission, Principal } from '#core/permissions.ts'
import { permissionsOf } from '#core/permissions.ts'
import type { FieldError } from '#core/problem.ts'

export interface KeyWish {
  readonly name: string
  readonly scopes?: readonly Permission[] | undefined
  readonly expiresAt?: string | undefined
}

export type KeyDecision =
  | { readonly ok: true; readonly key: Omit<StoredApiKey, 'id' | 'hash'> }
  | { readonly ok: false; readonly errors: readonly FieldError[] }

/** The key has its maker's role; its scopes narrow it to what the maker may do now. */
export function decideKey({ name, scopes, expiresAt }: KeyWish, maker: Principal, now: Date): KeyDecision {
  const allowed = permissionsOf(maker)
  const errors: FieldError[] = (scopes ?? []).flatMap((scope, index) =>
    allowed.includes(scope)
      ? []
      : [{ pointer: `/scopes/${index}`, code: 'not_yours', detail: `expected a permission of yours, got ${scope}` }],
  )
  if (expiresAt !== undefined && Date.parse(expiresAt) <= now.getTime())
    errors.push({ pointer: '/expiresAt', code: 'past', detail: `expected a time after ${now.toISOString()}` })
  if (errors.length > 0) return { ok: false, errors }
  const narrowed = scopes === undefined ? maker.scopes : allowed.filter((permission) => scopes.includes(permission))
  return {
    ok: true,
    key: {
      workspaceId: maker.workspaceId,
      name,
      role: maker.role,
      createdAt: now.toISOString(),
      createdBy: maker.userId ?? maker.id,
      ...(narrowed !== undefined && { scopes: [...narrowed] }),
      ...(expiresAt !== undefined && { expiresAt }),
    },
  }
}

/** When the old key of a rotation ends: after the overlap, but never later than it would have. */
export const endOfOverlap = (old: Pick<StoredApiKey, 'expiresAt'>, overlapMs: number, now: Date): Date => {
  const end = now.getTime() + overlapMs
  return new Date(old.expiresAt === undefined ? end : Math.min(end, Date.parse(old.expiresAt)))
}
