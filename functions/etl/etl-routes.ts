/** The routes of the ETL API. */
import type { ServiceDescription } from '#core/route.ts'
import { datasetRoutes } from './catalog/dataset-routes.ts'
import examples from './etl-examples.json' with { type: 'json' }
import { queryRoutes } from './query/query-routes.ts'
import { runRoutes } from './runs/run-routes.ts'
import { uploadRoutes } from './runs/upload-routes.ts'
import type { EtlServices } from './services.ts'

export const etlApi: ServiceDescription<EtlServices> = {
  service: 'etl',
  title: 'ETL',
  description: 'Files to a lake that answers SQL: declare what they look like, land them, ask.',
  routes: [...datasetRoutes, ...uploadRoutes, ...runRoutes, ...queryRoutes],
  examples,
}
