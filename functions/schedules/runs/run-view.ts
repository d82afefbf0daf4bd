/** Runs as the API shows them. Pure. */
import type * as z from 'zod'
import type { Run, RunTask } from '../schedule.ts'
import type { runBody } from './run-schemas.ts'

export function runView(run: Run): z.input<typeof runBody> {
  const { id, kind, nominalAt, dispatchedAt, startedAt, missed, revision, tzdata } = run
  const { deliveredAt = null, previousAt = null, nextAt = null } = run
  const times = { nominalAt, dispatchedAt, startedAt, deliveredAt, previousAt, nextAt }
  return { id, kind, ...times, task: taskView(run.task), missed, revision, tzdata }
}

function taskView(task: RunTask | undefined): z.input<typeof runBody>['task'] {
  if (task === undefined) return null
  const { id, status, startedAt = null, finishedAt = null } = task
  return { id, status, startedAt, finishedAt }
}
