/**
 * W3C Trace Context, level 1 (https://www.w3.org/TR/trace-context/): parse, continue, format. Pure; ids come from
 * the caller's source of randomness.
 */
export interface TraceContext {
  /** 32 lower-case hex digits, not all zero. */
  readonly traceId: string
  /** 16 lower-case hex digits: our span, the parent of whatever we call. */
  readonly spanId: string
  readonly sampled: boolean
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/
const SAMPLED_FLAG = 0x01

/** Makes random lower-case hex digits, `bytes` × 2 of them. */
export type RandomHex = (bytes: number) => string

/** The caller's trace with a new span of ours; a new trace when the header is absent or invalid (§3.2.2, §4.3). */
export function continueTrace(traceparent: string | undefined, randomHex: RandomHex): TraceContext {
  const spanId = randomHex(8)
  const match = traceparent === undefined ? null : TRACEPARENT.exec(traceparent)
  const [, version, traceId, parentId, flags, rest] = match ?? []
  const valid =
    traceId !== undefined &&
    version !== 'ff' &&
    !(version === '00' && rest !== undefined) &&
    !/^0+$/.test(traceId) &&
    !/^0+$/.test(parentId ?? '')
  if (!valid) return { traceId: randomHex(16), spanId, sampled: true }
  return { traceId, spanId, sampled: (Number.parseInt(flags ?? '0', 16) & SAMPLED_FLAG) === SAMPLED_FLAG }
}

export const formatTraceparent = (trace: TraceContext): string =>
  `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? '01' : '00'}`
