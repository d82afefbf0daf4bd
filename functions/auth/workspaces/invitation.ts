/** Invitations to a workspace: how long they hold and what stands in their way. Pure. */
import { DAY } from '#core/clock.ts'
import type { Role } from '#core/permissions.ts'

/** Somebody on holiday finds it in time; the address may have changed hands after longer. */
export const INVITATION_LIFETIME_MS = 14 * DAY

export interface Invitation {
  readonly id: string
  readonly workspaceId: string
  /** Normalised; only somebody with this address can accept. */
  readonly email: string
  readonly role: Role
  /** Of the link's secret. */
  readonly hash: string
  readonly createdBy: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly acceptedAt?: string
  readonly revokedAt?: string
}

export type InvitationState = 'pending' | 'accepted' | 'revoked' | 'expired'

export function invitationState({ acceptedAt, revokedAt, expiresAt }: Invitation, now: Date): InvitationState {
  if (acceptedAt !== undefined) return 'accepted'
  if (revokedAt !== undefined) return 'revoked'
  return Date.parse(expiresAt) <= now.getTime() ? 'expired' : 'pending'
}
