/** A schedule and its runs: their shapes and limits. Pure. */
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'
import type { Json } from '#core/json.ts'
import type { DstChoice } from './timing/dst.ts'

export const SCHEDULE_ID = /^sch_[0-7][0-9A-HJKMNP-TV-Z]{25}$/

export const STATUSES = ['active', 'paused', 'ended'] as const
/** `ended`: there is no next time. */
export type Status = (typeof STATUSES)[number]

export const CATCH_UP_POLICIES = ['fire-once', 'skip', 'fire-all'] as const
export type CatchUpPolicy = (typeof CATCH_UP_POLICIES)[number]

/** What happens with times that passed while nothing ticked. */
export interface CatchUp {
  readonly policy: CatchUpPolicy
  /** `fire-all` runs at most this many, the latest ones. */
  readonly cap: number
  /** Times that are longer ago are never caught up. */
  readonly windowSeconds: number
}

/** With the schedule and its due entry they are written in one transaction, which takes 100 items. */
export const MAX_CATCH_UP_CAP = 50
export const MAX_CATCH_UP_WINDOW_SECONDS = (30 * DAY) / SECOND
export const MIN_CATCH_UP_WINDOW_SECONDS = MINUTE / SECOND
export const DEFAULT_CATCH_UP: CatchUp = { policy: 'fire-once', cap: 10, windowSeconds: DAY / SECOND }

/**
 * Later than this, an occurrence counts as missed and the catch-up policy decides. A tick that comes once a minute may
 * be late or lost once without anybody noticing more than a delay.
 */
export const ON_TIME_MS = 90 * SECOND

export const RUN_OVERLAP_POLICIES = ['allow', 'skip', 'buffer-one'] as const
export type OverlapPolicy = (typeof RUN_OVERLAP_POLICIES)[number]

/** The run whose task others must not overlap, until it is told that the task is over; see `firing/overlap.ts`. */
export interface Going {
  readonly runId: string
  /** At the latest. */
  readonly until: string
}

/** A time that waits for that. */
export interface BufferedTime {
  readonly nominalAt: string
  readonly dispatchedAt: string
  readonly missed: number
}

export type Target =
  /** A task of the tasks service. `name` is the kind of task, `input` as it takes it. */
  | {
      readonly type: 'task'
      readonly name: string
      readonly input: Json
      readonly queue?: string | undefined
      readonly priority?: number | undefined
    }
  /** The event `ScheduleFired`, carrying this. */
  | { readonly type: 'event'; readonly data: Json }

/** Of a task's input or an event's data as JSON: with all else it has to fit an entry of the bus, 256 KiB. */
export const MAX_PAYLOAD_BYTES = 32 * 1024
export const MAX_NAME_LENGTH = 100
export const MAX_NOTE_LENGTH = 500
/** Of one workspace. */
export const MAX_SCHEDULES = 10_000
/** Runs can be read for this long. */
export const RUN_RETENTION_MS = 90 * DAY

/** What its owner says, and may change. */
export interface Definition {
  readonly name: string
  readonly expression: string
  readonly timeZone: string
  /** RFC 3339. Intervals are counted from here. */
  readonly anchor: string
  /** What the owner chose; the rest follows the expression. */
  readonly dst?: DstChoice | undefined
  readonly catchUp: CatchUp
  /** What happens when the task of an earlier run goes on. @default allow */
  readonly overlapPolicy?: OverlapPolicy | undefined
  /** RFC 3339. It has no times before the one and behind the other; at them it has. */
  readonly startAt?: string | undefined
  readonly endAt?: string | undefined
  /** Each time is later by up to this much, see `timing/jitter.ts`. @default 0 */
  readonly jitterSeconds?: number | undefined
  readonly target: Target
}

