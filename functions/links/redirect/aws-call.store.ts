/**
 * One signed call of an AWS JSON API over a kept-alive connection. For the redirect only: the SDK's DynamoDB client
 * alone takes three times the redirect's whole cold-start budget to load.
 */
import type { ClientRequest, Agent as HttpAgent, RequestOptions } from 'node:http'
import { type Clock, SECOND } from '#core/clock.ts'
import { type Credentials, createSigner } from './aws-signature.ts'

export interface AwsCallOptions {
  readonly service: 'dynamodb' | 'sqs'
  /** Origin, such as `https://dynamodb.eu-west-1.amazonaws.com`. */
  readonly endpoint: string
  readonly region: string
  readonly credentials: Credentials
  readonly clock: Clock
  readonly transport: Transport
}

/** `node:http` or `node:https`. */
export interface Transport {
  readonly Agent: new (options: { keepAlive: boolean; maxSockets: number }) => HttpAgent
  request(options: RequestOptions, answered: (answer: import('node:http').IncomingMessage) => void): ClientRequest
}

/**
 * @param target the operation, such as `DynamoDB_20120810.GetItem`
 * @returns the answer's body; rejects with `AwsCallError`
 */
export type AwsCall = (target: string, body: string) => Promise<string>

export class AwsCallError extends Error {
  override readonly name = 'AwsCallError'
  /** `unavailable`: throttled, failing or unreachable, worth another try. `refused`: our mistake, will fail again. */
  readonly kind: 'unavailable' | 'refused'
  /** AWS's error name (`ThrottlingException`) or the system's (`ECONNREFUSED`). */
  readonly code: string

  constructor(kind: AwsCallError['kind'], code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.kind = kind
    this.code = code
  }
}

/** DynamoDB answers in a few milliseconds; a visitor should not wait longer than this for a try. */
const TIMEOUT_MS = SECOND
/** The second try is for connections that were closed while the environment was frozen, and for single hiccups. */
const TRIES = 2
/** One invocation at a time, and the click of the previous one. */
const MAX_SOCKETS = 4

const THROTTLED = /Throttl|ProvisionedThroughputExceeded|RequestLimitExceeded|TooManyRequests|SlowDown|LimitExceeded/

export function createAwsCall(options: AwsCallOptions): AwsCall {
  const { hostname, port, host } = new URL(options.endpoint)
  const agent = new options.transport.Agent({ keepAlive: true, maxSockets: MAX_SOCKETS })
  const address = {
    agent,
    hostname: hostname.replace(/^\[|\]$/g, ''),
    timeout: TIMEOUT_MS,
    ...(port !== '' && { port }),
  }
  const sign = createSigner({ ...options, host })
  const once = (target: string, body: string) =>
    send(
      options.transport,
      { ...address, method: 'POST', path: '/', headers: sign(target, body, options.clock.now()) },
      body,
    )
  return async (target, body) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await once(target, body)
      } catch (error) {
        if (tries >= TRIES || !(error instanceof AwsCallError) || error.kind === 'refused') throw error
        // Whatever broke one idle connection broke the others too.
        if (!error.code.endsWith('Exception')) agent.destroy()
      }
    }
  }
}

function send(transport: Transport, options: RequestOptions, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const unreachable = (error: NodeJS.ErrnoException) =>
      reject(new AwsCallError('unavailable', error.code ?? 'UNKNOWN', error.message, { cause: error }))
    const sent = transport.request(options, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('error', unreachable)
      answer.on('end', () => {
        const status = answer.statusCode ?? 0
        if (status === 200) resolve(text)
        else reject(errorOf(status, text))
      })
    })
    sent.on('error', unreachable)
    sent.on('timeout', () => {
      sent.destroy(
        Object.assign(new Error(`expected an answer within ${TIMEOUT_MS} ms, got none`), { code: 'ETIMEDOUT' }),
      )
    })
    sent.end(body)
  })
}

/** AWS JSON protocol: `{"__type": "com.amazonaws.dynamodb.v20120810#ThrottlingException", "message": …}`. */
function errorOf(status: number, text: string): AwsCallError {
  const code = /"__type"\s*:\s*"(?:[^"#]*#)?([^"]*)"/.exec(text)?.[1] ?? `HTTP ${status}`
  const kind = status >= 500 || status === 429 || THROTTLED.test(code) ? 'unavailable' : 'refused'
  return new AwsCallError(kind, code, `expected 200, got ${status}: ${text.slice(0, 500)}`)
}
