/**
 * The minute's look at what is due. It tells, it never decides: who gets a hint looks at the schedule itself, so ticks may
 * overlap, repeat or die half-way. An entry stays until its occurrence came to be, and is told again until then.
 *
 *   watermark            now              +75 s
 *   ├─ hour ─┼─ hour ─┼── tick ─────────────┤     all entries up to here get a hint, delayed to its second
 *   └─ no entries before this hour are left; it moves on to the first hour that still has one
 */
import { DAY, HOUR, MINUTE } from '#core/clock.ts'
import { BUCKET_MS, TICK_AHEAD_MS } from '../schedule.ts'
import { bucketsBetween, type DueEntry, SHARDS } from '../schedule-keys.ts'
import type { DueStore } from './due.store.ts'
import type { Hint } from './hint.ts'
import type { SendHints } from './hints.store.ts'

/** A schedule may be written a moment after the tick looked, by a clock that is behind: the hour before is closed this late. */
const LATE_WRITE_MS = 5 * MINUTE
/** Of a shard that was never looked at: no schedule is older than the first deployment's first ticks. */
const FIRST_LOOK_BACK_MS = DAY
/** Longer than any outage: beyond it entries are only found again when the watermark is put back. */
const MAX_LOOK_BACK_MS = 31 * DAY
/** Hints of one tick for one shard: about 500 calls. More are left to the next tick: late, not lost. */
export const MAX_HINTS = 5_000

export interface Ticked {
  readonly hints: number
  readonly queries: number
}

export async function tick(due: DueStore, sendHints: SendHints, now: Date): Promise<Ticked> {
  const watermarks = await due.watermarks()
  const shards = await Promise.all(
    Array.from({ length: SHARDS }, (_, shard) => tickShard({ due, sendHints, now }, shard, watermarks.get(shard))),
  )
  const sum = (count: (ticked: Ticked) => number) => shards.reduce((total, ticked) => total + count(ticked), 0)
  return { hints: sum(({ hints }) => hints), queries: sum(({ queries }) => queries) + 1 }
}

interface Tick {
  readonly due: DueStore
  readonly sendHints: SendHints
  readonly now: Date
}

async function tickShard({ due, sendHints, now }: Tick, shard: number, watermark: Date | undefined): Promise<Ticked> {
  const until = new Date(now.getTime() + TICK_AHEAD_MS)
  const from = firstLook(now, watermark)
  let [hints, queries] = [0, 0]
  let open: string | undefined
  for (const bucket of bucketsBetween(from, until.getTime())) {
    if (hints >= MAX_HINTS) break
    for await (const entries of due.before(bucket, shard, until)) {
      queries += 1
      if (entries.length > 0) open ??= bucket
      const told = entries.slice(0, MAX_HINTS - hints)
      await sendHints(
        told.map((entry) => hintOf(entry, now)),
        now,
      )
      hints += told.length
      if (hints >= MAX_HINTS) break
    }
  }
  const through = Math.min(open === undefined ? Number.POSITIVE_INFINITY : startOf(open), closedHour(now))
  if (watermark === undefined || through > watermark.getTime()) await due.advance(shard, new Date(through))
  return { hints, queries }
}

function firstLook(now: Date, watermark: Date | undefined): number {
  const look = watermark?.getTime() ?? now.getTime() - FIRST_LOOK_BACK_MS
  return Math.max(Math.min(look, closedHour(now)), now.getTime() - MAX_LOOK_BACK_MS)
}

/** The hour that may still get entries, for a moment after it is over. */
const closedHour = (now: Date): number => Math.floor((now.getTime() - LATE_WRITE_MS) / BUCKET_MS) * HOUR

const startOf = (bucket: string): number => Date.parse(`${bucket}:00:00.000Z`)

export const hintOf = ({ workspaceId, scheduleId, revision, nextAt, dueAt }: DueEntry, now: Date): Hint => ({
  workspaceId,
  scheduleId,
  revision,
  nominalAt: nextAt,
  ...(dueAt !== undefined && { dueAt }),
  dispatchedAt: now.toISOString(),
})
