/**
 * The state machine of a task: every way from one state to the next, with its conditions. Pure, no I/O, no clock. The
 * store writes what comes out on condition that the version is still the one that went in, so two decisions that were
 * made at the same moment can't both hold.
 */
import type { Json } from '#core/json.ts'
import {
  type Death,
  type Failure,
  type HistoryEntry,
  isFinished,
  LEASE_MS,
  MAX_ERROR_LENGTH,
  type Status,
  type Task,
  withEntry,
} from '../task.ts'
import { type RetryPolicy, retryDelay } from './backoff.ts'

/** `unchanged`: the state asks for nothing. The others say why it can't be done. */
export type Refusal =
  | 'unchanged'
  | 'not_due'
  | 'not_queued'
  | 'lost'
  | 'finished'
  | 'running'
  | 'not_dead'
  | 'not_waiting'

export type Decision = { readonly ok: true; readonly task: Task } | { readonly ok: false; readonly reason: Refusal }

const refuse = (reason: Refusal): Decision => ({ ok: false, reason })

interface Change extends Partial<Omit<Task, 'history' | 'version' | 'status'>> {
  readonly status: Status
}

/** Enters a state: one version more, one entry in the history. Whatever belonged to the state before is named by `change`. */
function enter(task: Task, now: Date, change: Change, entry: Pick<HistoryEntry, 'reason' | 'fence'> = {}): Decision {
  const at = now.toISOString()
  const history = withEntry(task.history, { at, status: change.status, ...entry })
  return { ok: true, task: { ...task, ...change, since: at, updatedAt: at, version: task.version + 1, history } }
}

/** What a task no longer has when no worker holds it. */
const LEFT = { leaseUntil: undefined, worker: undefined, startedAt: undefined } as const

const isDue = ({ runAt }: Task, now: Date): boolean => Date.parse(runAt) <= now.getTime()

/** Its time has come: a scheduled or failed task is queued. */
export function becomeQueued(task: Task, now: Date): Decision {
  if (task.status !== 'scheduled' && task.status !== 'failed') return refuse('unchanged')
  return isDue(task, now) ? enter(task, now, { status: 'queued' }) : refuse('not_due')
}

/** A worker takes it. */
export function claim(task: Task, worker: string, now: Date): Decision {
  if (task.status !== 'queued') return refuse('not_queued')
  const fence = task.fence + 1
  const change = { status: 'running', fence, worker, leaseUntil: leaseFrom(now), startedAt: now.toISOString() } as const
  return enter(task, now, change, { fence })
}

const leaseFrom = (now: Date): string => new Date(now.getTime() + LEASE_MS).toISOString()

/** Still the worker's: running, and not claimed again since. */
const isHeld = (task: Task, fence: number): boolean => task.status === 'running' && task.fence === fence

/** The worker lives: it keeps the task for another lease. Tells nothing new to anybody else, so no entry. */
export function extend(task: Task, fence: number, now: Date): Decision {
  if (!isHeld(task, fence)) return refuse('lost')
  return {
    ok: true,
    task: { ...task, leaseUntil: leaseFrom(now), updatedAt: now.toISOString(), version: task.version + 1 },
  }
}

/** Done. It stands even if cancelling was asked for meanwhile: what was done can't be undone by a word. */
export function succeed(task: Task, fence: number, result: Json | undefined, now: Date): Decision {
  if (!isHeld(task, fence)) return refuse('lost')
  const change = {
    ...LEFT,
    status: 'succeeded',
    startedAt: task.startedAt,
    finishedAt: now.toISOString(),
    result,
  } as const
  return enter(task, now, change, { fence })
}

export interface AttemptFailure {
  readonly code: string
  readonly message: string
  /** False: trying again would fail again. */
  readonly retryable: boolean
  readonly retryAfterMs?: number | undefined
  /** Why it dies when it is not retryable. @default `not_retryable` */
  readonly death?: Death | undefined
}

