/** Makes a task and tells the dispatcher, for the API and for commands alike. */
import { hintFor } from '../hints/hint.ts'
import type { SendHints } from '../hints/hints.store.ts'
import type { QueuesStore } from '../queues/queues.store.ts'
import type { Created, NewTask, TasksStore } from '../states/tasks.store.ts'

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
