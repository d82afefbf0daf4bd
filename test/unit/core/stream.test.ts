import { marshall } from '@aws-sdk/util-dynamodb'
import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { type StreamHandlerOptions, streamHandler, type TableChange } from '#core/stream.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'

const schema = z.object({ name: z.string(), tags: z.array(z.string()).optional() })
type Change = TableChange<z.output<typeof schema>>

const ARN = 'arn:aws:dynamodb:us-east-1:000000000000:table/backlot-test/stream/2026-01-01T00:00:00.000'

interface Images {
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  pk?: string
  userIdentity?: { type: string; principalId: string }
}

const record = (sequenceNumber: string, { before, after, pk = 'thing#1', userIdentity }: Images) => ({
  eventID: `event-${sequenceNumber}`,
  eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
  eventVersion: '1.1',
  eventSource: 'aws:dynamodb',
  awsRegion: 'us-east-1',
  ...(userIdentity !== undefined && { userIdentity }),
  dynamodb: {
    ApproximateCreationDateTime: Date.parse(NOW) / 1_000,
    Keys: marshall({ pk, sk: 'thing' }),
    SequenceNumber: sequenceNumber,
    SizeBytes: 100,
    StreamViewType: 'NEW_AND_OLD_IMAGES',
    ...(before !== undefined && { OldImage: marshall({ pk, sk: 'thing', ...before }) }),
    ...(after !== undefined && { NewImage: marshall({ pk, sk: 'thing', ...after }) }),
  },
  eventSourceARN: ARN,
})

async function run(
  records: readonly unknown[],
  options: Partial<Pick<StreamHandlerOptions<typeof schema>, 'handle' | 'wants'>> = {},
) {
  const output = logLines()
  const seen: Change[] = []
  const handler = streamHandler({
    name: 'test/publish',
    clock: clockAt(NOW),
    random: countingRandom(),
    writeLog: output.write,
    schema,
    ...(options.wants !== undefined && { wants: options.wants }),
    async handle(changes, invocation) {
      seen.push(...changes)
      return options.handle?.(changes, invocation) ?? []
    },
  })
  const { batchItemFailures } = await handler({ Records: records }, lambdaContext())
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), seen, output }
}

const numbers = (changes: readonly Change[]) => changes.map(({ sequenceNumber }) => sequenceNumber)
const a = { name: 'a' }

describe('a stream consumer', () => {
  it('gets changes with both images, unmarshalled and checked', async () => {
    const { failed, seen, output } = await run([
      record('100', { after: { name: 'a', tags: ['x'], more: 1 } }),
      record('101', { before: a, after: { name: 'b' } }),
      record('102', { before: { name: 'b' } }),
    ])
    expect(failed).toEqual([])
    expect(seen).toEqual([
      {
        kind: 'INSERT',
        sequenceNumber: '100',
        key: { pk: 'thing#1', sk: 'thing' },
        before: undefined,
        after: { name: 'a', tags: ['x'] },
        at: new Date(NOW),
        expired: false,
        streamArn: ARN,
      },
      expect.objectContaining({ kind: 'MODIFY', before: a, after: { name: 'b' } }),
      expect.objectContaining({ kind: 'REMOVE', before: { name: 'b' }, after: undefined }),
    ])
    expect(output.lines).toMatchObject([{ records: 3, handled: 3, failed: 0 }])
  })

  it('tells a removal by TTL from one by somebody', async () => {
    const ttl = { type: 'Service', principalId: 'dynamodb.amazonaws.com' }
    const { seen } = await run([record('1', { before: a, userIdentity: ttl }), record('2', { before: a })])
    expect(seen.map(({ expired }) => expired)).toEqual([true, false])
  })

  it('never sees items of the kit, nor those that it does not want', async () => {
    const { seen, output } = await run(
      [
        record('1', { pk: 'kit#rate#key-1', after: { hits: 1 } }),
        record('2', { pk: 'slug#abc', after: { other: true } }),
        record('3', { after: a }),
      ],
      { wants: ({ pk }) => pk.startsWith('thing#') },
    )
    expect(numbers(seen)).toEqual(['3'])
    expect(output.lines[0]).toMatchObject({ level: 'info', records: 3, handled: 1 })
  })

  it('is not called when nothing is left', async () => {
    const { failed, seen } = await run([record('1', { pk: 'kit#rate#key-1', after: {} })])
    expect([failed, seen]).toEqual([[], []])
  })

  it('names the first failure in the order of the shard: everything from it on comes back', async () => {
    const records = ['10', '9', '11', '12'].map((number) => record(number, { after: a }))
    expect((await run(records, { handle: async () => ['12', '9'] })).failed).toEqual(['9'])
    // Not the smallest by spelling or value: the first in the batch.
    expect((await run(records, { handle: async () => ['9', '10'] })).failed).toEqual(['10'])
  })

  it('gives back the first when everything failed', async () => {
    const records = ['1', '2'].map((number) => record(number, { after: a }))
    const { failed, output } = await run(records, {
      async handle() {
        throw new Error('bug')
      },
    })
    expect(failed).toEqual(['1'])
    expect(output.lines[0]).toMatchObject({ level: 'error', failed: 2 })
  })

  it('handles what stands behind a record that it can not read, because the source may drop it all', async () => {
    const { failed, seen, output } = await run([
      record('1', { after: a }),
      record('2', { after: { name: 5 } }),
      record('3', { after: a }),
    ])
    expect(failed).toEqual(['2'])
    expect(numbers(seen)).toEqual(['1', '3'])
    expect(output.lines[0]).toMatchObject({
      level: 'error',
      notes: [
        { message: 'record refused', sequenceNumber: '2', key: { pk: 'thing#1' }, faults: ['/name invalid_type'] },
      ],
    })
  })

  it('reads the old image as strictly as the new one', async () => {
    expect((await run([record('1', { before: { name: 5 } })])).failed).toEqual(['1'])
  })

  it('never writes an item into the log', async () => {
    const { output } = await run([record('1', { after: { name: ['hunter2'] } })])
    expect(output.text()).not.toContain('hunter2')
  })

  it('that names an unknown record is wrong, so that everything comes back', async () => {
    const { failed, output } = await run([record('1', { after: a })], { handle: async () => ['7'] })
    expect(failed).toEqual(['1'])
    expect(output.text()).toContain('expected sequence numbers of this batch, got 7')
  })
})
