/** The routes of schedules. Handlers parse → decide → store → respond; the rules are in `editing.ts` and `timing/timing.ts`. */
import { SECOND } from '#core/clock.ts'
import { answerPage } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import { hintIfSoon } from '../firing/fire.ts'
import {
  DEFAULT_CATCH_UP,
  etagOf,
  MAX_SCHEDULES,
  type Run,
  revisionOfEtag,
  type Schedule,
  type ScheduleRef,
} from '../schedule.ts'
import type { Changed } from '../schedules.store.ts'
import type { SchedulesServices } from '../schedules-services.ts'
import { type Edited, newSchedule, pause, resume, update } from './editing.ts'
import {
  createScheduleBody,
  pauseBody,
  scheduleBody,
  scheduleListBody,
  scheduleListQuery,
  scheduleParams,
  updateScheduleBody,
} from './schedule-schemas.ts'
import { scheduleView } from './schedule-view.ts'

const route = routeOf<SchedulesServices>()

const PATH = '/api/schedules/schedules'
const ETAG = { ETag: 'For `If-Match`, where only changes by people count, and for `If-None-Match`.' }

const createSchedule = route({
  method: 'POST',
  path: PATH,
  operationId: 'createSchedule',
  summary: 'Make a schedule',
  description:
    'It is active with the answer. An expression that never comes is refused. Use `previewSchedule` to see its times first.',
  permission: 'schedules:write',
  body: createScheduleBody,
  answers: {
    201: {
      description: 'The schedule was made.',
      body: scheduleBody,
      headers: { Location: 'The path of the schedule.', ...ETAG },
    },
  },
  async handle({ body, principal, trace, now }, services) {
    const traceparent = formatTraceparent(trace)
    const { workspaceId, id: createdBy } = principal
    const { anchor = wholeSecond(now), catchUp = DEFAULT_CATCH_UP } = body
    const origin = { id: services.ids('sch'), workspaceId, createdBy, traceparent }
    const schedule = edited(newSchedule({ ...body, anchor, catchUp }, origin, now))
    if ((await services.schedules.create(schedule)) === 'too_many')
      throw new Problem('schedule_limit', `expected at most ${MAX_SCHEDULES} schedules in a workspace`)
    await hint(services, schedule, now)
    const headers = { Location: `${PATH}/${schedule.id}` }
    return { status: 201, headers, etag: etagOf(schedule), body: scheduleView(schedule) }
  },
  problems: ['schedule_limit'],
})

const listSchedules = route({
  method: 'GET',
  path: PATH,
  operationId: 'listSchedules',
  summary: 'List schedules',
  description:
    'Newest first. With `status` a page may have fewer than asked for, or none; it was the last one when `nextCursor` is null.',
  permission: 'schedules:read',
  query: scheduleListQuery,
  answers: { 200: { description: 'A page of schedules.', body: scheduleListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { schedules, cursors }) {
    const { status } = query
    const scope = ['listSchedules', principal.workspaceId, status ?? '']
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { schedules: found, next } = await schedules.list(principal.workspaceId, status, limit, after)
      return { items: found.map(scheduleView), next }
    })
    return { status: 200, body }
  },
})

const getSchedule = route({
  method: 'GET',
  path: `${PATH}/{id}`,
  operationId: 'getSchedule',
  summary: 'Read a schedule',
  permission: 'schedules:read',
  params: scheduleParams,
  answers: { 200: { description: 'The schedule.', body: scheduleBody, headers: ETAG } },
  problems: ['not_found'],
  async handle({ params, principal }, services) {
    return answerOf(await found(services, { workspaceId: principal.workspaceId, id: params.id }))
  },
})

const updateSchedule = route({
  method: 'PATCH',
  path: `${PATH}/{id}`,
  operationId: 'updateSchedule',
  summary: 'Change a schedule',
  description:
    'When its times change, what was due by the old ones is dropped. All else takes effect with the next run.',
  permission: 'schedules:write',
  params: scheduleParams,
  body: updateScheduleBody,
  answers: { 200: { description: 'The changed schedule.', body: scheduleBody, headers: ETAG } },
  problems: ['not_found', 'conflict', 'precondition_failed'],
  handle: ({ params, body, principal, ifMatch, trace, now }, services) =>
    change(services, { workspaceId: principal.workspaceId, id: params.id }, ifMatch, now, (before) => {
      const given = Object.fromEntries(
        Object.entries(body).flatMap(([name, value]) => (value === undefined ? [] : [[name, value ?? undefined]])),
      )
      return edited(update(before, given, formatTraceparent(trace), now))
    }),
})

