/** Routes that every service has, and a table whose routes have their services. */
import * as z from 'zod'
import { type Route, routeOf, type ServiceDescription } from './route.ts'
import type { AnyRoute } from './router.ts'

/** So that tables of different services have one type. */
export const bindRoutes = <Services>(routes: readonly Route<Services>[], services: Services): readonly AnyRoute[] =>
  routes.map((route) => ({ ...route, handle: (request) => route.handle(request, services) }))

/** Public: load balancers and people ask it. It says that the function runs, nothing about what it depends on. */
const health = (service: string): Route<undefined> =>
  routeOf<undefined>()({
    method: 'GET',
    path: `/api/${service}/health`,
    operationId: `${service}Health`,
    summary: 'Whether the service runs',
    permission: 'public',
    answers: {
      200: {
        description: 'The function runs',
        body: z.object({ status: z.literal('ok'), service: z.string() }),
      },
    },
    async handle() {
      return { status: 200, body: { status: 'ok', service } } as const
    },
  })

/** `/api/<service>/health`. */
export const serviceRoutes = <Services>({ service }: ServiceDescription<Services>): readonly AnyRoute[] =>
  bindRoutes([health(service)], undefined)
