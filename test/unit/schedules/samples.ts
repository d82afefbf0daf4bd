/** A schedule as tests need it, and stand-ins for the queue and the stores that remember what they got. */
import type { Hint } from '../../../functions/schedules/firing/hint.ts'
import { DEFAULT_CATCH_UP, type Schedule } from '../../../functions/schedules/schedule.ts'

export const ID = 'sch_01KAK2V5B8Y3QK4M6T9X0ZCEGH'
export const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

/** Every ten minutes of 2026-11-21, due at 10:00. */
export const schedule = (over: Partial<Schedule> = {}): Schedule => ({
  id: ID,
  workspaceId: 'wsp_1',
  name: 'report',
  expression: '*/10 * * * *',
  timeZone: 'UTC',
  anchor: '2026-11-21T09:00:00.000Z',
  catchUp: DEFAULT_CATCH_UP,
  target: { type: 'event', data: {} },
  status: 'active',
  revision: 1,
  version: 1,
  nextAt: '2026-11-21T10:00:00.000Z',
  missed: 0,
  createdAt: '2026-11-21T09:00:00.000Z',
  updatedAt: '2026-11-21T09:00:00.000Z',
  createdBy: 'key_1',
  traceparent: TRACE,
  ...over,
})

export const hint = (over: Partial<Hint> = {}): Hint => ({
  workspaceId: 'wsp_1',
  scheduleId: ID,
  revision: 1,
  nominalAt: '2026-11-21T10:00:00.000Z',
  dispatchedAt: '2026-11-21T09:59:30.000Z',
  ...over,
})

export const at = (time: string): Date => new Date(`2026-11-21T${time}Z`)
