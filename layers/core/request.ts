/**
 * API Gateway's REST proxy event (payload 1.0) and the function URL's event (payload 2.0) as one `HttpRequest`.
 * Formats: https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 * and https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html. Never validates: bad input is a later step's
 * refusal. It only throws for an event that is no HTTP event at all.
 */
import type { HttpRequest } from './exchange.ts'

type Values = Readonly<Record<string, string | undefined>> | null | undefined
type MultiValues = Readonly<Record<string, readonly string[] | undefined>> | null | undefined

/** The parts of payload 1.0 that we read. */
export interface RestEvent {
  readonly httpMethod: string
  readonly path: string
  readonly headers?: Values
  readonly multiValueHeaders?: MultiValues
  readonly queryStringParameters?: Values
  readonly multiValueQueryStringParameters?: MultiValues
  readonly body?: string | null
  readonly isBase64Encoded?: boolean
  readonly requestContext?: { readonly identity?: { readonly sourceIp?: string | null } | null }
}

/** The parts of payload 2.0 that we read. */
export interface UrlEvent {
  readonly version: '2.0'
  readonly rawPath: string
  readonly rawQueryString?: string
  readonly headers?: Values
  readonly cookies?: readonly string[]
  readonly body?: string | null
  readonly isBase64Encoded?: boolean
  readonly requestContext: { readonly http: { readonly method: string; readonly sourceIp?: string } }
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

const isRestEvent = (event: unknown): event is RestEvent =>
  isObject(event) && typeof event['httpMethod'] === 'string' && typeof event['path'] === 'string'

const isUrlEvent = (event: unknown): event is UrlEvent =>
  isObject(event) && event['version'] === '2.0' && typeof event['rawPath'] === 'string'

/** Throws an error that names what came, for an event of another kind. */
export function httpRequestOf(event: unknown): HttpRequest {
  if (isUrlEvent(event)) return fromUrl(event)
  if (isRestEvent(event)) return fromRest(event)
  const came = isObject(event) ? `an object with ${Object.keys(event).join(', ') || 'no fields'}` : typeof event
  throw new TypeError(`expected an API Gateway REST event or a function URL event, got ${came}`)
}

function fromRest(event: RestEvent): HttpRequest {
  const headers = {
    ...lowerCased(event.headers ?? {}),
    ...lowerCased(joined(event.multiValueHeaders)),
  }
  return {
    method: event.httpMethod.toUpperCase(),
    path: event.path,
    headers,
    query: restQuery(event),
    body: bytesOf(event),
    clientIp: clientIp(headers, event.requestContext?.identity?.sourceIp),
  }
}

function fromUrl(event: UrlEvent): HttpRequest {
  // Function URLs take cookies out of the headers.
  const cookie = event.cookies === undefined ? {} : { cookie: event.cookies.join('; ') }
  const headers = { ...lowerCased(event.headers ?? {}), ...cookie }
  return {
    method: event.requestContext.http.method.toUpperCase(),
    path: event.rawPath,
    headers,
    query: grouped(new URLSearchParams(event.rawQueryString ?? '')),
    body: bytesOf(event),
    clientIp: clientIp(headers, event.requestContext.http.sourceIp),
  }
}

function lowerCased(headers: NonNullable<Values>): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

/** By a comma (RFC 9110 §5.2); cookies, which HTTP/2 may split, by a semicolon (RFC 9113 §8.2.3). */
function joined(headers: MultiValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers ?? {}).map(([name, values]) => [
      name,
      (values ?? []).join(name.toLowerCase() === 'cookie' ? '; ' : ', '),
    ]),
  )
}

/** The multi-value form has every value; a hand-made event may carry only the single-value form. */
function restQuery(event: RestEvent): Record<string, readonly string[]> {
  const multi = Object.entries(event.multiValueQueryStringParameters ?? {})
  if (multi.length > 0) return Object.fromEntries(multi.map(([name, values]) => [name, values ?? []]))
  const single = Object.entries(event.queryStringParameters ?? {})
  return Object.fromEntries(single.map(([name, value]) => [name, value === undefined ? [] : [value]]))
}

function grouped(parameters: URLSearchParams): Record<string, readonly string[]> {
  return Object.fromEntries([...new Set(parameters.keys())].map((name) => [name, parameters.getAll(name)]))
}

function bytesOf(event: { readonly body?: string | null; readonly isBase64Encoded?: boolean }): Uint8Array {
  return Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8')
}

/**
 * `CloudFront-Viewer-Address` is `<ip>:<port>`, an IPv6 address without brackets. A caller that goes around CloudFront
 * can forge it, so it only ever decides how soon failed sign-ins are slowed down.
 */
function clientIp(headers: Readonly<Record<string, string | undefined>>, source: string | null | undefined): string {
  const viewer = headers['cloudfront-viewer-address']
  const colon = viewer?.lastIndexOf(':') ?? -1
  return (colon > 0 ? viewer?.slice(0, colon) : undefined) ?? source ?? 'unknown'
}
