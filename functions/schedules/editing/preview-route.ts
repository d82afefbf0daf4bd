/** Times before anything is made of them. */
import { Problem } from '#core/problem.ts'
import { routeOf } from '#core/route.ts'
import type { SchedulesServices } from '../schedules-services.ts'
import { previewOf } from '../timing/preview.ts'
import { parseTiming, timingFault } from '../timing/timing.ts'
import { timingError } from './editing.ts'
import { previewBody, previewRequest } from './schedule-schemas.ts'

const route = routeOf<SchedulesServices>()

const previewSchedule = route({
  method: 'POST',
  path: '/api/schedules/preview',
  operationId: 'previewSchedule',
  summary: 'See the next times of an expression',
  description:
    'With every jump of the zone’s clocks on the way: which times it leaves out or repeats, and what the policy makes ' +
    'of them. Refuses what a schedule would be refused for.',
  permission: 'schedules:read',
  rateLimit: 'read',
  idempotent: false,
  body: previewRequest,
  answers: {
    200: {
      description: 'The next times; fewer than `count` when there are no more within 8 years.',
      body: previewBody,
    },
  },
  async handle({ body, now }, { tzdata }) {
    const from = body.from === undefined ? now : new Date(body.from)
    const { anchor = from.toISOString(), count, ...timing } = body
    const parsed = parseTiming({ ...timing, anchor })
    const fault = parsed.ok ? timingFault(parsed.timing, from.getTime()) : parsed.fault
    if (!parsed.ok || fault !== undefined)
      throw new Problem('validation_failed', 'See errors for what to change.', {
        errors: fault === undefined ? [] : [timingError(fault)],
      })
    const { items, transitions } = previewOf(parsed.timing, from.getTime(), count)
    return { status: 200, body: { items: [...items], transitions: [...transitions], dst: parsed.timing.dst, tzdata } }
  },
})

export const previewRoutes = [previewSchedule]
