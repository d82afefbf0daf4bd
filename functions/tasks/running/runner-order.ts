/** What a runner is told: which queue, and how many places of it are its own. Pure. */
import * as z from 'zod'
import { MAX_CONCURRENCY } from '../queues/queue.ts'

export const runnerOrder = z.object({
  runnerId: z.string().min(1).max(128),
  workspaceId: z.string().min(1).max(64),
  queue: z.string().min(1).max(64),
  places: z.int().min(1).max(MAX_CONCURRENCY),
  /** The queue's, when the places were taken: see `queues/queue.ts`. */
  wakes: z.int(),
  /** Runners of the queue, this one included. */
  runners: z.int().min(1),
})
export type RunnerOrder = z.infer<typeof runnerOrder>
