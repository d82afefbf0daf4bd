/** Schedules in the API's input and output, described once: checked by the kit, published in the OpenAPI document. */

import * as z from 'zod'
import { parsedJson } from '#core/json.ts'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import {
  CATCH_UP_POLICIES,
  DEFAULT_CATCH_UP,
  MAX_CATCH_UP_CAP,
  MAX_CATCH_UP_WINDOW_SECONDS,
  MAX_NAME_LENGTH,
  MAX_NOTE_LENGTH,
  MAX_PAYLOAD_BYTES,
  MIN_CATCH_UP_WINDOW_SECONDS,
  RUN_OVERLAP_POLICIES,
  SCHEDULE_ID,
  STATUSES,
} from '../schedule.ts'
import { MAX_CRON_LENGTH } from '../timing/cron.ts'
import { GAP_POLICIES, OVERLAP_POLICIES } from '../timing/dst.ts'
import { MAX_JITTER_SECONDS } from '../timing/jitter.ts'
import { MAX_ZONE_LENGTH } from '../timing/zone.ts'

export const MAX_PREVIEW = 100

const scheduleId = z
  .string()
  .regex(SCHEDULE_ID)
  .meta({ description: 'Sorts by the time it was made.', examples: ['sch_01JD7N2V5B8Y3QK4M6T9X0ZCEG'] })
const anyTimestamp = (description: string) =>
  z.iso.datetime({ offset: true }).meta({ description, examples: ['2026-11-21T10:15:00Z'] })

const expression = z
  .string()
  .min(1)
  .max(MAX_CRON_LENGTH)
  .meta({
    description:
      'Cron of 5 fields, or 6 with seconds first; `every <n> seconds|minutes|hours|days`; or `at <date>T<time>` for ' +
      'once, with `Z` or an offset an instant, without it in the time zone. At least 10 seconds apart.',
    examples: ['30 2 * * MON-FRI', 'every 15 minutes', 'at 2027-12-24T18:00:00'],
  })
const timeZone = z
  .string()
  .min(1)
  .max(MAX_ZONE_LENGTH)
  .meta({ description: 'An IANA time zone.', examples: ['Europe/Berlin'] })
const anchor = anyTimestamp('Where an interval is counted from. Default: when the schedule was made.')
const gap = z.enum(GAP_POLICIES).meta({
  description:
    'A wall time that does not exist: `skip`; `next-valid`: once, when clocks have jumped; `shift`: later by the jump.',
})
const overlap = z
  .enum(OVERLAP_POLICIES)
  .meta({ description: 'A wall time that comes twice: `first`, `last`, or `both`.' })
const dst = z.strictObject({ gap: gap.optional(), overlap: overlap.optional() }).meta({
  id: 'DstPolicy',
  description:
    'When clocks change. Default: `next-valid` and `first` for a time of day; `skip` and `both` for cron whose minute or ' +
    'hour field begins with `*`, and so means every so often.',
})
const effectiveDst = z.strictObject({ gap, overlap }).meta({ description: 'The policy that holds.' })

const catchUp = z
  .strictObject({
    policy: z.enum(CATCH_UP_POLICIES).default(DEFAULT_CATCH_UP.policy).meta({
      description: 'Times that passed unseen: `fire-once`: the latest runs; `skip`: none; `fire-all`: up to `cap`.',
    }),
    cap: z
      .int()
      .min(1)
      .max(MAX_CATCH_UP_CAP)
      .default(DEFAULT_CATCH_UP.cap)
      .meta({ description: 'Runs of `fire-all`.' }),
    windowSeconds: z
      .int()
      .min(MIN_CATCH_UP_WINDOW_SECONDS)
      .max(MAX_CATCH_UP_WINDOW_SECONDS)
      .default(DEFAULT_CATCH_UP.windowSeconds)
      .meta({ description: 'What is longer ago is never caught up.' }),
  })
  .meta({ id: 'CatchUpPolicy', description: 'What to do about times more than 90 seconds ago.' })

const overlapPolicy = z.enum(RUN_OVERLAP_POLICIES).meta({
  description:
    'When a time comes while the task of an earlier run goes on, its retries included: `allow`: it runs beside it; ' +
    '`skip`: it is let go; `buffer-one`: the first one waits for it, others are let go. Runs by hand overlap. For tasks only.',
})
const startAt = anyTimestamp('It has no times before this one.')
const endAt = anyTimestamp('It has no times behind this one.')
const jitterSeconds = z
  .int()
  .min(0)
  .max(MAX_JITTER_SECONDS)
  .meta({
    description:
      'Spreads schedules that are due at the same second: all times of this one are later by the same number of seconds, ' +
      'from 0 to this. Less than the time between two runs.',
  })

const payload = (description: string) =>
  parsedJson.meta({ description: `${description} At most ${MAX_PAYLOAD_BYTES} bytes as JSON.` })
