/** What the routes of this service are given. Types only; `api.lambda.ts` makes it. */
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { SendHints } from './firing/hints.store.ts'
import type { RunsStore } from './runs/runs.store.ts'
import type { SchedulesStore } from './schedules.store.ts'

export interface SchedulesServices {
  readonly schedules: SchedulesStore
  readonly runs: RunsStore
  readonly sendHints: SendHints
  readonly ids: Ids
  readonly cursors: Cursors
  /** The version of the runtime's tz database. */
  readonly tzdata: string
}
