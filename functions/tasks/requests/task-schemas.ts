/** Tasks in the API's input and output, described once: checked by the kit, published in the OpenAPI document. */

import * as z from 'zod'
import { parsedJson } from '#core/json.ts'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { DEATHS, DEFAULT_PRIORITY, MAX_INPUT_BYTES, MAX_PRIORITY, MIN_PRIORITY, STATUSES, TASK_ID } from '../task.ts'

const taskId = z
  .string()
  .regex(TASK_ID)
  .meta({ description: 'Sorts by the time the task was made.', examples: ['tsk_01JD7N2V5B8Y3QK4M6T9X0ZCEG'] })

const taskName = z
  .string()
  .min(1)
  .max(64)
  .meta({ description: 'The kind of task.', examples: ['http.request'] })
const status = z.enum(STATUSES).meta({
  description:
    '`scheduled`: waits for its time. `queued`: waits for a worker. `running`. `failed`: waits for its next try. ' +
    '`succeeded`, `dead` and `cancelled` are ends.',
})
const priority = z
  .int()
  .min(MIN_PRIORITY)
  .max(MAX_PRIORITY)
  .meta({
    description:
      'Larger goes first: each step counts as a minute of waiting, so that low ones are never left behind for good. ' +
      `Default: what the kind of task says, else ${DEFAULT_PRIORITY}.`,
  })

const failure = z
  .strictObject({ code: z.string(), message: z.string(), at: timestamp('When it failed.') })
  .meta({ id: 'TaskFailure', description: 'What went wrong last.' })

const summary = {
  id: taskId,
  name: taskName,
  queue: z.string().meta({ description: 'Its queue.', examples: ['default'] }),
  priority,
  status,
  runAt: timestamp('When it may start, or start again.'),
  createdAt: timestamp('When it was made.'),
  updatedAt: timestamp('When anything of it last changed.'),
  startedAt: timestamp('When its current or last attempt started.').optional(),
  finishedAt: timestamp('When it ended. It can be read for 30 days from then on.').optional(),
  cancelRequestedAt: timestamp('When cancelling it was asked for.').optional(),
  attempts: z.int().min(0).meta({ description: 'How often it was started.' }),
  failures: z.int().min(0).meta({ description: 'Attempts that failed, since it was made or redriven.' }),
  crashes: z.int().min(0).meta({ description: 'Attempts whose process ended, counted apart from failures.' }),
  redrives: z.int().min(0).meta({ description: 'How often it was brought back from an end.' }),
  failure: failure.optional(),
  reason: z.enum(DEATHS).optional().meta({ description: 'Why it is dead.' }),
}

export const taskSummaryBody = z
  .strictObject(summary)
  .meta({ id: 'TaskSummary', description: 'A task without its input, result and history.' })

export const taskBody = z
  .strictObject({
    ...summary,
    input: parsedJson.meta({ description: 'As it was sent.' }),
    result: parsedJson.optional().meta({ description: 'What it answered, unless that was larger than 16 KiB.' }),
    history: z
      .array(
        z.strictObject({
          at: timestamp('When it entered the status.'),
          status,
          reason: z.string().optional().meta({ description: 'Why, where the status alone does not tell.' }),
          attempt: z.int().optional().meta({ description: 'Number of the attempt.' }),
        }),
      )
      .meta({ description: 'Every status that it was in; in very long histories some of the middle are left out.' }),
  })
  .meta({ id: 'Task', description: 'A piece of work.' })

export const createTaskBody = z
  .strictObject({
    name: taskName,
    input: parsedJson
      .default({})
      .meta({ description: `As its kind takes it, at most ${MAX_INPUT_BYTES} bytes as JSON.` }),
    queue: z
      .string()
      .max(64)
      .optional()
      .meta({
        description: 'Made when it is first used. Default: what the kind of task says, else `default`.',
        examples: ['webhooks'],
      }),
    runAt: timestamp('Not before this time, at most 366 days from now. Default: at once.').optional(),
    priority: priority.optional(),
    idempotencyKey: z
      .string()
      .min(1)
      .max(200)
      .optional()
      .meta({
        description:
          'The same key makes one task within 30 days: the same request again is answered with that task, another ' +
          'request is refused with `idempotency_key_reused`.',
        examples: ['order-4711-receipt'],
      }),
  })
  .meta({ id: 'CreateTask', description: 'A task to be made.' })

export const taskParams = z.object({ id: z.string().meta({ description: 'The id of the task.' }) })

export const taskListQuery = z.object({
  ...pageParameters,
  status: status.optional(),
  queue: z.string().max(64).optional().meta({ description: 'Of one queue only.' }),
  name: z.string().max(64).optional().meta({
    description: 'Of one kind only. A page may then have fewer tasks than `limit`, or none, and still have a next one.',
  }),
})
export const taskListBody = pageOf(taskSummaryBody).meta({ id: 'TaskList', description: 'Tasks, newest first.' })
