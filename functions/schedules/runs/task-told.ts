/** What the tasks service tells of tasks that runs asked for, as far as this service reads it. Pure. */
import * as z from 'zod'
import { type RunTask, SCHEDULE_ID } from '../schedule.ts'

/** Beginning of the ids of this service's commands; the rule in `infra/schedules.ts` knows them by it. */
export const COMMAND_PREFIX = 'sch_'

const STATUS_OF = {
  TaskStarted: 'running',
  TaskFailed: 'failed',
  TaskSucceeded: 'succeeded',
  TaskDied: 'dead',
  TaskCancelled: 'cancelled',
} as const
export const HEARD = ['TaskStarted', 'TaskFailed', 'TaskSucceeded', 'TaskDied', 'TaskCancelled'] as const

/** An event of the bus: the envelope, and of its data what is needed. Further fields are others' business. */
export const taskTold = z.object({
  id: z.string(),
  type: z.enum(HEARD),
  version: z.literal(1),
  occurredAt: z.iso.datetime(),
  workspaceId: z.string(),
  sequence: z.int().positive(),
  traceparent: z.string().optional(),
  data: z.object({ taskId: z.string(), commandId: z.string(), startedAt: z.iso.datetime().optional() }),
})
export type TaskTold = z.infer<typeof taskTold>

export interface ToldOfRun {
  readonly scheduleId: string
  /** The run's id, which its command had. */
  readonly id: string
  readonly workspaceId: string
  readonly task: RunTask
}

/** Undefined when it is about no run. */
export function toldOfRun(event: TaskTold): ToldOfRun | undefined {
  const { type, occurredAt, workspaceId, sequence } = event
  const { taskId, commandId, startedAt } = event.data
  const [scheduleId = ''] = commandId.split('@', 1)
  if (!SCHEDULE_ID.test(scheduleId) || scheduleId === commandId) return undefined
  const status = STATUS_OF[type]
  const isOver = status !== 'running' && status !== 'failed'
  const times = { ...(startedAt && { startedAt }), ...(isOver && { finishedAt: occurredAt }) }
  return { scheduleId, id: commandId, workspaceId, task: { id: taskId, status, sequence, ...times } }
}
