/**
 * A connection to nowhere: takes the bytes of an HTTP request and gives back the bytes of a canned answer. What is
 * above it (handler, signing, Node's HTTP client and parser, streams) is the real thing; what is below it on a real
 * connection (kernel, network, server) is not there.
 */
import { Agent } from 'node:http'
import { Duplex } from 'node:stream'

/** The answer's bytes, by a text that the request's head contains. */
export type CannedAnswers = readonly (readonly [contains: string, answer: Buffer])[]

const END_OF_HEAD = '\r\n\r\n'

/** Plain HTTP/1.1 with a length, as DynamoDB and SQS answer. */
export function httpAnswer(body: unknown): Buffer {
  const text = JSON.stringify(body)
  const head = [
    'HTTP/1.1 200 OK',
    'Server: Server',
    'Content-Type: application/x-amz-json-1.0',
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: keep-alive',
    'x-amzn-RequestId: 5F3B2VAHN3Q8M4LJ0C1T9D7E6RVV4KQNSO5AEMVJF66Q9ASUAAJG',
    'x-amz-crc32: 2745614147',
    'Date: Sat, 21 Nov 2026 10:15:00 GMT',
  ]
  return Buffer.from(`${head.join('\r\n')}${END_OF_HEAD}${text}`)
}

class FakeSocket extends Duplex {
  readonly #answers: CannedAnswers
  #received = ''

  constructor(answers: CannedAnswers) {
    super()
    this.#answers = answers
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#received += chunk.toString('latin1')
    this.#answerWhenWhole()
    done()
  }

  #answerWhenWhole(): void {
    const end = this.#received.indexOf(END_OF_HEAD)
    if (end < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#received)?.[1] ?? 0)
    if (this.#received.length < end + END_OF_HEAD.length + length) return
    const request = this.#received
    const answer = this.#answers.find(([contains]) => request.includes(contains))?.[1]
    if (answer === undefined) throw new Error(`expected a request with a canned answer, got ${request.slice(0, end)}`)
    this.#received = ''
    // As from a network: not before the caller has gone back to the event loop.
    setImmediate(() => this.push(answer))
  }

  /** What the HTTP client calls of a socket and a stream doesn't have. */
  setTimeout(): this {
    return this
  }
  setNoDelay(): this {
    return this
  }
  setKeepAlive(): this {
    return this
  }
  ref(): this {
    return this
  }
  unref(): this {
    return this
  }
}

/** From now on every new connection of Node's HTTP client in this process is a fake one. */
export function fakeConnections(answers: CannedAnswers): void {
  Object.assign(Agent.prototype, { createConnection: () => new FakeSocket(answers) })
}
