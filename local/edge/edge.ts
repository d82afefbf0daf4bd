/**
 * The local stand-in of CloudFront: a reverse proxy on the loopback interface over the paths of `infra/edge.ts`.
 * Streams bodies in both directions and changes nothing but the headers that `edge-headers.ts` names.
 */
import { randomUUID } from 'node:crypto'
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { endToEnd, originHeaders } from './edge-headers.ts'

/** Where a request goes, and what of it. */
export interface Origin {
  readonly hostname: string
  readonly port: number
  /** Put before the viewer's path: `/_aws/execute-api/<id>/live`. */
  readonly pathPrefix: string
  /** The `Host` that the origin routes by. */
  readonly host: string
  readonly methods: 'all' | 'getAndHead'
  /** Names of the viewer's headers that are sent on; undefined for all. */
  readonly allowedHeaders: readonly string[] | undefined
}

export interface EdgeOptions {
  /** 0 for any free port. */
  readonly port: number
  /** The origin of a path; undefined while there is none, because the cloud is being set up or reset. */
  readonly resolve: (path: string) => Origin | undefined
  /** Default 30 s, CloudFront's origin response timeout. */
  readonly originTimeoutMs?: number
}

export interface Edge {
  /** `http://localhost:<port>` */
  readonly url: string
  readonly port: number
  close(): Promise<void>
}

/** https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesOrigin.html#DownloadDistValuesOriginResponseTimeout */
const ORIGIN_TIMEOUT_MS = 30_000
/** LocalStack's server closes idle connections on its own; ours go first, so that no request meets a closing one. */
const IDLE_SOCKET_MS = 4_000
/** Longer than clients keep an idle connection: they close first, so that none of their requests meets a closing one. */
const KEPT_MS = 65_000
const LOOPBACK = ['127.0.0.1', '::1']
/** What LocalStack answers itself on every host name; on AWS there is nothing behind these paths. */
const EMULATOR_PATHS = /^\/+_(localstack|aws|extension)(\/|$)/
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS'])

const PROBLEMS = {
  bad_request_target: { status: 400, title: 'The request target is not a path' },
  not_found: { status: 404, title: 'There is no such path' },
  method_not_allowed: { status: 405, title: 'The path does not have this method' },
  origin_unreachable: { status: 502, title: 'The origin did not answer' },
  origin_not_ready: { status: 503, title: 'The local cloud is being set up' },
  origin_timeout: { status: 504, title: 'The origin took too long' },
} as const

function answerProblem(response: ServerResponse, code: keyof typeof PROBLEMS, detail: string): void {
  if (response.headersSent) {
    // Half an answer is out: cutting the connection is the only honest end.
    response.destroy()
    return
  }
  const { status, title } = PROBLEMS[code]
  const body = JSON.stringify({ type: 'about:blank', title, status, detail, code, instance: randomUUID() })
  response.writeHead(status, {
    'Content-Type': 'application/problem+json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...(status === 503 && { 'Retry-After': '1' }),
    ...(status === 405 && { Allow: 'GET, HEAD' }),
  })
  response.end(body)
}

