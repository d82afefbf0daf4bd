/**
 * What the redirect needs of a request, from either kind of event: API Gateway's REST proxy (payload 1.0) or a
 * function URL (payload 2.0). Pure.
 */
import type { Headers } from '../clicks/click.ts'

/** API Gateway REST, https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html */
export interface RestEvent {
  readonly httpMethod: string
  readonly path: string
  readonly headers: Readonly<Record<string, string | undefined>> | null
}

/** Function URL, https://docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html */
export interface UrlEvent {
  readonly version: '2.0'
  readonly rawPath: string
  readonly requestContext: { readonly http: { readonly method: string } }
  readonly headers?: Readonly<Record<string, string | undefined>>
}

export interface RedirectRequest {
  readonly method: string
  /** As sent; percent-encoding may or may not have been decoded, which slugs can't tell apart. */
  readonly path: string
  readonly headers: Headers
}

export function parseRequest(event: RestEvent | UrlEvent): RedirectRequest {
  if ('httpMethod' in event)
    return { method: event.httpMethod, path: event.path, headers: lowerCased(event.headers ?? {}) }
  return { method: event.requestContext.http.method, path: event.rawPath, headers: event.headers ?? {} }
}

/** REST events keep the sender's spelling; function URLs send lower case. */
function lowerCased(headers: Readonly<Record<string, string | undefined>>): Headers {
  const lower: Record<string, string | undefined> = {}
  for (const name in headers) lower[name.toLowerCase()] = headers[name]
  return lower
}

/** True when the caller would rather have a page than a problem document; any type at all, as curl sends, is no wish for a page. */
export function prefersHtml(accept: string | undefined): boolean {
  if (accept === undefined) return false
  const html = quality(accept, 'text/html')
  return html > 0 && html >= Math.max(quality(accept, 'application/json'), quality(accept, 'application/problem+json'))
}

/** RFC 9110 §12.5.1: the weight of an explicitly named media type, 0 when it is not named. */
function quality(accept: string, mediaType: string): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [type, ...parameters] = range.split(';')
    if (type?.trim() !== mediaType) continue
    const weight = parameters.map((parameter) => /^\s*q=([\d.]+)\s*$/.exec(parameter)?.[1]).find(Boolean)
    return weight === undefined ? 1 : Number(weight)
  }
  return 0
}
