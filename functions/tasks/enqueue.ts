/** Makes a task and tells the dispatcher, for the API and for commands alike. */

import { dueHint, hintDelaySeconds, MAX_HINT_DELAY_MS, wakeHint } from './hint.ts'
import type { DelayedHint, SendHints } from './hints.store.ts'
import type { QueuesStore } from './queues.store.ts'
import type { Task } from './task.ts'
import type { Created, NewTask, TasksStore } from './tasks.store.ts'

export interface EnqueueStores {
  readonly tasks: Pick<TasksStore, 'create'>
  readonly queues: Pick<QueuesStore, 'ensure'>
  readonly sendHints: SendHints
}

export type Enqueued = Created | { readonly kind: 'too_many_queues' }

/**
 * Once the task is written it will run, whatever becomes of the hint: the stream tells of queued tasks again
 * (`wake-queues.lambda.ts`), the tick of scheduled ones. So a hint that can't be sent is no failure, only a delay.
 * @param onHintLost for the log
 */
export async function enqueue(
  created: NewTask,
  { tasks, queues, sendHints }: EnqueueStores,
  now: Date,
  onHintLost: (error: unknown) => void,
): Promise<Enqueued> {
  const { task } = created
  if (!(await queues.ensure(task.workspaceId, task.queue, now))) return { kind: 'too_many_queues' }
  const outcome = await tasks.create(created)
  const hint = outcome.kind === 'created' ? hintFor(task, now) : undefined
  if (hint !== undefined) await sendHints([hint]).catch(onHintLost)
  return outcome
}

/** Undefined for what is due later than a message can be delayed: the tick will tell. */
export function hintFor(task: Task, now: Date): DelayedHint | undefined {
  if (task.status === 'queued') return { hint: wakeHint({ workspaceId: task.workspaceId, queue: task.queue }) }
  const runAt = new Date(task.runAt)
  if (runAt.getTime() - now.getTime() > MAX_HINT_DELAY_MS) return undefined
  return { hint: dueHint(task), delaySeconds: hintDelaySeconds(runAt, now) }
}
