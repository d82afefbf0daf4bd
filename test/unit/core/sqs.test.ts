import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type SqsHandlerOptions, type SqsMessage, sqsHandler } from '#core/sqs.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'

const schema = z.object({ n: z.int() })
type Message = SqsMessage<{ n: number }>

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'

interface Sent {
  body?: string
  group?: string
  attributes?: Record<string, { stringValue?: string; dataType: string }>
  receiveCount?: string
}

const record = (id: string, { body = `{"n":1}`, group, attributes = {}, receiveCount = '1' }: Sent = {}) => ({
  messageId: id,
  receiptHandle: 'handle',
  body,
  attributes: {
    ApproximateReceiveCount: receiveCount,
    SentTimestamp: '1767225600000',
    SenderId: 'AIDA',
    ApproximateFirstReceiveTimestamp: '1767225600001',
    ...(group !== undefined && { MessageGroupId: group }),
  },
  messageAttributes: attributes,
  md5OfBody: 'x',
  eventSource: 'aws:sqs',
  eventSourceARN: `arn:aws:sqs:us-east-1:000000000000:backlot-test${group === undefined ? '' : '.fifo'}`,
  awsRegion: 'us-east-1',
})

async function run(
  records: readonly ReturnType<typeof record>[],
  handle: SqsHandlerOptions<typeof schema>['handle'] = async () => [],
) {
  const output = logLines()
  const seen: (readonly Message[])[] = []
  const handler = sqsHandler({
    name: 'test/consumer',
    clock: clockAt(NOW),
    random: countingRandom(),
    writeLog: output.write,
    schema,
    async handle(messages, invocation) {
      seen.push(messages)
      return handle(messages, invocation)
    },
  })
  const { batchItemFailures } = await handler({ Records: records }, lambdaContext())
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), seen, output }
}

const ids = (messages: readonly Message[] | undefined) => messages?.map(({ id }) => id)