const target = z
  .discriminatedUnion('type', [
    z.strictObject({
      type: z.literal('task'),
      name: z
        .string()
        .min(1)
        .max(64)
        .meta({ description: 'The kind of task.', examples: ['http.request'] }),
      input: payload('As the kind of task takes it.').default({}),
      queue: z.string().min(1).max(64).optional().meta({ description: 'Default: what the kind of task says.' }),
      priority: z.int().min(0).max(9).optional().meta({ description: 'Default: what the kind of task says.' }),
    }),
    z.strictObject({
      type: z.literal('event'),
      data: payload('What the event `ScheduleFired` carries as `data`.').default({}),
    }),
  ])
  .meta({ id: 'ScheduleTarget', description: 'What is done: a task is made, or an event sent on the bus.' })

const name = z
  .string()
  .min(1)
  .max(MAX_NAME_LENGTH)
  .meta({ examples: ['nightly report'] })
const note = z.string().max(MAX_NOTE_LENGTH).meta({ description: 'Why it is paused.' })

export const scheduleBody = z
  .strictObject({
    id: scheduleId,
    name,
    expression,
    timeZone,
    anchor,
    dst: effectiveDst,
    startAt: startAt.nullable(),
    endAt: endAt.nullable(),
    jitterSeconds,
    offsetSeconds: z.int().min(0).meta({ description: 'What its jitter adds to each of its times.' }),
    catchUp,
    overlapPolicy,
    target,
    status: z.enum(STATUSES).meta({ description: '`ended`: there is no next time.' }),
    note: note.optional(),
    revision: z.int().positive().meta({ description: 'Rises with every change that somebody makes.' }),
    nextAt: timestamp('The next time, without its jitter.').nullable(),
    lastAt: timestamp('The nominal time of the latest run.').nullable(),
    missed: z
      .int()
      .min(0)
      .meta({ description: 'Times that neither ran nor were caught up, and those that were skipped.' }),
    createdAt: timestamp('When it was made.'),
    updatedAt: timestamp('When somebody last changed it.'),
  })
  .meta({ id: 'Schedule', description: 'Something that is done at certain times.' })

const optional = {
  anchor: anchor.optional(),
  dst: dst.optional(),
  catchUp: catchUp.optional(),
  overlapPolicy: overlapPolicy.optional(),
  jitterSeconds: jitterSeconds.optional(),
}
export const createScheduleBody = z
  .strictObject({
    name,
    expression,
    timeZone: timeZone.default('UTC'),
    ...optional,
    startAt: startAt.optional(),
    endAt: endAt.optional(),
    target,
  })
  .meta({ id: 'CreateSchedule', description: 'A schedule to be made.' })

export const updateScheduleBody = z
  .strictObject({
    name: name.optional(),
    expression: expression.optional(),
    timeZone: timeZone.optional(),
    ...optional,
    startAt: startAt.nullable().optional().meta({ description: 'Null takes it away.' }),
    endAt: endAt.nullable().optional().meta({ description: 'Null takes it away.' }),
    target: target.optional(),
  })
  .meta({ id: 'UpdateSchedule', description: 'What is to change. A field that is left out stays as it is.' })

export const pauseBody = z
  .strictObject({ note: note.optional() })
  .default({})
  .meta({ id: 'PauseSchedule', description: 'Why it is paused, for those who wonder later.' })

export const scheduleParams = z.object({ id: z.string().meta({ description: 'The id of the schedule.' }) })
export const listQuery = z.object(pageParameters)
export const scheduleListQuery = z.object({
  ...pageParameters,
  status: z.enum(STATUSES).optional().meta({ description: 'Only schedules in this status.' }),
})
export const scheduleListBody = pageOf(scheduleBody).meta({
  id: 'ScheduleList',
  description: 'Schedules, newest first.',
})

export const previewRequest = z
  .strictObject({
    expression,
    timeZone: timeZone.default('UTC'),
    from: anyTimestamp('Times behind this one. Default: now.').optional(),
    count: z.int().min(1).max(MAX_PREVIEW).default(10).meta({ description: 'How many times.' }),
    anchor: anyTimestamp('Where an interval is counted from. Default: `from`.').optional(),
    dst: dst.optional(),
  })
  .meta({ id: 'PreviewRequest', description: 'An expression whose times are asked for.' })

const kind = z.enum(['gap', 'overlap'])
const local = (description: string) => z.string().meta({ description, examples: ['2027-03-28T02:30:00'] })
const offset = z.string().meta({ examples: ['+01:00'] })
export const previewBody = z
  .strictObject({
    items: z.array(
      z.strictObject({
        at: timestamp('When it happens.'),
        local: local('What a clock of the zone shows then.'),
        offset,
        dst: z
          .strictObject({ kind, explanation: z.string() })
          .optional()
          .meta({ description: 'A jump of the clock that touches it.' }),
      }),
    ),
    transitions: z
      .array(
        z.strictObject({
          kind,
          at: timestamp('The first instant of the new offset.'),
          offsetBefore: offset,
          offsetAfter: offset,
          localFrom: local('The first wall time that is left out, or comes twice.'),
          localTo: local('The first one that does not.'),
          affected: z
            .int()
            .min(0)
            .meta({ description: 'Times of the expression that it touches; 100 means as many or more.' }),
          explanation: z.string(),
        }),
      )
      .meta({ description: 'Every jump of the clock between `from` and a day behind the last time.' }),
    dst: effectiveDst,
    tzdata: z.string().meta({ description: 'The version of the tz database.', examples: ['2026b'] }),
  })
  .meta({ id: 'Preview', description: 'The next times of an expression.' })
