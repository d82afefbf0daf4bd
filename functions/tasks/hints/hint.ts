/**
 * A hint on the queue `backlot-tasks-hints`: where to look, never what is so. It may come late, twice or not at all; what
 * is true stands in the table, and whoever gets a hint reads it there. Pure.
 */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { Task } from '../task.ts'

/** SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html */
export const MAX_HINT_DELAY_MS = 900 * SECOND

const workspaceId = z.string().min(1).max(64)
const queue = z.string().min(1).max(64)

export const hintSchema = z.discriminatedUnion('kind', [
  /** A queue may have tasks that nobody works on. */
  z.object({ kind: z.literal('wake'), workspaceId, queue }),
  /** A task may be due: to be queued, or to be taken from a worker that is gone. */
  z.object({ kind: z.literal('due'), workspaceId, id: z.string().min(1).max(64) }),
  /** A runner may be gone: its lease was to end about now. */
  z.object({ kind: z.literal('watch'), workspaceId, queue, runnerId: z.string().min(1).max(128) }),
])
export type Hint = z.infer<typeof hintSchema>

export interface DelayedHint {
  readonly hint: Hint
  /** @default 0 */
  readonly delaySeconds?: number
}

export const wakeHint = (of: { workspaceId: string; queue: string }): Hint => ({
  kind: 'wake',
  workspaceId: of.workspaceId,
  queue: of.queue,
})
export const dueHint = (of: { workspaceId: string; id: string }): Hint => ({
  kind: 'due',
  workspaceId: of.workspaceId,
  id: of.id,
})

/** Whole seconds until `at`, rounded up: a hint that comes early would have to be sent again. At most SQS's maximum. */
export const hintDelaySeconds = (at: Date, now: Date): number =>
  Math.ceil(Math.min(Math.max(at.getTime() - now.getTime(), 0), MAX_HINT_DELAY_MS) / SECOND)

/** Of a task that was just written. Undefined for what is due later than a message can be delayed: the tick will tell. */
export function hintFor(task: Task, now: Date): DelayedHint | undefined {
  if (task.status === 'queued') return { hint: wakeHint({ workspaceId: task.workspaceId, queue: task.queue }) }
  const runAt = new Date(task.runAt)
  if (runAt.getTime() - now.getTime() > MAX_HINT_DELAY_MS) return undefined
  return { hint: dueHint(task), delaySeconds: hintDelaySeconds(runAt, now) }
}