/** The path and query of a request target, byte for byte; undefined for anything but origin form and absolute form. */
export function targetOf(url: string): { readonly path: string; readonly query: string } | undefined {
  const target = url.replace(/^https?:\/\/[^/?#]*/i, '')
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  if (!path.startsWith('/')) return undefined
  // Dot segments (RFC 3986 §3.3) would climb out of the origin's prefix; clients resolve them before they send.
  if (/(^|\/)(\.|%2e){1,2}(\/|$)/i.test(path)) return undefined
  return { path, query: at < 0 ? '' : target.slice(at) }
}

export async function serveEdge(options: EdgeOptions): Promise<Edge> {
  const agent = new Agent({ keepAlive: true, timeout: IDLE_SOCKET_MS })
  const timeoutMs = options.originTimeoutMs ?? ORIGIN_TIMEOUT_MS
  const handle = (incoming: IncomingMessage, response: ServerResponse) => {
    const target = targetOf(incoming.url ?? '')
    if (!target)
      return answerProblem(
        response,
        'bad_request_target',
        `expected an absolute path without dot segments, got ${incoming.url}`,
      )
    if (EMULATOR_PATHS.test(target.path))
      return answerProblem(response, 'not_found', `${target.path} is not part of the public site`)
    const origin = options.resolve(target.path)
    if (!origin)
      return answerProblem(response, 'origin_not_ready', 'Try again in a moment; `npm run status` says more.')
    if (origin.methods === 'getAndHead' && incoming.method !== 'GET' && incoming.method !== 'HEAD')
      return answerProblem(response, 'method_not_allowed', `expected GET or HEAD, got ${incoming.method}`)
    forward(
      { incoming, response, origin, agent, timeoutMs, path: origin.pathPrefix + target.path + target.query },
      true,
    )
  }
  const { servers, port } = await listenOnLoopback(options.port, handle)
  return {
    url: `http://localhost:${port}`,
    port,
    async close() {
      agent.destroy()
      await Promise.all(servers.map(closeServer))
    },
  }
}

interface Exchange {
  readonly incoming: IncomingMessage
  readonly response: ServerResponse
  readonly origin: Origin
  readonly agent: Agent
  readonly timeoutMs: number
  readonly path: string
}

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || (headers['content-length'] ?? '0') !== '0'

function forward(exchange: Exchange, mayRetry: boolean): void {
  const { incoming, response, origin, agent } = exchange
  const { remoteAddress = '127.0.0.1', remotePort = 0 } = incoming.socket
  const viewer = { address: remoteAddress, port: remotePort, httpVersion: incoming.httpVersion }
  const outgoing = request({
    agent,
    hostname: origin.hostname,
    port: origin.port,
    method: incoming.method ?? 'GET',
    path: exchange.path,
    headers: originHeaders(incoming.rawHeaders, origin.host, viewer, origin.allowedHeaders),
  })
  outgoing.setTimeout(exchange.timeoutMs, () => {
    answerProblem(response, 'origin_timeout', `no answer within ${exchange.timeoutMs / 1_000} s`)
    outgoing.destroy()
  })
  outgoing.on('response', (answer) => relay(answer, response))
  outgoing.on('error', (error: NodeJS.ErrnoException) => {
    if (response.writableEnded || response.destroyed) return
    // A kept connection that the origin closed just now: nothing was handled, so a safe request may go again.
    const stale = outgoing.reusedSocket && error.code === 'ECONNRESET' && !response.headersSent
    if (mayRetry && stale && SAFE_METHODS.has(incoming.method ?? '') && !hasBody(incoming))
      return forward(exchange, false)
    answerProblem(response, 'origin_unreachable', `${error.code ?? error.name} from ${origin.hostname}:${origin.port}`)
  })
  // The viewer went away: nobody waits for the origin any more.
  response.on('close', () => {
    if (!response.writableFinished) outgoing.destroy()
  })
  if (hasBody(incoming)) incoming.pipe(outgoing)
  else outgoing.end()
}

/** Status, headers with their duplicates, and body as they come. Node drops the body for HEAD, 204 and 304. */
function relay(answer: IncomingMessage, response: ServerResponse): void {
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage, endToEnd(answer.rawHeaders))
  answer.on('error', () => response.destroy())
  answer.pipe(response)
}

/** IPv4 always; IPv6 where the machine has it, because `localhost` may mean either. */
async function listenOnLoopback(
  port: number,
  handle: (incoming: IncomingMessage, response: ServerResponse) => void,
): Promise<{ readonly servers: readonly Server[]; readonly port: number }> {
  const [v4 = '', v6 = ''] = LOOPBACK
  const first = await listen(createServer({ keepAliveTimeout: KEPT_MS }, handle), port, v4)
  const chosen = (first.address() as AddressInfo).port
  const second = await listen(createServer({ keepAliveTimeout: KEPT_MS }, handle), chosen, v6).catch(
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT') return undefined
      first.close()
      throw error
    },
  )
  return { servers: second ? [first, second] : [first], port: chosen }
}

const listen = (server: Server, port: number, host: string): Promise<Server> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ port, host }, () => {
      server.off('error', reject)
      resolve(server)
    })
  })

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