describe('a queue consumer', () => {
  it('gets the whole batch at once, parsed', async () => {
    const { failed, seen, output } = await run([record('a'), record('b', { body: '{"n":2}', receiveCount: '3' })])
    expect(failed).toEqual([])
    expect(seen).toHaveLength(1)
    expect(seen[0]).toMatchObject([
      { id: 'a', body: { n: 1 }, receiveCount: 1 },
      { id: 'b', body: { n: 2 }, receiveCount: 3 },
    ])
    expect(output.lines).toMatchObject([{ function: 'test/consumer', level: 'info', messages: 2, failed: 0 }])
  })

  it('continues the trace of each message', async () => {
    const attributes = {
      traceparent: { stringValue: `00-${TRACE_ID}-00f067aa0ba902b7-01`, dataType: 'String' },
      blob: { dataType: 'Binary' },
    }
    const { seen, output } = await run([record('a', { attributes }), record('b')])
    expect(output.lines[0]?.['traceIds']).toEqual([TRACE_ID, seen[0]?.[1]?.trace.traceId])
    expect(seen[0]?.[0]).toMatchObject({ trace: { traceId: TRACE_ID, sampled: true } })
    expect(seen[0]?.[0]?.attributes).toEqual({ traceparent: attributes.traceparent.stringValue })
    expect(seen[0]?.[1]?.trace.traceId).not.toBe(TRACE_ID)
  })

  it('names at most ten traces in its log line, each once', async () => {
    const trace = (digit: string) => ({ stringValue: `00-${digit.repeat(32)}-00f067aa0ba902b7-01`, dataType: 'String' })
    const many = '112345678abc'
      .split('')
      .map((digit, index) => record(String(index), { attributes: { traceparent: trace(digit) } }))
    const { output } = await run(many)
    expect(output.lines[0]?.['traceIds']).toEqual('12345678ab'.split('').map((digit) => digit.repeat(32)))
  })

  it('gives back the messages that it names, and only these', async () => {
    const { failed, output } = await run([record('a'), record('b'), record('c')], async () => ['b'])
    expect(failed).toEqual(['b'])
    expect(output.lines[0]).toMatchObject({ failed: 1, failedMessages: 1 })
  })

  it.each([
    ['no JSON', 'nonsense'],
    ['another shape', '{"n":"one"}'],
    ['nothing', ''],
  ])('handles the others when one message has %s', async (_, body) => {
    const { failed, seen, output } = await run([record('a'), record('bad', { body, receiveCount: '2' }), record('c')])
    expect(failed).toEqual(['bad'])
    expect(ids(seen[0])).toEqual(['a', 'c'])
    expect(output.lines[0]).toMatchObject({
      level: 'error',
      notes: [{ message: 'message refused', messageId: 'bad', receiveCount: 2 }],
    })
  })

  it('is not called when no message can be read', async () => {
    const { failed, seen } = await run([record('a', { body: '{' }), record('b', { body: '[]' })])
    expect([failed, seen]).toEqual([['a', 'b'], []])
  })

  it('never writes a body into the log', async () => {
    const { output } = await run([record('a', { body: '{"n":"hunter2"}' }), record('b', { body: 'hunter2' })])
    expect(output.text()).not.toContain('hunter2')
  })

  it('gives back every message when it throws', async () => {
    const { failed, output } = await run([record('a'), record('bad', { body: '{' }), record('c')], async () => {
      throw new TypeError('bug')
    })
    expect(new Set(failed)).toEqual(new Set(['a', 'bad', 'c']))
    expect(output.lines[0]).toMatchObject({ level: 'error', failed: 3, error: { name: 'TypeError' } })
  })

  it('only warns when a dependency was away: the messages come back', async () => {
    const { failed, output } = await run([record('a')], async () => {
      throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' })
    })
    expect(failed).toEqual(['a'])
    expect(output.lines[0]).toMatchObject({ level: 'warn' })
  })

  it('that names an unknown id is wrong, so that everything comes back', async () => {
    const { failed, output } = await run([record('a'), record('b')], async () => ['z'])
    expect(failed).toEqual(['a', 'b'])
    expect(output.text()).toContain('expected ids of this batch, got z')
  })

  it('fails the invocation for an event that no queue sent', async () => {
    const handler = sqsHandler({
      name: 'test/consumer',
      clock: clockAt(NOW),
      random: countingRandom(),
      writeLog: () => {},
      schema,
      handle: async () => [],
    })
    await expect(handler({ detail: {} }, lambdaContext())).rejects.toThrow()
  })
})

describe('a FIFO consumer', () => {
  const batch = [
    record('a1', { group: 'a' }),
    record('b1', { group: 'b' }),
    record('a2', { group: 'a' }),
    record('b2', { group: 'b' }),
    record('a3', { group: 'a' }),
  ]

  it('gets the messages one at a time, in their order', async () => {
    const { failed, seen, output } = await run(batch)
    expect(failed).toEqual([])
    expect(seen.map(ids)).toEqual([['a1'], ['b1'], ['a2'], ['b2'], ['a3']])
    expect(output.lines[0]?.['traceIds']).toHaveLength(5)
  })

  it('stops a group at its first failure, and goes on with the others', async () => {
    const { failed, seen } = await run(batch, async ([message]) => (message?.id === 'a2' ? ['a2'] : []))
    expect(failed).toEqual(['a2', 'a3'])
    expect(seen.flatMap(ids)).toEqual(['a1', 'b1', 'a2', 'b2'])
  })

  it('stops a group also at a message that it can not read, or that makes it throw', async () => {
    const broken = batch.map((sent) => (sent.messageId === 'a1' ? { ...sent, body: '{' } : sent))
    const { failed, seen } = await run(broken, async ([message]) => {
      if (message?.id === 'b1') throw new Error('bug')
      return []
    })
    expect(failed).toEqual(['a1', 'b1', 'a2', 'b2', 'a3'])
    expect(seen.flatMap(ids)).toEqual(['b1'])
  })
})
