/** What every wrapper but HTTP's has in common: one log line, one trace, an end before Lambda's own. */
import middy from '@middy/core'
import type { Context } from 'aws-lambda'
import type { Clock } from './clock.ts'
import { isUnavailable } from './dependency.ts'
import { createLogger, type InvocationLog, type WriteLine } from './log.ts'
import { hexFrom, type Random } from './random.ts'
import { continueTrace, type TraceContext } from './trace.ts'

export interface WrapperOptions {
  /** `<service>/<function>`, as `links/count-clicks`. */
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  /** Default: standard output. */
  readonly writeLog?: WriteLine
}

/** What a handler knows about its own run. */
export interface Invocation {
  readonly requestId: string
  /** When the invocation began. */
  readonly now: Date
  readonly log: InvocationLog
  /** Milliseconds until Lambda ends the function. */
  readonly remainingMs: () => number
  /** Our own span below the trace of whoever sent `traceparent`; a new trace without it. */
  readonly traceFrom: (traceparent: string | undefined) => TraceContext
}

export type EventHandler<Result> = (event: unknown, context: Context) => Promise<Result>

/** A run that is cut off by Lambda leaves no log line; one that is ended this much earlier does. */
export const TIMEOUT_MARGIN_MS = 250

/** A batch serves many traces; a search for one of these finds its line, and more would make the line long. */
export const MAX_LOGGED_TRACES = 10

/** Adds `traceIds` to the line, each once. */
export function logTraces(log: InvocationLog, traceIds: readonly string[]): void {
  const different = [...new Set(traceIds)]
  if (different.length > 0) log.set({ traceIds: different.slice(0, MAX_LOGGED_TRACES) })
}

interface Delivery {
  readonly event: unknown
  readonly invocation: Invocation
}

/** Runs `run` and writes the log line. What it throws is logged and thrown on: the source then tries again. */
export function eventHandler<Result>(
  options: WrapperOptions,
  run: (event: unknown, invocation: Invocation) => Promise<Result>,
): EventHandler<Result> {
  const logger = createLogger({
    name: options.name,
    clock: options.clock,
    ...(options.writeLog !== undefined && { write: options.writeLog }),
  })
  const randomHex = hexFrom(options.random)
  const pipeline = middy<Delivery, Result>({ timeoutEarlyInMillis: TIMEOUT_MARGIN_MS })
    .use({
      after: ({ event }) => {
        event.invocation.log.end()
      },
      onError: ({ event, error }) => {
        // The cause is outside and passes: a warning. All else is ours.
        event.invocation.log.fail(error, isUnavailable(error) ? 'warn' : 'error')
        event.invocation.log.metric('failures', 1)
        event.invocation.log.end()
      },
    })
    .handler(({ event, invocation }: Delivery) => run(event, invocation)) as unknown as (
    delivery: Delivery,
    context: Context,
  ) => Promise<Result>
  return (event, context) => {
    const requestId = context.awsRequestId
    const invocation: Invocation = {
      requestId,
      now: options.clock.now(),
      log: logger.begin({ requestId }),
      remainingMs: () => context.getRemainingTimeInMillis(),
      traceFrom: (traceparent) => continueTrace(traceparent, randomHex),
    }
    return pipeline({ event, invocation }, context)
  }
}
