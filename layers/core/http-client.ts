/**
 * The one client for URLs that users chose (DESIGN §9). A pipeline, for the URL and again for every redirect:
 * 1. parse and judge the URL (`http-target.ts`)
 * 2. resolve, judge every address, connect to what was judged (`http-connection.ts`)
 * 3. read at most `maxBytes` of the answer, within one time limit for everything
 * A refusal, a failure and an answer are different things to the caller: only a failure is worth another try.
 */
import { SECOND } from './clock.ts'
import type { AddressPolicy } from './http-address.ts'
import { createExchange, type Exchange, type HopAnswer, type Resolve } from './http-connection.ts'
import { checkTarget, type TargetRefusal } from './http-target.ts'

export interface HttpCall {
  readonly method: string
  readonly url: string
  /** Names in any case. Those that belong to the connection are refused with `header_forbidden`. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** For everything, redirects included. @default 10 seconds */
  readonly timeoutMs?: number
  /** Of the answer's body. @default 64 KiB */
  readonly maxBytes?: number
  /** How many are followed. @default 0: a redirect is the answer */
  readonly maxRedirects?: number
  readonly signal?: AbortSignal
}

export type HttpOutcome =
  | ({ readonly kind: 'answered'; readonly url: string } & HopAnswer)
  /** Would be refused again. `detail` is safe to show to whoever chose the URL. */
  | { readonly kind: 'refused'; readonly code: TargetRefusal | 'header_forbidden'; readonly detail: string }
  /** `code`: `timeout`, `aborted`, `too_many_redirects`, or Node's code such as `ECONNREFUSED`. */
  | { readonly kind: 'failed'; readonly code: string; readonly detail: string }

export interface HttpClient {
  /** Never rejects. */
  send(call: HttpCall): Promise<HttpOutcome>
}

export interface HttpClientOptions extends AddressPolicy {
  /** Sent unless the call has its own. */
  readonly userAgent: string
  readonly resolve?: Resolve
}

const DEFAULT_TIMEOUT_MS = 10 * SECOND
const DEFAULT_MAX_BYTES = 64 * 1024

/** Of the connection, not of the message (RFC 9110 §7.6.1); `host` would lead past a proxy's own checks. */
const FORBIDDEN_HEADERS: ReadonlySet<string> = new Set([
  ...['connection', 'content-length', 'expect', 'host', 'http2-settings', 'keep-alive', 'proxy-authorization'],
  ...['proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'],
])
/** Secrets that were meant for the first origin (https://fetch.spec.whatwg.org/#http-redirect-fetch). */
const SECRET_HEADERS: ReadonlySet<string> = new Set(['authorization', 'cookie', 'idempotency-key'])
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

export function createHttpClient({ userAgent, resolve, ...policy }: HttpClientOptions): HttpClient {
  const exchange = createExchange(policy, resolve)
  return {
    async send(call) {
      const headers = lowerCased(call.headers ?? {})
      const forbidden = Object.keys(headers).find((name) => FORBIDDEN_HEADERS.has(name))
      if (forbidden !== undefined)
        return {
          kind: 'refused',
          code: 'header_forbidden',
          detail: `expected no header ${forbidden}: the client sets it`,
        }
      const timeout = AbortSignal.timeout(call.timeoutMs ?? DEFAULT_TIMEOUT_MS)
      const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal])
      const standard = { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity' }
      try {
        return await follow({ ...call, headers: { ...standard, ...headers } }, signal, policy, exchange)
      } catch (error) {
        return failure(error, timeout, call.signal)
      }
    },
  }
}

type OpenCall = HttpCall & { readonly headers: Readonly<Record<string, string>> }

async function follow(
  first: OpenCall,
  signal: AbortSignal,
  policy: AddressPolicy,
  exchange: Exchange,
): Promise<HttpOutcome> {
  let call = first
  for (let redirects = 0; ; redirects += 1) {
    const target = checkTarget(call.url, policy)
    if (!target.ok) return { kind: 'refused', code: target.code, detail: target.detail }
    const { url } = target
    const body = typeof call.body === 'string' ? Buffer.from(call.body) : call.body
    const maxBytes = call.maxBytes ?? DEFAULT_MAX_BYTES
    const answer = await exchange({ method: call.method, url, headers: call.headers, body, signal, maxBytes })
    const next = redirectOf(call, url, answer)
    const allowed = first.maxRedirects ?? 0
    if (next === undefined || allowed === 0) return { kind: 'answered', url: url.href, ...answer }
    if (redirects >= allowed)
      return { kind: 'failed', code: 'too_many_redirects', detail: `expected at most ${allowed} redirects, got more` }
    call = next
  }
}

/** The call that a redirect asks for (RFC 9110 §15.4), without what was meant for the first origin only. */
function redirectOf(call: OpenCall, from: URL, { status, headers }: HopAnswer): OpenCall | undefined {
  const { location } = headers
  if (!REDIRECTS.has(status) || location === undefined) return undefined
  const to = URL.parse(location, from.href)
  const sameOrigin = to !== null && to.origin === from.origin
  const toGet = status === 303 ? call.method !== 'HEAD' : status <= 302 && call.method === 'POST'
  const kept = Object.entries(call.headers).filter(
    ([name]) => (sameOrigin || !SECRET_HEADERS.has(name)) && !(toGet && name.startsWith('content-')),
  )
  const { body: _, ...rest } = call
  const next = { ...rest, url: to?.href ?? location, headers: Object.fromEntries(kept) }
  return toGet ? { ...next, method: 'GET' } : { ...next, ...(call.body !== undefined && { body: call.body }) }
}

function failure(error: unknown, timeout: AbortSignal, cancel: AbortSignal | undefined): HttpOutcome {
  if (cancel?.aborted) return { kind: 'failed', code: 'aborted', detail: 'the request was given up' }
  if (timeout.aborted) return { kind: 'failed', code: 'timeout', detail: 'expected an answer in time, got none' }
  const { code = 'unknown', message } = error as NodeJS.ErrnoException
  if (code === 'url_address') return { kind: 'refused', code, detail: message }
  // Node's message may hold the address that a name resolved to.
  return { kind: 'failed', code, detail: `the connection failed: ${code}` }
}

const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