export interface Schedule extends Definition {
  readonly id: string
  readonly workspaceId: string
  readonly status: Status
  /** Why it is paused. */
  readonly note?: string | undefined
  /** Rises with each change that somebody made. A tick that has another one is stale. */
  readonly revision: number
  /** Rises with every write: two writers can't both win. */
  readonly version: number
  /** The next occurrence, RFC 3339; absent unless active. */
  readonly nextAt?: string | undefined
  /** The nominal time of the latest run. */
  readonly lastAt?: string | undefined
  /** Occurrences that were neither run on time nor caught up. */
  readonly missed: number
  /** Only known when overlapping is not allowed. */
  readonly going?: Going | undefined
  readonly buffered?: BufferedTime | undefined
  readonly createdAt: string
  readonly updatedAt: string
  readonly createdBy: string
  readonly traceparent: string
}

export const RUN_KINDS = ['scheduled', 'caught-up', 'buffered', 'manual', 'missed', 'skipped'] as const
/**
 * `buffered`: it waited for the run before it. Of two nothing ran: `missed` tells how many times were let go, and from when
 * on; `skipped` that one came while an earlier run went on.
 */
export type RunKind = (typeof RUN_KINDS)[number]

export const TASK_STATUSES = ['running', 'failed', 'succeeded', 'dead', 'cancelled'] as const

/** What the tasks service told last of the task that a run asked for. */
export interface RunTask {
  readonly id: string
  /** `failed`: an attempt failed, and it waits for the next one. */
  readonly status: (typeof TASK_STATUSES)[number]
  /** When its first attempt began. */
  readonly startedAt?: string | undefined
  readonly finishedAt?: string | undefined
  /** Of the event; an older one changes nothing. */
  readonly sequence: number
}

/** One occurrence that was decided about. It is written once and for all; only `deliveredAt` and `task` come later. */
export interface Run {
  /** `<schedule id>@<nominal time>`; of a run by hand with the id of its request behind. */
  readonly id: string
  readonly scheduleId: string
  readonly workspaceId: string
  readonly kind: RunKind
  /** When it should be. */
  readonly nominalAt: string
  /** When a tick handed it to the queue. */
  readonly dispatchedAt: string
  /** When it left the queue and came to be. */
  readonly startedAt: string
  /** When the tasks service had the command; of an event nothing is recorded behind `startedAt`. */
  readonly deliveredAt?: string | undefined
  /** Absent of events, and until the task has begun. */
  readonly task?: RunTask | undefined
  /** Occurrences that this one stands for, beside its own. */
  readonly missed: number
  readonly previousAt?: string | undefined
  readonly nextAt?: string | undefined
  readonly revision: number
  /** Rises with every run of the schedule. */
  readonly sequence: number
  /** The tz database that the time was worked out with. */
  readonly tzdata: string
  readonly name: string
  /** Absent when nothing ran. */
  readonly target?: Target | undefined
  /** True when no other may start before its task is over. */
  readonly holds?: true | undefined
  readonly traceparent: string
}

export const hasRun = ({ kind }: Pick<Run, 'kind'>): boolean => kind !== 'missed' && kind !== 'skipped'

export interface ScheduleRef {
  readonly workspaceId: string
  readonly id: string
}

export const occurrenceId = (scheduleId: string, nominalAt: string, request?: string): string =>
  `${scheduleId}@${nominalAt}${request === undefined ? '' : `@${request}`}`

/**
 * An `ETag`: it changes when anything of the answer does. A writer's `If-Match` compares the revision in it only: that
 * a schedule fired meanwhile is no reason to refuse a change.
 */
export const etagOf = ({ revision, version }: Schedule): string => `${revision}.${version}`
export const revisionOfEtag = (etag: string): string => etag.split('.', 1)[0] ?? etag

/** How far ahead a tick looks: its own minute, and some more, so that a tick that is a little late makes nothing late. */
export const TICK_AHEAD_MS = MINUTE + 15 * SECOND
/** Buckets of the due index. */
export const BUCKET_MS = HOUR