const pauseSchedule = route({
  method: 'POST',
  path: `${PATH}/{id}/pause`,
  operationId: 'pauseSchedule',
  summary: 'Pause a schedule',
  description: 'Nothing is due while it is paused, and nothing piles up.',
  permission: 'schedules:write',
  params: scheduleParams,
  body: pauseBody,
  answers: { 200: { description: 'The paused schedule.', body: scheduleBody, headers: ETAG } },
  problems: ['not_found', 'conflict', 'precondition_failed', 'schedule_state'],
  handle: ({ params, body, principal, ifMatch, now }, services) =>
    change(services, { workspaceId: principal.workspaceId, id: params.id }, ifMatch, now, (before) => {
      if (before.status === 'ended')
        throw new Problem('schedule_state', 'expected one that still has a next time, got one that has ended')
      return pause(before, body.note, now)
    }),
})

const resumeSchedule = route({
  method: 'POST',
  path: `${PATH}/{id}/resume`,
  operationId: 'resumeSchedule',
  summary: 'Resume a schedule',
  description: 'It goes on with its next time from now. What would have been meanwhile is not made up for.',
  permission: 'schedules:write',
  params: scheduleParams,
  answers: { 200: { description: 'The schedule.', body: scheduleBody, headers: ETAG } },
  problems: ['not_found', 'conflict', 'precondition_failed', 'schedule_state'],
  handle: ({ params, principal, ifMatch, now }, services) =>
    change(services, { workspaceId: principal.workspaceId, id: params.id }, ifMatch, now, (before) => {
      if (before.status !== 'paused')
        throw new Problem('schedule_state', `expected one that is paused, got one that is ${before.status}`)
      return resume(before, now)
    }),
})

const deleteSchedule = route({
  method: 'DELETE',
  path: `${PATH}/{id}`,
  operationId: 'deleteSchedule',
  summary: 'Delete a schedule',
  description: 'Nothing that was not started yet is started any more. Its runs can no longer be read.',
  permission: 'schedules:write',
  params: scheduleParams,
  answers: { 204: { description: 'It is gone.' } },
  problems: ['not_found', 'conflict', 'precondition_failed'],
  async handle({ params, principal, ifMatch }, { schedules }) {
    const ref = { workspaceId: principal.workspaceId, id: params.id }
    changedSchedule(await schedules.delete(ref, (before) => staleness(before, ifMatch)), ref)
    return { status: 204 }
  },
})

export const scheduleRoutes = [
  createSchedule,
  listSchedules,
  getSchedule,
  updateSchedule,
  pauseSchedule,
  resumeSchedule,
  deleteSchedule,
]

/** Intervals count from here, and hints come to the second. */
const wholeSecond = (now: Date): string => new Date(Math.floor(now.getTime() / SECOND) * SECOND).toISOString()

const answerOf = (schedule: Schedule) =>
  ({ status: 200, etag: etagOf(schedule), body: scheduleView(schedule) }) as const

function edited(outcome: Edited): Schedule {
  if (outcome.ok) return outcome.schedule
  throw new Problem('validation_failed', 'See errors for what to change.', { errors: outcome.errors })
}

/** The one way of every change by people. */
async function change(
  services: SchedulesServices,
  ref: ScheduleRef,
  ifMatch: string | undefined,
  now: Date,
  edit: (before: Schedule) => Schedule,
) {
  const changed = await services.schedules.change<string>(ref, (before) => {
    const refusal = staleness(before, ifMatch)
    return refusal === undefined ? { schedule: edit(before) } : { refusal }
  })
  const { schedule } = changedSchedule(changed, ref)
  await hint(services, schedule, now)
  return answerOf(schedule)
}

/** Why `If-Match` does not hold. */
const staleness = (before: Schedule, ifMatch: string | undefined): string | undefined =>
  ifMatch === undefined || revisionOfEtag(ifMatch) === String(before.revision) ? undefined : etagOf(before)

/** What the store says of a change, as an answer. A refusal is the entity tag that holds now. */
export function changedSchedule(
  changed: Changed<string>,
  { id }: ScheduleRef,
): { readonly schedule: Schedule; readonly runs: readonly Run[] } {
  switch (changed.kind) {
    case 'done':
      return changed
    case 'unknown':
      throw unknownSchedule(id)
    case 'refused':
      throw new Problem('precondition_failed', `expected the current version ${changed.refusal}, got another`)
    case 'contended':
      throw new Problem('conflict', `expected nobody else to change ${id} at the same time, others did`)
  }
}

export async function found({ schedules }: Pick<SchedulesServices, 'schedules'>, ref: ScheduleRef): Promise<Schedule> {
  const schedule = await schedules.get(ref)
  if (schedule === undefined) throw unknownSchedule(ref.id)
  return schedule
}

const unknownSchedule = (id: string): Problem =>
  new Problem('not_found', `this workspace has no schedule ${id.slice(0, 40)}`)

/** A hint that is lost costs a minute: the tick finds what is due. */
const hint = ({ sendHints }: SchedulesServices, schedule: Schedule, now: Date): Promise<void> =>
  hintIfSoon(schedule, { sendHints, now: () => now }).catch(() => {})
