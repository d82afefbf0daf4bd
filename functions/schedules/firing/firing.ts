/**
 * What happens when a schedule's time has come, or passed, or was waited for. Pure: the schedule, the hint and the time go in, the schedule
 * as it is from now on and the runs come out, and the store writes them together or not at all.
 *
 *   nominal ──── on time ────┬──────────── missed: the catch-up policy decides ───────────►
 *   fire it                  ON_TIME_MS    fire-once  the latest, standing for all
 *                                          skip       none; those that are still on time are
 *                                          fire-all   the latest `cap` within the window
 */
import { HOUR, SECOND } from '#core/clock.ts'
import { hasRun, ON_TIME_MS, occurrenceId, type Run, type RunKind, type Schedule } from '../schedule.ts'
import { jitterMs } from '../timing/jitter.ts'
import { nextOccurrence, type Timing, timingOf } from '../timing/timing.ts'
import type { Hint } from './hint.ts'
import { type ChosenTime, goingOn, passOverlap } from './overlap.ts'

export type Firing =
  /** Not this schedule's next time any more: somebody else fired it, or changed it. */
  | { readonly kind: 'stale' }
  | { readonly kind: 'early' }
  | { readonly kind: 'fire'; readonly schedule: Schedule; readonly runs: readonly Run[] }

/** Beyond it, what passed is not counted one by one. */
export const MAX_COUNTED = 1_000
/** How far back is looked first for the latest occurrences, and how much further each time. */
const FIRST_LOOK_MS = HOUR
const LOOK_FACTOR = 6

export function decideFiring(schedule: Schedule | undefined, hint: Hint, now: Date, tzdata: string): Firing {
  if (schedule === undefined || schedule.revision !== hint.revision || schedule.nextAt !== hint.nominalAt)
    return { kind: 'stale' }
  const nominal = Date.parse(hint.nominalAt)
  // All its times are later by the same: to it, it is that much earlier.
  const until = now.getTime() - jitterMs(schedule)
  if (nominal > until) return { kind: 'early' }
  const timing = timingOf(schedule)
  const chosen = until - nominal <= ON_TIME_MS ? onTime(nominal) : caughtUp(schedule, timing, nominal, until)
  const run = { dispatchedAt: hint.dispatchedAt, startedAt: now.toISOString(), tzdata }
  return fire(schedule, chosen, timing, run)
}

interface Chosen {
  readonly times: readonly ChosenTime[]
  /** All up to here are dealt with. */
  readonly through: number
  /** Let go for good. */
  readonly lost: number
}

const onTime = (nominal: number): Chosen => ({
  times: [{ at: nominal, kind: 'scheduled', missed: 0 }],
  through: nominal,
  lost: 0,
})

function caughtUp({ catchUp }: Schedule, timing: Timing, nominal: number, until: number): Chosen {
  const oldest = until - catchUp.windowSeconds * SECOND
  const passed = count(timing, nominal, until)
  const latest = (limit: number) => latestOf(timing, Math.max(nominal, oldest), until, limit)
  switch (catchUp.policy) {
    case 'fire-once': {
      const [last] = latest(1)
      if (last === undefined) return { times: [missedRecord(nominal, passed)], through: until, lost: passed }
      return { times: [{ at: last, kind: 'caught-up', missed: passed - 1 }], through: until, lost: 0 }
    }
    case 'fire-all': {
      const times = latest(catchUp.cap)
      const lost = passed - times.length
      const runs = times.map((at) => ({ at, kind: 'caught-up', missed: 0 }) as const)
      return { times: [...(lost > 0 ? [missedRecord(nominal, lost)] : []), ...runs], through: until, lost }
    }
    case 'skip': {
      const through = until - ON_TIME_MS - 1
      const lost = count(timing, nominal, through)
      return { times: [missedRecord(nominal, lost)], through, lost }
    }
  }
}

const missedRecord = (at: number, missed: number) => ({ at, kind: 'missed', missed }) as const

/** Occurrences from `nominal`, which is one, through `until`; at most `MAX_COUNTED`. */
function count(timing: Timing, nominal: number, until: number): number {
  let counted = 0
  for (const _ of timing.occurrences(nominal - 1, until)) if (++counted >= MAX_COUNTED) break
  return counted
}

