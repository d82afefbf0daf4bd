/**
 * What a kind of task is: `defineTask` describes it once, with everything that the engine decides by. Handlers get their
 * services as an argument, so that a definition can be read (by the API, by the dispatcher) without what it needs to run.
 */
import type * as z from 'zod'
import { type Clock, MINUTE } from '#core/clock.ts'
import type { HttpClient } from '#core/http-client.ts'
import type { Json } from '#core/json.ts'
import type { DeliverWebhook } from '#core/webhook-delivery.ts'
import { DEFAULT_RETRY, type RetryPolicy } from '../states/backoff.ts'
import { DEFAULT_PRIORITY, DEFAULT_QUEUE } from '../task.ts'
import type { SendMail } from './mail.ts'

/** What handlers may use. */
export interface TaskServices {
  readonly clock: Clock
  readonly http: HttpClient
  readonly sendMail: SendMail
  readonly deliverWebhook: DeliverWebhook
}

/** What a handler knows about its own run. */
export interface TaskContext extends TaskServices {
  readonly taskId: string
  readonly workspaceId: string
  /** 1 on the first try; crashed tries count too. */
  readonly attempt: number
  /** The same on every try, for whoever is called: an attempt may follow one whose effect was done but not recorded. */
  readonly idempotencyKey: string
  readonly traceparent: string
  /** Fires when the task is cancelled, takes too long or belongs to another worker. */
  readonly signal: AbortSignal
}

export interface TaskDefinition<Input extends z.ZodType = z.ZodType> {
  /** `<what>.<verb>`: the name that callers use. Never changes. */
  readonly name: string
  readonly description: string
  /** Checked when the task is made and again when it runs: the definition may have changed in between. */
  readonly input: Input
  /** @default `default` */
  readonly queue?: string
  /** 0 to 9, larger first. @default 4 */
  readonly priority?: number
  readonly retry?: Partial<RetryPolicy>
  /** Of one attempt. @default one minute, at most `MAX_TIMEOUT_MS` */
  readonly timeoutMs?: number
  /** How often the process may die under it. @default 3 */
  readonly maxCrashes?: number
  /** What it resolves to is kept with the task. May throw `PermanentError` or `RetryLaterError`; any other error is retried. */
  handler(input: z.output<Input>, context: TaskContext): Promise<Json | undefined>
}

/** A definition with its defaults filled in and its types forgotten. */
export interface KnownTask extends Omit<Required<TaskDefinition>, 'retry' | 'handler'> {
  readonly retry: RetryPolicy
  handler(input: unknown, context: TaskContext): Promise<Json | undefined>
}

const DEFAULT_TIMEOUT_MS = MINUTE
/** Lambda's 15 minutes less the minute in which a runner claims, less the time to record the outcome. */
export const MAX_TIMEOUT_MS = 13 * MINUTE
/** A task that takes its process with it does so again: the first time may be somebody else's fault, the third is its own. */
const DEFAULT_MAX_CRASHES = 3

/** Throws for a timeout that no runner could keep. */
export function defineTask<Input extends z.ZodType>(definition: TaskDefinition<Input>): KnownTask {
  const timeoutMs = definition.timeoutMs ?? DEFAULT_TIMEOUT_MS
  if (timeoutMs > MAX_TIMEOUT_MS) throw new RangeError(`expected at most ${MAX_TIMEOUT_MS} ms, got ${timeoutMs}`)
  return {
    queue: DEFAULT_QUEUE,
    priority: DEFAULT_PRIORITY,
    maxCrashes: DEFAULT_MAX_CRASHES,
    ...definition,
    timeoutMs,
    retry: { ...DEFAULT_RETRY, ...definition.retry },
    // The engine passes what the definition's own schema gave out.
    handler: (input, context) => definition.handler(input as z.output<Input>, context),
  }
}

/** Trying again would fail again: the task dies with `not_retryable`. */
export class PermanentError extends Error {
  override readonly name = 'PermanentError'
  readonly code: string

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** Failed, and whoever was called said when to come back. */
export class RetryLaterError extends Error {
  override readonly name = 'RetryLaterError'
  readonly code: string
  readonly retryAfterMs: number

  constructor(code: string, message: string, retryAfterMs: number, options?: ErrorOptions) {
    super(message, options)
    this.code = code
    this.retryAfterMs = retryAfterMs
  }
}
