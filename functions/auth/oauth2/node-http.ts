/**
 * Runs Node's `(request, response)` handlers on a Lambda event: the engine is written for servers. Scheme and host come
 * from the public origin of the deployment, never from what the caller sent.
 */
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { HttpRequest } from '#core/exchange.ts'

export interface NodeAnswer {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly multiValueHeaders: Readonly<Record<string, readonly string[]>>
  readonly body: string
  readonly isBase64Encoded: false
}

export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => unknown

/** `Host` and the forwarding headers are ours. */
const OURS = new Set([
  'host',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-for',
  'forwarded',
  'content-length',
  'transfer-encoding',
])

const arrivals = new WeakMap<IncomingMessage, Date>()

/** When API Gateway took the request, which may have waited for a place since. */
export const arrivalOf = (incoming: IncomingMessage): Date | undefined => arrivals.get(incoming)

/** Undefined for an event that does not say. */
export function gatewayTimeOf(event: unknown): Date | undefined {
  const { requestContext } = event as { readonly requestContext?: { readonly requestTimeEpoch?: unknown } }
  const time = requestContext?.requestTimeEpoch
  return typeof time === 'number' ? new Date(time) : undefined
}

export function incomingOf(request: HttpRequest, publicOrigin: string, arrivedAt?: Date): IncomingMessage {
  const origin = new URL(publicOrigin)
  const incoming = new IncomingMessage(new Socket())
  if (arrivedAt !== undefined) arrivals.set(incoming, arrivedAt)
  incoming.method = request.method
  const query = new URLSearchParams(
    Object.entries(request.query).flatMap(([name, values]) => values.map((value): [string, string] => [name, value])),
  ).toString()
  incoming.url = request.path + (query === '' ? '' : `?${query}`)
  for (const [name, value] of Object.entries(request.headers))
    if (value !== undefined && !OURS.has(name)) incoming.headers[name] = value as string & string[]
  incoming.headers.host = origin.host
  incoming.headers['x-forwarded-proto'] = origin.protocol.slice(0, -1)
  incoming.headers['x-forwarded-for'] = request.clientIp
  incoming.headers['content-length'] = String(request.body.byteLength)
  incoming.push(Buffer.from(request.body))
  incoming.push(null)
  return incoming
}

/** Resolves once the handler has ended its response. */
export function answerOf(incoming: IncomingMessage, handle: NodeHandler): Promise<NodeAnswer> {
  return new Promise((resolve, reject) => {
    const response = new ServerResponse(incoming)
    const chunks: Buffer[] = []
    const keep = (chunk: unknown) => {
      if (typeof chunk === 'string' || chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
    }
    response.write = ((chunk: unknown) => {
      keep(chunk)
      return true
    }) as typeof response.write
    response.end = ((chunk: unknown) => {
      keep(chunk)
      resolve(resultOf(response, Buffer.concat(chunks)))
      return response
    }) as typeof response.end
    Promise.resolve(handle(incoming, response)).catch(reject)
  })
}

function resultOf(response: ServerResponse, body: Buffer): NodeAnswer {
  const { 'set-cookie': cookies, ...headers } = response.getHeaders()
  return {
    statusCode: response.statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    multiValueHeaders: cookies === undefined ? {} : { 'set-cookie': [cookies].flat().map(String) },
    body: body.toString(),
    isBase64Encoded: false,
  }
}
