/**
 * One attempt of one task: its handler, its time limit, its abort signal. Knows nothing of stores; what it resolves to is
 * recorded by the runner. Never rejects.
 */
import { SECOND } from '#core/clock.ts'
import { describeIssue, fieldErrors } from '#core/field-errors.ts'
import type { Json } from '#core/json.ts'
import { type KnownTask, PermanentError, RetryLaterError, type TaskServices } from '../kinds/task-definition.ts'
import type { AttemptFailure } from '../states/transitions.ts'
import { MAX_RESULT_BYTES, type Task } from '../task.ts'

export type Outcome =
  | { readonly kind: 'succeeded'; readonly result: Json | undefined }
  | { readonly kind: 'failed'; readonly failure: AttemptFailure; readonly error?: unknown }
  /** It stopped because it was asked to. */
  | { readonly kind: 'cancelled' }
  /** Another worker has it: nothing is to be recorded. */
  | { readonly kind: 'lost' }

/** Why an attempt is told to stop. */
export type Stop = 'cancelled' | 'lost' | 'timeout'

/** Resolves after the time, or at once when the signal fires. */
export type Pause = (ms: number, signal?: AbortSignal) => Promise<void>

/** What a handler may take to clean up after the abort signal. Its result still counts in that time. */
export const CANCEL_GRACE_MS = 5 * SECOND

export interface Attempt {
  readonly done: Promise<Outcome>
  stop(why: Stop): void
}

/** `input` is undefined when it could not be found. */
export function beginAttempt(
  task: Task,
  definition: KnownTask | undefined,
  input: Json | undefined,
  services: TaskServices,
  pause: Pause,
): Attempt {
  if (definition === undefined)
    return settled(permanent('unknown_task', `no task is called ${task.name} in this version`, 'unknown_task'))
  const parsed = definition.input.safeParse(input, { error: describeIssue, reportInput: true })
  if (!parsed.success) {
    const faults = fieldErrors(parsed.error.issues).map(({ pointer, detail }) => `${pointer || '/'}: ${detail}`)
    return settled(permanent('invalid_input', faults.join('; '), 'invalid_input'))
  }
  const controller = new AbortController()
  const ended = new AbortController()
  const stop = (why: Stop) => controller.abort(new AttemptStopped(why))
  const handled = handle(task, definition, parsed.data, services, controller.signal)
  void pause(definition.timeoutMs, ended.signal).then(() => {
    if (!ended.signal.aborted) stop('timeout')
  })
  const done = Promise.race([handled, stopped(controller.signal, handled, pause, definition.timeoutMs)])
  return { done: done.finally(() => ended.abort()), stop }
}

const settled = (outcome: Outcome): Attempt => ({ done: Promise.resolve(outcome), stop: () => {} })

const permanent = (code: string, message: string, death?: AttemptFailure['death']): Outcome => ({
  kind: 'failed',
  failure: { code, message, retryable: false, ...(death !== undefined && { death }) },
})

/** The reason that a handler finds in its signal. */
class AttemptStopped extends Error {
  override readonly name = 'AttemptStopped'
  readonly why: Stop

  constructor(why: Stop) {
    super(`the attempt was stopped: ${why}`)
    this.why = why
  }
}

async function handle(
  task: Task,
  definition: KnownTask,
  input: unknown,
  services: TaskServices,
  signal: AbortSignal,
): Promise<Outcome> {
  try {
    const result = await definition.handler(input, {
      ...services,
      taskId: task.id,
      workspaceId: task.workspaceId,
      attempt: task.fence,
      // A redriven task shall have its effect although an earlier run may have had it.
      idempotencyKey: task.redrives === 0 ? task.id : `${task.id}.${task.redrives}`,
      traceparent: task.traceparent,
      signal,
    })
    return { kind: 'succeeded', result: kept(result) }
  } catch (error) {
    if (signal.aborted && signal.reason instanceof AttemptStopped && signal.reason.why === 'cancelled')
      return { kind: 'cancelled' }
    return { kind: 'failed', failure: failureOf(error), error }
  }
}

/** As JSON has it: without what is undefined. Undefined for what is too large to be kept. */
function kept(result: Json | undefined): Json | undefined {
  const text = result === undefined ? undefined : JSON.stringify(result)
  return text === undefined || Buffer.byteLength(text) > MAX_RESULT_BYTES ? undefined : (JSON.parse(text) as Json)
}

function failureOf(error: unknown): AttemptFailure {
  if (error instanceof PermanentError) return { code: error.code, message: error.message, retryable: false }
  if (error instanceof RetryLaterError)
    return { code: error.code, message: error.message, retryable: true, retryAfterMs: error.retryAfterMs }
  if (!(error instanceof Error))
    return { code: 'error', message: 'the handler threw what is no error', retryable: true }
  return { code: error.name === 'Error' ? 'error' : error.name, message: error.message, retryable: true }
}

/** The outcome of an attempt that was told to stop, whether or not its handler listens. Never resolves otherwise. */
function stopped(signal: AbortSignal, handled: Promise<Outcome>, pause: Pause, timeoutMs: number): Promise<Outcome> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => {
      const { why } = signal.reason as AttemptStopped
      if (why === 'lost') resolve({ kind: 'lost' })
      else if (why === 'timeout') resolve(timedOut(timeoutMs))
      else resolve(Promise.race([handled, pause(CANCEL_GRACE_MS).then((): Outcome => ({ kind: 'cancelled' }))]))
    })
  })
}

const timedOut = (timeoutMs: number): Outcome => ({
  kind: 'failed',
  failure: { code: 'timeout', message: `expected the task to end within ${timeoutMs} ms`, retryable: true },
})
