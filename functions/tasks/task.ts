/** A task, its life and its limits. Pure types and constants; how one state follows another is in `states/transitions.ts`. */
import { DAY, MINUTE, SECOND } from '#core/clock.ts'
import type { Json } from '#core/json.ts'

/**
 *   scheduled ──due──► queued ──claimed──► running ──► succeeded
 *                        ▲                   │ │ └────► cancelled
 *                        │◄──lease expired───┘ ├─fails─► failed ──due──► queued
 *                        │                     └───────► dead ──redriven─┐
 *                        └───────────────────────────────────────────────┘
 * Cancelling ends it from every state but succeeded and dead.
 */
export const STATUSES = ['scheduled', 'queued', 'running', 'failed', 'succeeded', 'dead', 'cancelled'] as const
export type Status = (typeof STATUSES)[number]

/** `tsk_` and a ULID. Nothing else is looked up. */
export const TASK_ID = /^tsk_[0-7][0-9A-HJKMNP-TV-Z]{25}$/
export const QUEUE_NAME = /^[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?$/
export const DEFAULT_QUEUE = 'default'

export const MIN_PRIORITY = 0
export const MAX_PRIORITY = 9
export const DEFAULT_PRIORITY = 4
/**
 * Priority is a head start: each step counts as if the task had been queued a minute earlier. So every task is the
 * oldest at some time, and none waits more than nine minutes longer than it would have in order of arrival.
 */
export const PRIORITY_HEAD_START_MS = MINUTE

/** A year and a day: what other engines promise, and enough for anything that is not better a schedule. */
export const MAX_DELAY_MS = 366 * DAY
/** Bytes of the input as JSON. A request and a command of 256 KiB hold it with room for all else. */
export const MAX_INPUT_BYTES = 128 * 1024
/** Larger ones have an item of their own: the task's item is written at every transition, in units of 1 kB. */
export const INLINE_INPUT_BYTES = 1_024
/** Bytes of what a handler returns, as JSON. It is kept to be read, not as a store: larger ones are left out. */
export const MAX_RESULT_BYTES = 16 * 1024
export const MAX_ERROR_LENGTH = 1_000
/** Transitions that are kept: those of the first attempts and the latest ones, some 8 kB at most. */
export const MAX_HISTORY = 60
const HISTORY_HEAD = 10

/** A running task is its worker's this long; a crash is noticed this late. Six heartbeats may fail before that. */
export const LEASE_MS = 30 * SECOND
/** A cancellation is seen this late. */
export const HEARTBEAT_MS = 5 * SECOND
/** Finished tasks can be read, and dead ones redriven, for this long. */
export const RETENTION_MS = 30 * DAY
/** An idempotency key outlives every message that could repeat it (14 days in a queue and again in its dead-letter queue). */
export const IDEMPOTENCY_MS = 30 * DAY
/** Of an input that has an item of its own, from the start on: no task is retried for that long. */
export const INPUT_LIFE_MS = 120 * DAY

/** Why a task died. Each is a different thing to do for whoever redrives it. */
export const DEATHS = ['attempts_exhausted', 'not_retryable', 'crashed', 'unknown_task', 'invalid_input'] as const
export type Death = (typeof DEATHS)[number]

/** What went wrong, as users see it. */
export interface Failure {
  /** `timeout`, `http_503`, or the error's own code. */
  readonly code: string
  readonly message: string
  readonly at: string
}

export interface HistoryEntry {
  readonly at: string
  readonly status: Status
  /** Why, where the status alone does not tell: a code of a failure or a death, `redriven`, `worker_lost`. */
  readonly reason?: string
  /** Of the claim that it belongs to. */
  readonly fence?: number
}

export interface Task {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly queue: string
  readonly priority: number
  readonly status: Status
  /** One more with every write; the sequence of its events and the condition of the next write. */
  readonly version: number
  /** One more with every claim. Only the worker with the current one may write. */
  readonly fence: number
  /** Attempts that ended in a failure of the task itself, since it was made or redriven. */
  readonly failures: number
  /** Attempts that ended because their process did, since it was made or redriven. */
  readonly crashes: number
  readonly redrives: number
  readonly createdAt: string
  readonly createdBy: string
  readonly updatedAt: string
  /** When it may start, or start again. */
  readonly runAt: string
  /** When it entered its status. */
  readonly since: string
  readonly startedAt?: string | undefined
  readonly finishedAt?: string | undefined
  readonly leaseUntil?: string | undefined
  /** Runner that holds it. */
  readonly worker?: string | undefined
  readonly cancelRequestedAt?: string | undefined
  readonly failure?: Failure | undefined
  readonly death?: Death | undefined
  readonly result?: Json | undefined
  /** Undefined when it has an item of its own. */
  readonly input?: Json | undefined
  readonly inputBytes: number
  readonly idempotencyKey?: string | undefined
  readonly traceparent: string
  readonly history: readonly HistoryEntry[]
}

export interface TaskRef {
  readonly workspaceId: string
  readonly id: string
}

/** Keys of commands and keys of API callers never meet: those of callers begin with `api#`. */
export const COMMAND_KEY_PREFIX = 'command#'
export const commandKey = (commandId: string): string => `${COMMAND_KEY_PREFIX}${commandId}`
/** The command that a task was made by; undefined when a caller of the API made it. */
export const commandIdOf = ({ idempotencyKey }: Pick<Task, 'idempotencyKey'>): string | undefined =>
  idempotencyKey?.startsWith(COMMAND_KEY_PREFIX) === true ? idempotencyKey.slice(COMMAND_KEY_PREFIX.length) : undefined

export const isFinished = ({ status }: Pick<Task, 'status'>): boolean =>
  status === 'succeeded' || status === 'dead' || status === 'cancelled'

export const etagOf = (task: Task): string => String(task.version)

/** Keeps how it began and how it is going; what is between is cut out. */
export function withEntry(history: readonly HistoryEntry[], entry: HistoryEntry): readonly HistoryEntry[] {
  const all = [...history, entry]
  if (all.length <= MAX_HISTORY) return all
  return [...all.slice(0, HISTORY_HEAD), ...all.slice(all.length - (MAX_HISTORY - HISTORY_HEAD))]
}
