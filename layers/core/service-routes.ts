/** Routes that every service has, and a table whose routes have their services. */
import * as z from 'zod'
import { openApiDocument } from './openapi.ts'
import { type Route, routeOf, type ServiceDescription } from './route.ts'
import type { AnyRoute } from './router.ts'
import { VERSION } from './version.ts'

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
        description: 'The function runs.',
        body: z.object({ status: z.literal('ok'), service: z.string() }),
      },
    },
    async handle() {
      return { status: 200, body: { status: 'ok', service } } as const
    },
  })

/** The document is made on the first request, from the table that answers it. */
function openApi<Services>(description: ServiceDescription<Services>, serverUrl: string): Route<undefined> {
  const { service, title } = description
  let document: Readonly<Record<string, unknown>> | undefined
  const route: Route<undefined> = routeOf<undefined>()({
    method: 'GET',
    path: `/api/${service}/openapi.json`,
    operationId: `${service}OpenApi`,
    summary: 'Read the description of this service',
    description: 'An OpenAPI 3.1 document of this service alone.',
    permission: 'public',
    answers: {
      200: {
        description: 'The document.',
        body: z.looseObject({ openapi: z.string() }),
      },
    },
    async handle() {
      document ??= {
        ...openApiDocument([{ ...description, routes: [...description.routes, health(service), route] }], {
          title: `Backlot ${title}`,
          description: description.description,
          version: VERSION,
          serverUrl,
        }),
      }
      return { status: 200, body: document as { openapi: string }, headers: { 'cache-control': 'no-cache' } } as const
    },
  })
  return route
}

/** `/api/<service>/health` and `/api/<service>/openapi.json`. `serverUrl` is the origin in the document. */
export const serviceRoutes = <Services>(
  description: ServiceDescription<Services>,
  serverUrl = '/',
): readonly AnyRoute[] => bindRoutes([health(description.service), openApi(description, serverUrl)], undefined)
