/** What the tests of the edge share: real servers on the loopback interface, and a client that hides nothing. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Edge, type Origin, serveEdge } from '../../../../local/edge/edge.ts'

type Handler = (incoming: IncomingMessage, response: ServerResponse) => void

const closers: (() => Promise<unknown>)[] = []

/** Closes every edge and origin of the test that ends; call it in `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const close of closers.splice(0)) await close()
}

/** An edge made otherwise than by `edgeTo`, to be closed too. */
export const closeLater = (edge: Edge): void => void closers.push(() => edge.close())

/** An HTTP server on a free port that answers as the test says. */
export async function originServer(handler: Handler): Promise<number> {
  const server = createServer(handler)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closers.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** An edge that sends everything to this port. */
export async function edgeTo(port: number, overrides: Partial<Origin> = {}, originTimeoutMs = 2_000): Promise<Edge> {
  const origin: Origin = {
    hostname: '127.0.0.1',
    port,
    pathPrefix: '',
    host: 'origin.example',
    methods: 'all',
    allowedHeaders: undefined,
    ...overrides,
  }
  const edge = await serveEdge({ port: 0, originTimeoutMs, resolve: () => origin })
  closers.push(() => edge.close())
  return edge
}

export interface Answer {
  readonly status: number
  readonly message: string
  readonly raw: readonly string[]
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

/** One request on a connection of its own, with exactly these headers. */
export function call(
  edge: Edge,
  path: string,
  { method = 'GET', headers = [], body }: { method?: string; headers?: string[]; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const all = ['Host', `localhost:${edge.port}`, ...headers]
    const outgoing = request({ host: '127.0.0.1', port: edge.port, method, path, headers: all, agent: false })
    outgoing.on('error', reject)
    outgoing.on('response', (response) => {
      response.toArray().then((chunks) => {
        resolve({
          status: response.statusCode ?? 0,
          message: response.statusMessage ?? '',
          raw: response.rawHeaders,
          headers: response.headers,
          body: Buffer.concat(chunks as Buffer[]).toString(),
        })
      }, reject)
    })
    outgoing.end(body)
  })
}
