import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { busHandler } from '#core/bus.ts'
import { eventSchema } from '#core/event.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const linkDeleted = eventSchema('LinkDeleted', 1, z.object({ linkId: z.string() }))

const detail = {
  id: 'evt_01KDVDEHM00000000000000000',
  type: 'LinkDeleted',
  version: 1,
  occurredAt: NOW,
  workspaceId: 'wsp_1',
  sequence: 3,
  traceparent: `00-${TRACE_ID}-00f067aa0ba902b7-01`,
  data: { linkId: 'lnk_1' },
}
const frame = (changes: object = {}) => ({
  version: '0',
  id: 'aws-1',
  'detail-type': 'LinkDeleted',
  source: 'backlot.links',
  account: '000000000000',
  time: NOW,
  region: 'us-east-1',
  resources: [],
  detail: { ...detail, ...changes },
})

function setUp(fails?: Error) {
  const output = logLines()
  const seen: unknown[] = []
  const handler = busHandler({
    name: 'test/forget',
    clock: clockAt(NOW),
    random: countingRandom(),
    writeLog: output.write,
    schema: linkDeleted,
    async handle(event, { trace, requestId }) {
      seen.push({ event, traceId: trace.traceId, requestId })
      if (fails !== undefined) throw fails
    },
  })
  return { output, seen, handle: (event: unknown) => handler(event, lambdaContext()) }
}

describe('a bus subscriber', () => {
  it('gets the event of its schema, in the trace of the request that caused it', async () => {
    const { handle, seen, output } = setUp()
    await handle(frame())
    expect(seen).toEqual([{ event: detail, traceId: TRACE_ID, requestId: 'request-1' }])
    expect(output.lines).toMatchObject([
      {
        function: 'test/forget',
        source: 'backlot.links',
        type: 'LinkDeleted',
        eventId: detail.id,
        workspaceId: 'wsp_1',
        traceId: TRACE_ID,
      },
    ])
  })

  it('ignores fields that a later minor change may add', async () => {
    const { handle, seen } = setUp()
    await handle(frame({ more: 1, data: { linkId: 'lnk_1', more: 1 } }))
    expect(seen).toMatchObject([{ event: { data: { linkId: 'lnk_1' } } }])
  })

  it.each([
    ['another version', { version: 2 }, '/version invalid_value'],
    ['another type', { type: 'LinkCreated' }, '/type invalid_value'],
    ['no sequence', { sequence: 0 }, '/sequence too_small'],
    ['an id of its own', { id: 'x' }, '/id invalid_format'],
    ['other data', { data: {} }, '/data/linkId required'],
  ])('throws for %s, so that the event goes to the dead-letter queue', async (_, changes, fault) => {
    const { handle, seen, output } = setUp()
    await expect(handle(frame(changes))).rejects.toThrow(fault)
    expect(seen).toEqual([])
    expect(output.lines[0]).toMatchObject({ level: 'error', type: 'LinkDeleted', failures: 1 })
  })

  it('is tried again after what it throws', async () => {
    const { handle, output } = setUp(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }))
    await expect(handle(frame())).rejects.toThrow('slow down')
    expect(output.lines[0]).toMatchObject({ level: 'warn', eventId: detail.id, failures: 1 })
  })

  it('refuses what no bus sent', async () => {
    await expect(setUp().handle({ Records: [] })).rejects.toThrow()
  })
})
