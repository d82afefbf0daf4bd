/** The schedules API as a whole. */
import type { ServiceDescription } from '#core/route.ts'
import { previewRoutes } from './editing/preview-route.ts'
import { scheduleRoutes } from './editing/schedule-routes.ts'
import { runRoutes } from './runs/run-routes.ts'
import examples from './schedule-examples.json' with { type: 'json' }
import type { SchedulesServices } from './schedules-services.ts'

export const schedulesApi: ServiceDescription<SchedulesServices> = {
  service: 'schedules',
  title: 'Schedules',
  description: 'Things that are done at certain times: by cron, at intervals or once, in a time zone, to the second.',
  routes: [...scheduleRoutes, ...runRoutes, ...previewRoutes],
  examples,
}
