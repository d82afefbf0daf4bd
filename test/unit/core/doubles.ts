/** Stand-ins for what the composition roots inject: a clock that a test moves, randomness that repeats, a log that is read. */
import type { Context } from 'aws-lambda'
import type { Clock } from '#core/clock.ts'
import { createLogger, type InvocationLog } from '#core/log.ts'
import type { Random } from '#core/random.ts'

export interface TestClock extends Clock {
  advance(ms: number): void
}

export function clockAt(start: string): TestClock {
  let now = new Date(start).getTime()
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms
    },
  }
}

/** 0, 1, 2, … modulo 256: different on every draw, the same in every run. */
export function countingRandom(): Random {
  let next = 0
  return { bytes: (count) => Uint8Array.from({ length: count }, () => next++ % 256) }
}

export const NOW = '2026-01-01T00:00:00.000Z'

export const lambdaContext = (requestId = 'request-1', remainingMs = 10_000): Context =>
  ({ awsRequestId: requestId, getRemainingTimeInMillis: () => remainingMs }) as Context

export type LogLine = Readonly<Record<string, unknown>>

/** Collects log lines, parsed. */
export function logLines(): {
  readonly write: (line: string) => void
  readonly lines: readonly LogLine[]
  readonly text: () => string
} {
  const texts: string[] = []
  return {
    write: (line) => {
      texts.push(line)
    },
    get lines() {
      return texts.map((text) => JSON.parse(text) as LogLine)
    },
    text: () => texts.join('\n'),
  }
}

/** A log of one invocation, and the line that it writes when it ends. */
export function testLog(): { readonly log: InvocationLog; readonly line: () => LogLine } {
  const output = logLines()
  const log = createLogger({ name: 'test/unit', clock: clockAt(NOW), write: output.write }).begin()
  return {
    log,
    line() {
      log.end()
      return output.lines[0] ?? {}
    },
  }
}
