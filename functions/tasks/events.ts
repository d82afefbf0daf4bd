/**
 * What others may hear about tasks: events on the bus with source `backlot.tasks`. Versioned: within a version a field
 * never changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import { DEATHS, STATUSES, type Status, TASK_ID } from './task.ts'

const task = {
  taskId: z.string().regex(TASK_ID),
  name: z.string(),
  queue: z.string(),
  /** Claims so far: attempts that ended in success, failure or a crash. */
  attempts: z.int().min(0),
}
const failure = z.object({ code: z.string(), message: z.string() })

export const taskSucceeded = eventSchema('TaskSucceeded', 1, z.object({ ...task, result: z.json().optional() }))
/** An attempt failed; the next one is at `retryAt`. */
export const taskFailed = eventSchema('TaskFailed', 1, z.object({ ...task, failure, retryAt: z.iso.datetime() }))
export const taskDied = eventSchema(
  'TaskDied',
  1,
  z.object({ ...task, reason: z.enum(DEATHS), failure: failure.optional() }),
)
export const taskCancelled = eventSchema('TaskCancelled', 1, z.object(task))

/** By detail type. */
export const TASK_EVENTS = {
  TaskSucceeded: taskSucceeded,
  TaskFailed: taskFailed,
  TaskDied: taskDied,
  TaskCancelled: taskCancelled,
} as const

/** A task item as the stream carries it, as far as its events and hints need it; see `task.ts`. */
export const taskItem = z.object({
  id: z.string(),
  workspaceId: z.string(),
  name: z.string(),
  queue: z.string(),
  status: z.enum(STATUSES),
  version: z.int().positive(),
  fence: z.int(),
  since: z.string(),
  runAt: z.string(),
  failure: z.object({ code: z.string(), message: z.string() }).optional(),
  death: z.enum(DEATHS).optional(),
  result: z.json().optional(),
  traceparent: z.string(),
})
export type TaskItem = z.infer<typeof taskItem>

/** Statuses that are news. `infra/tasks.ts` makes the stream's filter of them. */
export const TOLD_STATUSES = ['succeeded', 'failed', 'dead', 'cancelled'] as const satisfies readonly Status[]

/** True when the change is that the task entered this status. An item that TTL removed entered none. */
export const entered = ({ before, after }: TableChange<TaskItem>, status: Status): boolean =>
  after?.status === status && (before?.status !== status || before.since !== after.since)

/** The event that a change of a task is; undefined when nothing happened that others wait for. */
export function eventOf(change: TableChange<TaskItem>): OutboxEvent | undefined {
  const { after } = change
  const status = TOLD_STATUSES.find((told) => entered(change, told))
  if (after === undefined || status === undefined) return undefined
  const { id, name, queue, fence, failure: failed, death, result, runAt } = after
  const data = { taskId: id, name, queue, attempts: fence }
  switch (status) {
    case 'succeeded':
      return about(after, 'TaskSucceeded', { ...data, ...(result !== undefined && { result }) })
    case 'failed':
      return about(after, 'TaskFailed', { ...data, failure: failed, retryAt: runAt })
    case 'dead':
      return about(after, 'TaskDied', { ...data, reason: death, ...(failed && { failure: failed }) })
    case 'cancelled':
      return about(after, 'TaskCancelled', data)
  }
}

const about = (
  { workspaceId, since, version, traceparent }: TaskItem,
  type: keyof typeof TASK_EVENTS,
  data: object,
): OutboxEvent => ({ type, version: 1, occurredAt: since, workspaceId, sequence: version, traceparent, data })
