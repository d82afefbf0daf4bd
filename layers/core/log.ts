/**
 * One structured JSON line for each invocation, with its metrics in the same line in CloudWatch's embedded metric
 * format (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 * It never writes a secret or a token, whatever it is given (`redact.ts`). No library: the redirect uses it too.
 */
import type { Clock } from './clock.ts'
import { describeError } from './log-error.ts'
import { redactedJson } from './redact.ts'

export type LogLevel = 'info' | 'warn' | 'error'
export type LogFields = Readonly<Record<string, unknown>>
/** Units of the embedded metric format that we use. */
export type MetricUnit = 'Count' | 'Milliseconds' | 'Bytes'

const LEVELS: readonly LogLevel[] = ['info', 'warn', 'error']
const METRIC_NAMESPACE = 'Backlot'

/** More notes than this in one invocation repeat themselves; the line says how many were left out. */
export const MAX_NOTES = 20

/** What one invocation has to say. Collected while it runs, written once by `end`. */
export interface InvocationLog {
  /** Adds or replaces fields of the line: `requestId`, `workspaceId`, `route`, `status`, `code`, … */
  set(fields: LogFields): void
  /** Something worth knowing that did not end the invocation. Raises the line's level. */
  note(level: LogLevel, message: string, fields?: LogFields): void
  /** The private cause of a failure, with its chain of causes. Raises the level to error unless told otherwise. */
  fail(error: unknown, level?: LogLevel): void
  /** A figure, as a field of the line and as a CloudWatch metric with the dimension `function`. Adds up when repeated. */
  metric(name: string, value: number, unit?: MetricUnit): void
  /** Writes the line, with `durationMs` since the start. Later calls do nothing. */
  end(): void
}

export interface Logger {
  begin(fields?: LogFields): InvocationLog
}

export interface LoggerOptions {
  /** `<service>/<function>`, as `links/redirect`. */
  readonly name: string
  readonly clock: Clock
  /** Receives one line without its line feed. Default: standard output. */
  readonly write?: (line: string) => void
}

export type WriteLine = (line: string) => void

const toStandardOutput: WriteLine = (line) => {
  process.stdout.write(`${line}\n`)
}

/** One logger for each function, made at cold start: its first invocation is the one marked `coldStart`. */
export function createLogger({ name, clock, write = toStandardOutput }: LoggerOptions): Logger {
  let coldStart = true
  return {
    begin(fields = {}) {
      const log = new Invocation(name, clock, write)
      log.set({ ...fields, coldStart })
      coldStart = false
      return log
    },
  }
}

class Invocation implements InvocationLog {
  readonly #name: string
  readonly #clock: Clock
  readonly #write: WriteLine
  readonly #started: Date
  readonly #fields: Record<string, unknown> = {}
  readonly #notes: LogFields[] = []
  readonly #metrics = new Map<string, { value: number; unit: MetricUnit }>()
  #leftOut = 0
  #level: LogLevel = 'info'
  #ended = false

  constructor(name: string, clock: Clock, write: WriteLine) {
    this.#name = name
    this.#clock = clock
    this.#write = write
    this.#started = clock.now()
  }

  set(fields: LogFields): void {
    Object.assign(this.#fields, fields)
  }

  note(level: LogLevel, message: string, fields: LogFields = {}): void {
    this.#raise(level)
    if (this.#notes.length < MAX_NOTES) this.#notes.push({ level, message, ...fields })
    else this.#leftOut += 1
  }

  fail(error: unknown, level: LogLevel = 'error'): void {
    this.#raise(level)
    this.#fields['error'] = describeError(error)
  }

  metric(name: string, value: number, unit: MetricUnit = 'Count'): void {
    const before = this.#metrics.get(name)?.value ?? 0
    this.#metrics.set(name, { value: before + value, unit })
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.metric('durationMs', Math.max(0, this.#clock.now().getTime() - this.#started.getTime()), 'Milliseconds')
    this.#write(redactedJson(this.#line()))
  }

  #raise(level: LogLevel): void {
    if (LEVELS.indexOf(level) > LEVELS.indexOf(this.#level)) this.#level = level
  }

  #line(): LogFields {
    const metrics = [...this.#metrics]
    return {
      time: this.#started.toISOString(),
      level: this.#level,
      function: this.#name,
      ...this.#fields,
      ...Object.fromEntries(metrics.map(([name, { value }]) => [name, value])),
      ...(this.#notes.length > 0 && { notes: this.#notes }),
      ...(this.#leftOut > 0 && { notesLeftOut: this.#leftOut }),
      _aws: {
        Timestamp: this.#started.getTime(),
        CloudWatchMetrics: [
          {
            Namespace: METRIC_NAMESPACE,
            Dimensions: [['function']],
            Metrics: metrics.map(([name, { unit }]) => ({ Name: name, Unit: unit })),
          },
        ],
      },
    }
  }
}
