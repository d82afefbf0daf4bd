/** Turns the edge's table into addresses on a LocalStack, with the outputs of the deployed stacks. Pure. */
import { type EdgeRoute, edgeRouteFor, REDIRECT_HEADERS } from '../../infra/edge.ts'
import type { Outputs } from '../outputs.ts'
import type { Origin } from './edge.ts'

const API_STAGE = 'live'

/** The origin of a path; undefined while its stack is not deployed. */
export function originOf(path: string, { endpoint, stacks }: Pick<Outputs, 'endpoint' | 'stacks'>): Origin | undefined {
  const route: EdgeRoute = edgeRouteFor(path)
  const { origin, methods, headers } = route
  const value = stacks[origin.stack]?.[origin.output]
  if (!value) return undefined
  const { hostname, port, host } = new URL(endpoint)
  const address = { hostname, port: Number(port || 80), methods }
  const allowedHeaders = headers === 'redirect' ? REDIRECT_HEADERS : undefined
  switch (origin.kind) {
    case 'api':
      return { ...address, allowedHeaders, host, pathPrefix: `/_aws/execute-api/${value}/${API_STAGE}` }
    case 'functionUrl':
      // LocalStack knows a function URL by its host name alone.
      return { ...address, allowedHeaders, host: new URL(value).host, pathPrefix: '' }
  }
}