/** The latest `limit` occurrences in [from, until], earliest first: looks back in growing steps, for the way may be long. */
function latestOf(timing: Timing, from: number, until: number, limit: number): readonly number[] {
  for (let look = FIRST_LOOK_MS; ; look *= LOOK_FACTOR) {
    const start = Math.max(from, until - look)
    const found = [...timing.occurrences(start - 1, until)].map(({ at }) => at)
    if (found.length >= limit || start === from) return found.slice(-limit)
  }
}

interface RunTimes {
  readonly dispatchedAt: string
  readonly startedAt: string
  readonly tzdata: string
}

function fire(schedule: Schedule, { times: chosen, through, lost }: Chosen, timing: Timing, run: RunTimes): Firing {
  const next = nextOccurrence(timing, through)
  const nextAt = next === undefined ? undefined : iso(next.at)
  const { times, going, buffered } = passOverlap(schedule, chosen, run, new Date(run.startedAt))
  const runs = times.map(({ at, kind, missed, dispatchedAt = run.dispatchedAt }, index) => {
    const facts = { ...run, dispatchedAt, kind, nominalAt: iso(at), missed, index }
    return runOf({ ...schedule, going }, { ...facts, nextAt: iso(times[index + 1]?.at) ?? nextAt })
  })
  const lastAt = runs.findLast(hasRun)?.nominalAt ?? schedule.lastAt
  const skipped = runs.filter(({ kind }) => kind === 'skipped').reduce((sum, { missed }) => sum + missed, 0)
  const after: Schedule = {
    ...schedule,
    status: nextAt === undefined ? 'ended' : 'active',
    version: schedule.version + Math.max(1, runs.length),
    nextAt,
    lastAt,
    missed: schedule.missed + lost + skipped,
    going,
    buffered,
  }
  return { kind: 'fire', schedule: after, runs }
}

function iso(at: number): string
function iso(at: number | undefined): string | undefined
function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString()
}

interface RunFacts extends RunTimes {
  readonly kind: RunKind
  readonly nominalAt: string
  readonly missed: number
  readonly nextAt: string | undefined
  readonly index: number
  readonly request?: string
}

function runOf(schedule: Schedule, { index, request, kind, ...facts }: RunFacts): Run {
  const { id: scheduleId, workspaceId, revision, version, lastAt, name, target, traceparent } = schedule
  // A missed record stands at the first time that was let go. Its mark keeps it apart from a run at that time.
  const id = occurrenceId(scheduleId, facts.nominalAt, kind === 'missed' ? 'missed' : request)
  return {
    ...facts,
    id,
    scheduleId,
    workspaceId,
    kind,
    previousAt: lastAt,
    revision,
    sequence: version + 1 + index,
    name,
    ...(hasRun({ kind }) && { target }),
    ...(hasRun({ kind }) && schedule.going?.runId === id && { holds: true }),
    traceparent,
  }
}

/** The task of a run that held the schedule is over: what waited for that runs. Undefined when it held nothing any more. */
export function release(
  schedule: Schedule,
  runId: string,
  now: Date,
  tzdata: string,
): { readonly schedule: Schedule; readonly runs: readonly Run[] } | undefined {
  const { going, buffered, version, nextAt, lastAt = '' } = schedule
  if (going?.runId !== runId) return undefined
  const free: Schedule = { ...schedule, version: version + 1, going: undefined, buffered: undefined }
  if (buffered === undefined) return { schedule: free, runs: [] }
  const after = {
    ...free,
    going: goingOn(schedule, buffered.nominalAt, now),
    lastAt: [lastAt, buffered.nominalAt].sort().at(-1),
  }
  const facts = { ...buffered, startedAt: now.toISOString(), tzdata, kind: 'buffered', nextAt, index: 0 } as const
  return { schedule: after, runs: [runOf({ ...schedule, going: after.going }, facts)] }
}

/** A run by hand, now, whatever goes on. The schedule's own times stay as they are; a paused one runs too. */
export function trigger(
  schedule: Schedule,
  request: { readonly id: string; readonly traceparent: string },
  now: Date,
  tzdata: string,
): { readonly schedule: Schedule; readonly run: Run } {
  const at = now.toISOString()
  const times = { dispatchedAt: at, startedAt: at, tzdata }
  const facts = { ...times, kind: 'manual', nominalAt: at, missed: 0, nextAt: schedule.nextAt, index: 0 } as const
  const run = runOf({ ...schedule, traceparent: request.traceparent }, { ...facts, request: request.id })
  return { schedule: { ...schedule, version: schedule.version + 1 }, run }
}
