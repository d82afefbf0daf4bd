import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it } from 'vitest'
import { eventBus } from '#core/event-bus.store.ts'
import { ULID_PATTERN } from '#core/ids.ts'
import type { Invocation } from '#core/invocation.ts'
import { type BusEntry, MAX_CALL_BYTES, MAX_ENTRIES, type OutboxEvent, outbox, type PutEntries } from '#core/outbox.ts'
import { hexFrom } from '#core/random.ts'
import type { TableChange } from '#core/stream.ts'
import { continueTrace } from '#core/trace.ts'
import { countingRandom, NOW, testLog } from './doubles.ts'

interface Item {
  readonly text: string
}

const change = (number: number, text = 'x', streamArn = 'arn:stream'): TableChange<Item> => ({
  kind: 'INSERT',
  sequenceNumber: String(number),
  key: { pk: `thing#${number}`, sk: 'thing' },
  before: undefined,
  after: { text },
  at: new Date(NOW),
  expired: false,
  streamArn,
})

const eventOf = ({ after, sequenceNumber }: TableChange<Item>): OutboxEvent | undefined =>
  after?.text === 'private'
    ? undefined
    : {
        type: 'ThingMade',
        version: 1,
        occurredAt: NOW,
        workspaceId: 'wsp_1',
        sequence: Number(sequenceNumber),
        traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
        data: after,
      }

async function publish(changes: readonly TableChange<Item>[], put?: PutEntries) {
  const calls: (readonly BusEntry[])[] = []
  const { log, line } = testLog()
  const handle = outbox<Item>({
    source: 'backlot.test',
    eventOf,
    async put(entries) {
      calls.push(entries)
      return put?.(entries) ?? entries.map(() => undefined)
    },
  })
  const traceFrom = (traceparent?: string) => continueTrace(traceparent, hexFrom(countingRandom()))
  const failed = await handle(changes, { log, traceFrom } as Invocation)
  return { failed, calls, line: line() }
}

const sizes = (calls: readonly (readonly BusEntry[])[]) => calls.map((call) => call.length)
const idOf = (entry: BusEntry | undefined) => (JSON.parse(entry?.detail ?? '{}') as { id?: string }).id

describe('the outbox', () => {
  it('publishes what a change tells, in the envelope', async () => {
    const { failed, calls, line } = await publish([change(1), change(2, 'private')])
    expect(failed).toEqual([])
    expect(calls).toHaveLength(1)
    expect(calls[0]).toMatchObject([{ source: 'backlot.test', detailType: 'ThingMade', occurredAt: new Date(NOW) }])
    expect(JSON.parse(calls[0]?.[0]?.detail ?? '')).toEqual({
      id: expect.stringMatching(/^evt_/),
      type: 'ThingMade',
      version: 1,
      occurredAt: NOW,
      workspaceId: 'wsp_1',
      sequence: 1,
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      data: { text: 'x' },
    })
    expect(line).toMatchObject({ publishedEvents: 1, traceIds: ['4bf92f3577b34da6a3ce929d0e0e4736'] })
  })

  it('does not call the bus for nothing', async () => {
    expect((await publish([change(1, 'private')])).calls).toEqual([])
  })

  it('gives an event the same id on every try, and another to every other', async () => {
    const ids = async (changes: readonly TableChange<Item>[]) => (await publish(changes)).calls.flat().map(idOf)
    const first = await ids([change(1), change(2), change(1, 'x', 'arn:other')])
    expect(new Set(first).size).toBe(3)
    for (const id of first) expect(id?.slice('evt_'.length)).toMatch(ULID_PATTERN)
    expect(await ids([change(2)])).toEqual([first[1]])
  })

  it('puts at most ten into a call', async () => {
    const changes = Array.from({ length: 2 * MAX_ENTRIES + 1 }, (_, index) => change(index + 1))
    const { calls } = await publish(changes)
    expect(sizes(calls)).toEqual([MAX_ENTRIES, MAX_ENTRIES, 1])
  })

  it('puts at most the limit of bytes into a call, exactly as EventBridge counts them', async () => {
    const bytesOf = ({ source, detailType, detail }: BusEntry) =>
      14 + [source, detailType, detail].reduce((sum, text) => sum + Buffer.byteLength(text), 0)
    const overhead = bytesOf((await publish([change(1, '')])).calls[0]?.[0] as BusEntry)
    const half = 'x'.repeat(MAX_CALL_BYTES / 2 - overhead)
    const fits = await publish([change(1, half), change(2, half)])
    expect(fits.calls[0]?.reduce((sum, entry) => sum + bytesOf(entry), 0)).toBe(MAX_CALL_BYTES)
    expect(sizes(fits.calls)).toEqual([2])
    expect(sizes((await publish([change(1, half), change(2, `${half}x`)])).calls)).toEqual([1, 1])
  })

  it('sends an event that no call can hold alone, so that it fails alone', async () => {
    const huge = 'x'.repeat(MAX_CALL_BYTES)
    const { calls, failed } = await publish([change(1), change(2, huge), change(3)], async (entries) =>
      entries.map(({ detail }) => (detail.length > MAX_CALL_BYTES ? 'ValidationException' : undefined)),
    )
    expect(sizes(calls)).toEqual([1, 1, 1])
    expect(failed).toEqual(['2'])
  })

  it('reports the records whose events the bus did not take', async () => {
    const { failed, line } = await publish([change(1), change(2), change(3)], async () => [
      undefined,
      'ThrottlingException',
      undefined,
    ])
    expect(failed).toEqual(['2'])
    expect(line).toMatchObject({
      level: 'warn',
      publishedEvents: 2,
      notes: [{ message: 'event not taken', sequenceNumber: '2', type: 'ThingMade', code: 'ThrottlingException' }],
    })
  })

  it('reports only the records of a call that failed as a whole', async () => {
    const changes = Array.from({ length: MAX_ENTRIES + 2 }, (_, index) => change(index + 1))
    const { failed, line } = await publish(changes, async (entries) => {
      if (entries.length === MAX_ENTRIES) throw Object.assign(new Error('away'), { code: 'ECONNREFUSED' })
      return entries.map(() => undefined)
    })
    expect(failed).toEqual(changes.slice(0, MAX_ENTRIES).map(({ sequenceNumber }) => sequenceNumber))
    expect(line).toMatchObject({ level: 'warn', error: { code: 'ECONNREFUSED' }, publishedEvents: 2 })
  })
})

describe('the event bus', () => {
  const eventBridge = mockClient(EventBridgeClient)
  afterEach(() => eventBridge.reset())

  const entry: BusEntry = { source: 'backlot.test', detailType: 'ThingMade', occurredAt: new Date(NOW), detail: '{}' }
  const put = eventBus(new EventBridgeClient({ region: 'us-east-1' }), 'backlot')

  it('is sent every entry, and says which it did not take', async () => {
    eventBridge.on(PutEventsCommand).resolves({
      FailedEntryCount: 1,
      Entries: [{ EventId: '1' }, { ErrorCode: 'ThrottlingException' }],
    })
    // The answer has fewer results than entries: the third is not known to be taken.
    expect(await put([entry, entry, entry])).toEqual([undefined, 'ThrottlingException', 'NoResult'])
    expect(eventBridge.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries?.[0]).toEqual({
      EventBusName: 'backlot',
      Source: 'backlot.test',
      DetailType: 'ThingMade',
      Time: new Date(NOW),
      Detail: '{}',
    })
  })

  it('throws when the call failed', async () => {
    eventBridge.on(PutEventsCommand).rejects(new Error('away'))
    await expect(put([entry])).rejects.toThrow('away')
  })
})
