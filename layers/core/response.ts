/** An answer with the headers that every answer has, in the form that both payload versions of Lambda accept. Pure. */
import { corsHeaders } from './cors.ts'
import type { Exchange, HttpAnswer } from './exchange.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { formatTraceparent } from './trace.ts'

export interface LambdaHttpResult {
  readonly statusCode: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly isBase64Encoded: false
  /** Several `Set-Cookie` headers. Payload 1.0 only: pages with cookies stand behind REST APIs. */
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>
}

/** The answer's own headers win, `Vary` is joined; HEAD gets those of GET without the body (RFC 9110 §9.3.2). */
export function finished(
  exchange: Pick<Exchange, 'request' | 'requestId' | 'trace' | 'headers'>,
  answer: HttpAnswer,
  origins: readonly string[],
): LambdaHttpResult {
  const cors = corsHeaders(exchange.request, origins)
  const vary = [cors['vary'], answer.headers['vary']].filter((value) => value !== undefined)
  return {
    statusCode: answer.status,
    headers: {
      ...SECURITY_HEADERS,
      ...cors,
      'x-request-id': exchange.requestId,
      traceparent: formatTraceparent(exchange.trace),
      ...exchange.headers,
      ...answer.headers,
      vary: vary.join(', '),
    },
    body: exchange.request.method === 'HEAD' ? '' : (answer.body ?? ''),
    isBase64Encoded: false,
    ...(answer.cookies !== undefined &&
      answer.cookies.length > 0 && { multiValueHeaders: { 'set-cookie': answer.cookies } }),
  }
}
