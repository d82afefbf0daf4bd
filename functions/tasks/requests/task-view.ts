/** A task as the API shows it, and why a change of it was refused. Pure. */
import type { Json } from '#core/json.ts'
import { Problem } from '#core/problem.ts'
import type { Changed } from '../states/tasks.store.ts'
import type { Task, TaskRef } from '../task.ts'

export const summaryOf = (task: Task) => ({
  id: task.id,
  name: task.name,
  queue: task.queue,
  priority: task.priority,
  status: task.status,
  runAt: task.runAt,
  createdAt: task.createdAt,
  updatedAt: task.updatedAt,
  startedAt: task.startedAt,
  finishedAt: task.finishedAt,
  cancelRequestedAt: task.cancelRequestedAt,
  attempts: task.fence,
  failures: task.failures,
  crashes: task.crashes,
  redrives: task.redrives,
  failure: task.failure,
  reason: task.death,
})

export const taskDetail = (task: Task, input: Json) => ({
  ...summaryOf(task),
  input,
  result: task.result,
  history: task.history.map(({ at, status, reason, fence }) => ({ at, status, reason, attempt: fence })),
})

export const unknownTask = (id: string): Problem =>
  new Problem('not_found', `this workspace has no task ${id.slice(0, 64)}`)

/**
 * The task after the change. What it is already, it may be asked to become again.
 * @param wanted the state that the change needs, for people: `one that waits`
 */
export function changedTask(changed: Changed, ref: TaskRef, wanted: string): Task {
  if (changed.kind === 'unknown') throw unknownTask(ref.id)
  if (changed.kind === 'done' || changed.reason === 'unchanged') return changed.task
  throw new Problem('task_state', `expected ${wanted}, got one that is ${changed.task.status}`)
}
