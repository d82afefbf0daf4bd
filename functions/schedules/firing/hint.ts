/**
 * A message on the queue `backlot-schedules-due`: this schedule may have come to this time. It may arrive twice, late or
 * never; what is so stands in the table. Pure.
 */
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import { SCHEDULE_ID } from '../schedule.ts'

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-delay-queues.html */
export const MAX_DELAY_SECONDS = 900

export const hintSchema = z.object({
  workspaceId: z.string().min(1).max(64),
  scheduleId: z.string().regex(SCHEDULE_ID),
  revision: z.int().positive(),
  nominalAt: z.iso.datetime(),
  /** When its jitter makes it another time. */
  dueAt: z.iso.datetime().optional(),
  dispatchedAt: z.iso.datetime(),
})
export type Hint = z.infer<typeof hintSchema>

/** Whole seconds until then, rounded up: a hint that comes early would have to be sent again. */
export const delaySeconds = (dueAt: string, now: Date): number =>
  Math.min(MAX_DELAY_SECONDS, Math.ceil(Math.max(0, Date.parse(dueAt) - now.getTime()) / SECOND))