/** The attempt failed: the task waits for the next one, or dies; when cancelling was asked for, that is its end. */
export function fail(
  task: Task,
  fence: number,
  attempt: AttemptFailure,
  policy: RetryPolicy,
  jitter: number,
  now: Date,
): Decision {
  if (!isHeld(task, fence)) return refuse('lost')
  if (task.cancelRequestedAt !== undefined) return endCancelled(task, now)
  const failures = task.failures + 1
  const failure = failureOf(attempt, now)
  const change = { ...LEFT, failures, failure }
  const reason = failure.code
  if (!attempt.retryable) return die({ ...task, ...change }, attempt.death ?? 'not_retryable', now, fence)
  if (failures >= policy.attempts) return die({ ...task, ...change }, 'attempts_exhausted', now, fence)
  const runAt = new Date(now.getTime() + retryDelay(policy, failures, jitter, attempt.retryAfterMs)).toISOString()
  return enter(task, now, { ...change, status: 'failed', runAt }, { reason, fence })
}

const failureOf = ({ code, message }: AttemptFailure, now: Date): Failure => ({
  code,
  message: message.slice(0, MAX_ERROR_LENGTH),
  at: now.toISOString(),
})

function die(task: Task, death: Death, now: Date, fence: number): Decision {
  return enter(task, now, { ...LEFT, status: 'dead', finishedAt: now.toISOString(), death }, { reason: death, fence })
}

/**
 * The worker is gone: its lease ended without an answer. Not the task's failure, so it may start again at once and its
 * attempts are untouched; but a task that loses one worker after the other is what kills them.
 */
export function rescue(task: Task, maxCrashes: number, now: Date): Decision {
  const { status, leaseUntil, fence } = task
  if (status !== 'running' || leaseUntil === undefined) return refuse('unchanged')
  if (Date.parse(leaseUntil) > now.getTime()) return refuse('not_due')
  const crashes = task.crashes + 1
  if (task.cancelRequestedAt !== undefined) return endCancelled({ ...task, crashes }, now)
  if (crashes >= maxCrashes) {
    const failure = failureOf(
      { code: 'worker_lost', message: 'the process ended before the task did', retryable: false },
      now,
    )
    return die({ ...task, crashes, failure }, 'crashed', now, fence)
  }
  return enter(task, now, { ...LEFT, status: 'queued', crashes }, { reason: 'worker_lost', fence })
}

/** Waiting: over at once. Running: the worker is asked to stop. */
export function cancel(task: Task, now: Date): Decision {
  if (task.status === 'cancelled') return refuse('unchanged')
  if (isFinished(task)) return refuse('finished')
  if (task.cancelRequestedAt !== undefined) return refuse('unchanged')
  if (task.status !== 'running') return endCancelled(task, now)
  const at = now.toISOString()
  return { ok: true, task: { ...task, cancelRequestedAt: at, updatedAt: at, version: task.version + 1 } }
}

/** The worker stopped because it was asked to. */
export function stopCancelled(task: Task, fence: number, now: Date): Decision {
  if (!isHeld(task, fence)) return refuse('lost')
  return endCancelled(task, now)
}

function endCancelled(task: Task, now: Date): Decision {
  const at = now.toISOString()
  const { startedAt, cancelRequestedAt = at } = task
  return enter(task, now, { ...LEFT, status: 'cancelled', startedAt, cancelRequestedAt, finishedAt: at })
}

/** A task that waits for its time or its next attempt starts now. */
export function startNow(task: Task, now: Date): Decision {
  if (task.status === 'queued') return refuse('unchanged')
  if (task.status === 'running') return refuse('running')
  if (isFinished(task)) return refuse('finished')
  return enter(task, now, { status: 'queued', runAt: now.toISOString() }, { reason: 'retried' })
}

/** A dead or cancelled task begins again: same id, same input, all its history, none of its failures counted. */
export function redrive(task: Task, now: Date): Decision {
  if (task.status !== 'dead' && task.status !== 'cancelled') return refuse('not_dead')
  const cleared = { death: undefined, cancelRequestedAt: undefined, finishedAt: undefined, failures: 0, crashes: 0 }
  const change = {
    ...LEFT,
    ...cleared,
    status: 'queued',
    redrives: task.redrives + 1,
    runAt: now.toISOString(),
  } as const
  return enter(task, now, change, { reason: 'redriven' })
}
