/** Runs in the API's output, described once: checked by the kit, published in the OpenAPI document. */

import * as z from 'zod'
import { pageOf } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { RUN_KINDS, TASK_STATUSES } from '../schedule.ts'

export const runBody = z
  .strictObject({
    id: z.string().meta({ examples: ['sch_01JD7N2V5B8Y3QK4M6T9X0ZCEG@2026-11-21T10:15:00.000Z'] }),
    kind: z.enum(RUN_KINDS).meta({
      description:
        '`buffered`: it waited for the task of the run before. Of two nothing ran: `missed`: that many times from ' +
        '`nominalAt` on were let go; `skipped`: the task of an earlier run went on.',
    }),
    nominalAt: timestamp('When it should be.'),
    dispatchedAt: timestamp('When it was handed to the queue that waits for its second.'),
    startedAt: timestamp('When it came to be.'),
    deliveredAt: timestamp('When the tasks service had it. Null of events, and until then.').nullable(),
    task: z
      .strictObject({
        id: z.string().meta({ examples: ['tsk_01JD7N2V5B8Y3QK4M6T9X0ZCEG'] }),
        status: z
          .enum(TASK_STATUSES)
          .meta({ description: '`failed`: an attempt failed, and the task waits for the next one.' }),
        startedAt: timestamp('When its first attempt began.').nullable(),
        finishedAt: timestamp('When it had succeeded, died or been cancelled.').nullable(),
      })
      .nullable()
      .meta({ description: 'What became of the task. Null of events, and until the task has begun.' }),
    previousAt: timestamp('The run before, then.').nullable(),
    nextAt: timestamp('The next time, then.').nullable(),
    missed: z.int().min(0).meta({ description: 'Earlier times that it stands for.' }),
    revision: z.int().positive().meta({ description: 'Of the schedule, then.' }),
    tzdata: z.string().meta({ description: 'The version of the tz database.', examples: ['2026b'] }),
  })
  .meta({ id: 'ScheduleRun', description: 'One time of a schedule that was decided about.' })
export const runListBody = pageOf(runBody).meta({ id: 'ScheduleRunList', description: 'Runs, the latest time first.' })
