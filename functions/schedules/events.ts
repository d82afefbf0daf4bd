/**
 * What others may hear about schedules: events on the bus with source `backlot.schedules`. Versioned: within a version a
 * field never changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import { hasRun, RUN_KINDS, SCHEDULE_ID } from './schedule.ts'

const schedule = { scheduleId: z.string().regex(SCHEDULE_ID), name: z.string() }
const time = z.iso.datetime()

export const scheduleFired = eventSchema(
  'ScheduleFired',
  1,
  z.object({
    ...schedule,
    /** The occurrence: the same however often the event comes. */
    runId: z.string(),
    kind: z.enum(['scheduled', 'caught-up', 'buffered', 'manual']),
    /** When it should be, and when it was. */
    nominalAt: time,
    startedAt: time,
    previousAt: time.optional(),
    nextAt: time.optional(),
    /** Earlier times that this run stands for. */
    missed: z.int().min(0),
    target: z.enum(['task', 'event']),
    /** What the schedule carries, when its target is an event. */
    data: z.json().optional(),
  }),
)

/**
 * Times that passed and are not made up for, from `nominalAt` on. `late`: by the catch-up policy; `overlap`: the task of an
 * earlier run was not over.
 */
export const scheduleMissed = eventSchema(
  'ScheduleMissed',
  1,
  z.object({
    ...schedule,
    runId: z.string(),
    nominalAt: time,
    missed: z.int().positive(),
    reason: z.enum(['late', 'overlap']),
    nextAt: time.optional(),
  }),
)

/** By detail type. */
export const SCHEDULE_EVENTS = { ScheduleFired: scheduleFired, ScheduleMissed: scheduleMissed } as const

const targetItem = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('task'),
    name: z.string(),
    input: z.json(),
    queue: z.string().optional(),
    priority: z.int().optional(),
  }),
  z.object({ type: z.literal('event'), data: z.json() }),
])

/** A run, as the stream carries it; see `schedule.ts`. */
export const runItem = z.object({
  id: z.string(),
  scheduleId: z.string().regex(SCHEDULE_ID),
  workspaceId: z.string(),
  kind: z.enum(RUN_KINDS),
  nominalAt: z.string(),
  startedAt: z.string(),
  previousAt: z.string().optional(),
  nextAt: z.string().optional(),
  missed: z.int(),
  sequence: z.int().positive(),
  name: z.string(),
  target: targetItem.optional(),
  traceparent: z.string(),
})
export type RunItem = z.infer<typeof runItem>

/** A run is news when it comes to be. That its task was asked for, or that it grew old, is not. */
export function eventOf({ before, after }: TableChange<RunItem>): OutboxEvent | undefined {
  if (before !== undefined || after === undefined) return undefined
  const { id: runId, scheduleId, name, kind, nominalAt, startedAt, previousAt, nextAt, missed, target } = after
  if (!hasRun(after) || target === undefined) {
    const reason = kind === 'skipped' ? 'overlap' : 'late'
    return about(after, 'ScheduleMissed', { scheduleId, name, runId, nominalAt, missed, reason, nextAt })
  }
  const data = target.type === 'event' ? target.data : undefined
  const times = { nominalAt, startedAt, previousAt, nextAt }
  return about(after, 'ScheduleFired', { scheduleId, name, runId, kind, ...times, missed, target: target.type, data })
}

/** JSON leaves out what is undefined. */
const about = (
  { workspaceId, startedAt, sequence, traceparent }: RunItem,
  type: keyof typeof SCHEDULE_EVENTS,
  data: object,
): OutboxEvent => ({ type, version: 1, occurredAt: startedAt, workspaceId, sequence, traceparent, data })
