import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hexFrom } from '#core/random.ts'
import { continueTrace, formatTraceparent } from '#core/trace.ts'
import { countingRandom } from './doubles.ts'

const TRACE_ID = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const trace = (traceparent?: string) => continueTrace(traceparent, hexFrom(countingRandom()))

const hex = (digits: number) =>
  fc
    .string({ unit: fc.constantFrom(...'0123456789abcdef'.split('')), minLength: digits, maxLength: digits })
    .filter((text) => !/^0+$/.test(text))

describe('W3C Trace Context', () => {
  it('keeps the trace and makes a span of its own', () => {
    const { traceId, spanId, sampled } = trace(`00-${TRACE_ID}-${PARENT}-01`)
    expect({ traceId, sampled }).toEqual({ traceId: TRACE_ID, sampled: true })
    expect(spanId).toBe('0001020304050607')
  })

  it.each([
    ['00', false],
    ['01', true],
    ['02', false],
    ['03', true],
    ['ff', true],
  ])('reads only the lowest bit of the flags %s (§3.2.2.5)', (flags, sampled) => {
    expect(trace(`00-${TRACE_ID}-${PARENT}-${flags}`).sampled).toBe(sampled)
  })

  it('accepts a later version with more fields, as §4.3 asks', () => {
    expect(trace(`cc-${TRACE_ID}-${PARENT}-01-what-the-future-brings`).traceId).toBe(TRACE_ID)
  })

  it.each([
    ['no header', undefined],
    ['an empty header', ''],
    ['version ff', `ff-${TRACE_ID}-${PARENT}-01`],
    ['version 00 with more fields', `00-${TRACE_ID}-${PARENT}-01-more`],
    ['a later version with more text but no dash', `cc-${TRACE_ID}-${PARENT}-01more`],
    ['an all-zero trace id', `00-${'0'.repeat(32)}-${PARENT}-01`],
    ['an all-zero parent id', `00-${TRACE_ID}-${'0'.repeat(16)}-01`],
    ['upper-case hex', `00-${TRACE_ID.toUpperCase()}-${PARENT}-01`],
    ['a short trace id', `00-${TRACE_ID.slice(1)}-${PARENT}-01`],
    ['a space before', ` 00-${TRACE_ID}-${PARENT}-01`],
  ])('starts a new, sampled trace for %s', (_, header) => {
    const started = trace(header)
    expect(started.traceId).toMatch(/^[0-9a-f]{32}$/)
    expect(started.traceId).not.toBe(TRACE_ID)
    expect(started.sampled).toBe(true)
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(hex(32), hex(16), fc.boolean(), (traceId, spanId, sampled) => {
        const read = trace(formatTraceparent({ traceId, spanId, sampled }))
        expect(read).toMatchObject({ traceId, sampled })
      }),
    )
  })

  it('never throws and always gives valid ids', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(formatTraceparent(trace(header))).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-0[01]$/)
      }),
    )
  })
})
