/**
 * Client of Lambda's Extensions API for an internal extension
 * (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html): register, then ask for each next event.
 */
import { Agent, request } from 'node:http'
import { SECOND } from './clock.ts'

/** The fields that we use of an INVOKE event. Internal extensions get no other kind. */
export interface InvokeEvent {
  readonly eventType: 'INVOKE'
  readonly requestId: string
  /** Milliseconds since the Unix epoch. */
  readonly deadlineMs: number
}

export interface ExtensionClient {
  /** Blocks until the next invocation. Calling it says that the work of the previous one is done. */
  next(): Promise<InvokeEvent>
}

const API_VERSION = '2020-01-01'
/** The API is on the same machine; Lambda gives the whole init 10 s. */
const REGISTER_TIMEOUT_MS = SECOND

/** Registers for INVOKE events. Rejects when the API is away, slow, or refuses. */
export async function registerExtension(runtimeApi: string, name: string): Promise<ExtensionClient> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const url = (path: string) => `http://${runtimeApi}/${API_VERSION}/extension/${path}`
  const registered = await call(url('register'), {
    agent,
    method: 'POST',
    headers: { 'Lambda-Extension-Name': name, 'Content-Type': 'application/json' },
    body: '{"events":["INVOKE"]}',
    timeout: REGISTER_TIMEOUT_MS,
  })
  const id = registered.headers['lambda-extension-identifier']
  if (typeof id !== 'string') throw new Error('expected the header Lambda-Extension-Identifier, got none')
  return {
    async next() {
      // No timeout: it blocks for as long as the environment is frozen or idle.
      const { body } = await call(url('event/next'), {
        agent,
        method: 'GET',
        headers: { 'Lambda-Extension-Identifier': id },
      })
      return JSON.parse(body) as InvokeEvent
    },
  }
}

interface Call {
  readonly agent: Agent
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
  readonly timeout?: number
}

interface CallAnswer {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
}

function call(url: string, { body = '', timeout, ...options }: Call): Promise<CallAnswer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { ...options, ...(timeout !== undefined && { timeout }) }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => {
        text += chunk
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode === 200) resolve({ headers: answer.headers, body: text })
        else reject(new Error(`expected 200 from ${url}, got ${answer.statusCode}: ${text.slice(0, 500)}`))
      })
    })
    sent.on('error', reject)
    sent.on('timeout', () => sent.destroy(new Error(`expected an answer from ${url} within ${timeout} ms, got none`)))
    sent.end(body)
  })
}
