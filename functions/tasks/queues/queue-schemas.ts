/** Queues in the API's input and output, described once: checked by the kit, published in the OpenAPI document. */
import * as z from 'zod'
import { DEFAULT_CONCURRENCY, MAX_CONCURRENCY, MIN_CONCURRENCY } from './queue.ts'

const concurrency = z
  .int()
  .min(MIN_CONCURRENCY)
  .max(MAX_CONCURRENCY)
  .meta({ description: `How many of its tasks may run at once. Default: ${DEFAULT_CONCURRENCY}.`, examples: [20] })

const depth = (description: string) =>
  z
    .int()
    .min(0)
    .meta({ description, examples: [42] })

export const queueBody = z
  .strictObject({
    name: z.string().meta({ examples: ['default'] }),
    paused: z.boolean().meta({ description: 'While it is, nothing new is started.' }),
    concurrency,
    depth: z
      .strictObject({
        scheduled: depth('Tasks that wait for their time.'),
        queued: depth('Tasks that wait for a worker.'),
        running: depth('Tasks that run.'),
        failed: depth('Tasks that wait for their next try.'),
        dead: depth('Tasks that were given up.'),
      })
      .meta({ description: 'Counted when asked for; it may lag behind by a moment. 10,000 means as many or more.' }),
    createdAt: z.iso
      .datetime()
      .meta({ description: 'When it was first used.', examples: ['2026-11-21T10:15:00.000Z'] }),
  })
  .meta({ id: 'TaskQueue', description: 'A queue of the workspace.' })

export const queueListBody = z
  .strictObject({ items: z.array(queueBody), nextCursor: z.null() })
  .meta({ id: 'TaskQueueList', description: 'All queues of the workspace, by name. There are at most 100: one page.' })

export const queueParams = z.object({ queue: z.string().max(64).meta({ description: 'The name of the queue.' }) })
export const updateQueueBody = z
  .strictObject({ concurrency })
  .meta({ id: 'UpdateTaskQueue', description: 'What can change of a queue.' })

export const redrivenBody = z
  .strictObject({
    redriven: z.int().min(0).meta({ description: 'Tasks that were brought back, at most 100 in one request.' }),
    more: z.boolean().meta({ description: 'There are more dead ones: ask again.' }),
  })
  .meta({ id: 'RedrivenTasks', description: 'How many dead tasks were brought back.' })
