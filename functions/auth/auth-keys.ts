/**
 * Keys of the table `backlot-auth`; the README of this folder has the access patterns. Pure.
 *
 *   user           USER#<user id>        PROFILE              email name? passwordHash epoch createdAt passwordChangedAt
 *   … may reset    USER#<user id>        PROFILE              … resetHash resetExpiresAt resetRequest
 *   address        EMAIL#<address>       USER                 userId
 *   registration   EMAIL#<address>       REGISTRATION         hash requestId expiresAt ttl
 *   session        USER#<user id>        SESSION#<session id> hash epoch createdAt lastSeenAt expiresAt userAgent ttl
 *   invitation     WS#<workspace>        INVITATION#<id>      email role hash createdBy createdAt expiresAt ttl
 *   … accepted     WS#<workspace>        INVITATION#<id>      … acceptedAt acceptedBy
 *   … withdrawn    WS#<workspace>        INVITATION#<id>      … revokedAt
 *   news           OUTBOX#<object>       <event id>           type version occurredAt workspaceId sequence traceparent data ttl
 *
 * `hash` is the SHA-256 of a secret that only its owner has. Times are RFC 3339; `ttl` is in epoch seconds, and whoever
 * reads compares the time that counts.
 */
import type { TableKey } from '#core/table.ts'

export const userKey = (userId: string): TableKey => ({ pk: `USER#${userId}`, sk: 'PROFILE' })
export const emailKey = (email: string): TableKey => ({ pk: `EMAIL#${email}`, sk: 'USER' })
export const registrationKey = (email: string): TableKey => ({ pk: `EMAIL#${email}`, sk: 'REGISTRATION' })

export const SESSION_PREFIX = 'SESSION#'
export const sessionKey = (userId: string, sessionId: string): TableKey => ({
  pk: `USER#${userId}`,
  sk: `${SESSION_PREFIX}${sessionId}`,
})

export const INVITATION_PREFIX = 'INVITATION#'
export const invitationKey = (workspaceId: string, id: string): TableKey => ({
  pk: `WS#${workspaceId}`,
  sk: `${INVITATION_PREFIX}${id}`,
})
