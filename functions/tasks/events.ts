/**
 * What others may hear about tasks: events on the bus with source `backlot.tasks`. Versioned: within a version a field
 * never changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import { commandIdOf, DEATHS, STATUSES, type Status, TASK_ID } from './task.ts'

const task = {
  taskId: z.string().regex(TASK_ID),
  name: z.string(),
  queue: z.string(),
  /** Claims so far: attempts that ended in success, failure or a crash. */
  attempts: z.int().min(0),
  /** When its first attempt began; absent when none ever did. */
  startedAt: z.iso.datetime().optional(),
  /** Of the command that it was made by, for the service that sent it. */
  commandId: z.string().optional(),
}
const failure = z.object({ code: z.string(), message: z.string() })

/** An attempt began. Only told of tasks that were made by a command: who made one by the API can read it there. */
export const taskStarted = eventSchema(
  'TaskStarted',
  1,
  z.object({ ...task, startedAt: z.iso.datetime(), commandId: z.string() }),
)
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
  TaskStarted: taskStarted,
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
  idempotencyKey: z.string().optional(),
  history: z.array(z.object({ at: z.string(), status: z.enum(STATUSES) })),
})
export type TaskItem = z.infer<typeof taskItem>

/** Statuses that are news of every task. `infra/tasks.ts` makes the stream's filter of them, and one of what has started. */
export const TOLD_STATUSES = ['succeeded', 'failed', 'dead', 'cancelled'] as const satisfies readonly Status[]
const ALL_TOLD = ['running', ...TOLD_STATUSES] as const

/** True when the change is that the task entered this status. An item that TTL removed entered none. */
export const entered = ({ before, after }: TableChange<TaskItem>, status: Status): boolean =>
  after?.status === status && (before?.status !== status || before.since !== after.since)

/** The event that a change of a task is; undefined when nothing happened that others wait for. */
export function eventOf(change: TableChange<TaskItem>): OutboxEvent | undefined {
  const { after } = change
  const status = ALL_TOLD.find((told) => entered(change, told))
  if (after === undefined || status === undefined) return undefined
  const { id, name, queue, fence, failure: failed, death, result, runAt } = after
  const [startedAt, commandId] = [firstStart(after), commandIdOf(after)]
  const data = { taskId: id, name, queue, attempts: fence, startedAt, commandId }
  switch (status) {
    case 'running':
      return commandId === undefined ? undefined : about(after, 'TaskStarted', data)
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

/** A history that was cut keeps its beginning. */
const firstStart = ({ history }: TaskItem): string | undefined => history.find(({ status }) => status === 'running')?.at

/** JSON leaves out what is undefined. */
const about = (
  { workspaceId, since, version, traceparent }: TaskItem,
  type: keyof typeof TASK_EVENTS,
  data: object,
): OutboxEvent => ({ type, version: 1, occurredAt: since, workspaceId, sequence: version, traceparent, data })
