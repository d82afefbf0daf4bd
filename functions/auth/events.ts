/**
 * What others may hear about people, workspaces and keys: events on the bus with source `backlot.auth`. Versioned: within a
 * version a field never changes its meaning or goes away; new ones may be added. No event has an address or a secret. Pure.
 *
 * Most of what they tell about stands in the access table, which is the platform's. So the news is an item of our own table,
 * written in the same transaction as the change; our table's stream brings it to the bus.
 */
import * as z from 'zod'
import { DAY, epochSeconds } from '#core/clock.ts'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import { ROLES } from '#core/permissions.ts'
import type { TableChange } from '#core/stream.ts'
import { type TableKey, TTL_ATTRIBUTE } from '#core/table.ts'
import { formatTraceparent, type TraceContext } from '#core/trace.ts'

const role = z.enum(ROLES)
const userId = z.string()
const keyId = z.string()

/** Of nobody's workspace: its `workspaceId` is that of `NOBODYS_WORKSPACE`. */
export const personRegistered = eventSchema('PersonRegistered', 1, z.object({ userId }))
export const workspaceCreated = eventSchema('WorkspaceCreated', 1, z.object({ name: z.string(), createdBy: userId }))
export const memberJoined = eventSchema('MemberJoined', 1, z.object({ userId, role }))
export const memberRoleChanged = eventSchema('MemberRoleChanged', 1, z.object({ userId, from: role, to: role }))
export const memberLeft = eventSchema('MemberLeft', 1, z.object({ userId, role }))
export const apiKeyCreated = eventSchema('ApiKeyCreated', 1, z.object({ keyId, role, createdBy: z.string() }))
/** The old key ends at `endsAt`. */
export const apiKeyRotated = eventSchema(
  'ApiKeyRotated',
  1,
  z.object({ keyId, replacedBy: keyId, endsAt: z.iso.datetime() }),
)
export const apiKeyRevoked = eventSchema('ApiKeyRevoked', 1, z.object({ keyId }))

/** By detail type. */
export const AUTH_EVENTS = {
  PersonRegistered: personRegistered,
  WorkspaceCreated: workspaceCreated,
  MemberJoined: memberJoined,
  MemberRoleChanged: memberRoleChanged,
  MemberLeft: memberLeft,
  ApiKeyCreated: apiKeyCreated,
  ApiKeyRotated: apiKeyRotated,
  ApiKeyRevoked: apiKeyRevoked,
} as const

/** What belongs to no workspace stands in one that has no members. */
export const NOBODYS_WORKSPACE = 'wsp_00000000000000000000000000'

export type News = {
  readonly [Type in keyof typeof AUTH_EVENTS]: {
    readonly type: Type
    readonly workspaceId: string
    /** What it is about: consumers order the events of one. */
    readonly about: string
    readonly data: z.infer<(typeof AUTH_EVENTS)[Type]>['data']
  }
}[keyof typeof AUTH_EVENTS]

export interface Origin {
  readonly now: Date
  readonly trace: TraceContext
}

export const OUTBOX_PREFIX = 'OUTBOX#'
/** Streams keep their records for a day: an item that is older has told its news, or never will. */
const OUTBOX_LIFETIME_MS = 2 * DAY

/** `{ pk: 'OUTBOX#usr_01J…', sk: 'evt_01J…', type: 'MemberJoined', … }`; `id` sorts by time. */
export const outboxItemOf = ({ about, ...news }: News, id: string, { now, trace }: Origin) => ({
  pk: `${OUTBOX_PREFIX}${about}`,
  sk: id,
  ...news,
  version: 1,
  occurredAt: now.toISOString(),
  // Milliseconds rise with every change of an object: two within one would wait for each other's transaction.
  sequence: now.getTime(),
  traceparent: formatTraceparent(trace),
  [TTL_ATTRIBUTE]: epochSeconds(new Date(now.getTime() + OUTBOX_LIFETIME_MS)),
})

/** An item as the stream carries it. */
export const outboxItem = z.object({
  type: z.string(),
  version: z.int(),
  occurredAt: z.iso.datetime(),
  workspaceId: z.string(),
  sequence: z.int().positive(),
  traceparent: z.string(),
  data: z.record(z.string(), z.json()),
})
export type OutboxItem = z.infer<typeof outboxItem>

export const isOutboxKey = ({ pk }: TableKey): boolean => pk.startsWith(OUTBOX_PREFIX)

/** That TTL took an item away is no news. */
export function eventOf({ kind, after }: TableChange<OutboxItem>): OutboxEvent | undefined {
  return kind === 'INSERT' ? after : undefined
}
