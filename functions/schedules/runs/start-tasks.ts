/** New runs whose target is a task → commands to the tasks service. The run's id is the command's: one run, one task. */
import { isUnavailable } from '#core/dependency.ts'
import type { InvocationLog } from '#core/log.ts'
import type { TableChange } from '#core/stream.ts'
import type { EnqueueTask } from '#core/task-commands.store.ts'
import type { RunItem } from '../events.ts'
import type { RunsStore } from './runs.store.ts'

export interface StartServices {
  readonly enqueueTask: EnqueueTask
  readonly runs: Pick<RunsStore, 'delivered'>
  readonly now: () => Date
}

/** @returns the sequence numbers of the changes that shall come back */
export async function startTasks(
  changes: readonly TableChange<RunItem>[],
  services: StartServices,
  log: InvocationLog,
): Promise<readonly string[]> {
  const failed = await Promise.all(
    changes.map(async ({ before, after, sequenceNumber }) => {
      if (before !== undefined || after === undefined) return []
      try {
        await startTask(after, services)
        log.metric('startedTasks', after.target?.type === 'task' ? 1 : 0)
        return []
      } catch (error) {
        log.fail(error, isUnavailable(error) ? 'warn' : 'error')
        return [sequenceNumber]
      }
    }),
  )
  return failed.flat()
}

async function startTask(run: RunItem, { enqueueTask, runs, now }: StartServices): Promise<void> {
  const { id, workspaceId, target, traceparent } = run
  if (target?.type !== 'task') return
  const { type: _, ...task } = target
  await enqueueTask({ id, workspaceId, ...task, traceparent })
  await runs.delivered(run, now())
}
