/** A schedule's runs: those that were, and one by hand. */
import { answerPage } from '#core/pagination.ts'
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import { formatTraceparent } from '#core/trace.ts'
import { changedSchedule, found } from '../editing/schedule-routes.ts'
import { listQuery, scheduleParams } from '../editing/schedule-schemas.ts'
import { trigger } from '../firing/firing.ts'
import type { SchedulesServices } from '../schedules-services.ts'
import { runBody, runListBody } from './run-schemas.ts'
import { runView } from './run-view.ts'

const route = routeOf<SchedulesServices>()

const PATH = '/api/schedules/schedules/{id}'

const triggerSchedule = route({
  method: 'POST',
  path: `${PATH}/trigger`,
  operationId: 'triggerSchedule',
  summary: 'Run a schedule now',
  description: 'Once, beside its own times, which stay as they are. A paused or ended one runs too.',
  permission: 'schedules:write',
  params: scheduleParams,
  answers: { 202: { description: 'The run, on its way.', body: runBody } },
  problems: ['not_found', 'conflict'],
  async handle({ params, principal, requestId, trace, now }, { schedules, tzdata }) {
    const ref = { workspaceId: principal.workspaceId, id: params.id }
    const request = { id: requestId, traceparent: formatTraceparent(trace) }
    const changed = await schedules.change<never>(ref, (before) => {
      const { schedule, run } = trigger(before, request, now, tzdata)
      return { schedule, runs: [run] }
    })
    const { runs } = changedSchedule(changed, ref)
    const [run] = runs
    if (run === undefined) throw new Problem('conflict', 'expected a new run, got one that this request made before')
    return { status: 202, body: runView(run) }
  },
})

const listRuns = route({
  method: 'GET',
  path: `${PATH}/runs`,
  operationId: 'listScheduleRuns',
  summary: 'List the runs of a schedule',
  description: 'The latest time first, of the last 90 days.',
  permission: 'schedules:read',
  params: scheduleParams,
  query: listQuery,
  answers: { 200: { description: 'A page of runs.', body: runListBody } },
  problems: ['not_found', 'invalid_cursor'],
  async handle({ params, query, principal }, services) {
    const schedule = await found(services, { workspaceId: principal.workspaceId, id: params.id })
    const { runs, cursors } = services
    const scope = ['listScheduleRuns', schedule.id]
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { runs: found, next } = await runs.list(schedule.id, limit, after)
      return { items: found.map(runView), next }
    })
    return { status: 200, body }
  },
})

export const runRoutes = [triggerSchedule, listRuns]
