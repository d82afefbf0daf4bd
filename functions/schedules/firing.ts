/**
 * What happens when a schedule's time has come, or passed. Pure: the schedule, the hint and the time go in, the schedule
 * as it is from now on and the runs come out, and the store writes them together or not at all.
 *
 *   nominal ──── on time ────┬──────────── missed: the catch-up policy decides ───────────►
 *   fire it                  ON_TIME_MS    fire-once  the latest, standing for all
 *                                          skip       none; those that are still on time are
 *                                          fire-all   the latest `cap` within the window
 */
import { HOUR, SECOND } from '#core/clock.ts'
import type { Hint } from './hint.ts'
import { ON_TIME_MS, occurrenceId, type Run, type RunKind, type Schedule } from './schedule.ts'
import { nextOccurrence, parseTiming, type Timing } from './timing.ts'

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

export const timingOf = (schedule: Pick<Schedule, 'expression' | 'timeZone' | 'anchor' | 'dst'>): Timing => {
  const parsed = parseTiming(schedule)
  if (!parsed.ok) throw new Error(`expected a stored expression to be valid, got ${parsed.fault.detail}`)
  return parsed.timing
}

export function decideFiring(schedule: Schedule | undefined, hint: Hint, now: Date, tzdata: string): Firing {
  if (schedule === undefined || schedule.revision !== hint.revision || schedule.nextAt !== hint.nominalAt)
    return { kind: 'stale' }
  const nominal = Date.parse(hint.nominalAt)
  if (nominal > now.getTime()) return { kind: 'early' }
  const timing = timingOf(schedule)
  const chosen = now.getTime() - nominal <= ON_TIME_MS ? onTime(nominal) : caughtUp(schedule, timing, nominal, now)
  return fire(schedule, chosen, timing, { dispatchedAt: hint.dispatchedAt, startedAt: now.toISOString(), tzdata })
}

interface Chosen {
  readonly times: readonly { readonly at: number; readonly kind: RunKind; readonly missed: number }[]
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

function caughtUp({ catchUp }: Schedule, timing: Timing, nominal: number, now: Date): Chosen {
  const until = now.getTime()
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

function fire(schedule: Schedule, { times, through, lost }: Chosen, timing: Timing, run: RunTimes): Firing {
  const next = nextOccurrence(timing, through)
  const nextAt = next === undefined ? undefined : iso(next.at)
  const runs = times.map(({ at, kind, missed }, index) =>
    runOf(schedule, { ...run, kind, nominalAt: iso(at), missed, nextAt: iso(times[index + 1]?.at) ?? nextAt, index }),
  )
  const lastAt = runs.findLast(({ kind }) => kind !== 'missed')?.nominalAt ?? schedule.lastAt
  const after: Schedule = {
    ...schedule,
    status: nextAt === undefined ? 'ended' : 'active',
    version: schedule.version + Math.max(1, runs.length),
    nextAt,
    lastAt,
    missed: schedule.missed + lost,
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
  const { id, workspaceId, revision, version, lastAt, name, target, traceparent } = schedule
  return {
    ...facts,
    // A missed record stands at the first time that was let go. Its mark keeps it apart from a run at that time.
    id: occurrenceId(id, facts.nominalAt, kind === 'missed' ? 'missed' : request),
    scheduleId: id,
    workspaceId,
    kind,
    previousAt: lastAt,
    revision,
    sequence: version + 1 + index,
    name,
    ...(kind !== 'missed' && { target }),
    traceparent,
  }
}

/** A run by hand, now. The schedule's own times stay as they are; a paused one runs too. */
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
