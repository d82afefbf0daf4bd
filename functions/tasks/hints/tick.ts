/**
 * The minute's look at what is due. It tells, it never decides: each hint's reader looks at the task itself, so ticks may
 * overlap, repeat or die half-way.
 *
 *   now                +60 s         +75 s
 *   tick ───────────── next tick      │
 *     └─ tasks due up to here ────────┘  a hint each, delayed to its second
 */
import { MINUTE, SECOND } from '#core/clock.ts'
import { type DueEntry, SHARDS } from '../task-keys.ts'
import type { DueStore } from './due.store.ts'
import { type DelayedHint, dueHint, hintDelaySeconds } from './hint.ts'
import type { SendHints } from './hints.store.ts'

/** A tick may be late by this much without anything being late. */
const OVERLAP_MS = 15 * SECOND
/** Hints of one tick for one shard. More are left to the next tick: they are not lost, only late, and the alarm on age tells. */
export const MAX_HINTS = 5_000

/** @returns how many hints were sent */
export async function tick(due: DueStore, sendHints: SendHints, now: Date): Promise<number> {
  const until = new Date(now.getTime() + MINUTE + OVERLAP_MS)
  const counts = await Promise.all(
    Array.from({ length: SHARDS }, async (_, shard) => {
      let sent = 0
      for await (const entries of due.upTo(shard, until)) {
        const hints = entries.filter((entry) => isToBeTold(entry, now)).map((entry) => hintOf(entry, now))
        await sendHints(hints.slice(0, MAX_HINTS - sent))
        sent += Math.min(hints.length, MAX_HINTS - sent)
        if (sent >= MAX_HINTS) break
      }
      return sent
    }),
  )
  return counts.reduce((sum, count) => sum + count, 0)
}

/** The lease of a task that runs is extended all the time: only one that has ended says anything. */
const isToBeTold = ({ kind, dueAt }: DueEntry, now: Date): boolean =>
  kind === 'run' || Date.parse(dueAt) <= now.getTime()

const hintOf = (entry: DueEntry, now: Date): DelayedHint => ({
  hint: dueHint(entry),
  delaySeconds: hintDelaySeconds(new Date(entry.dueAt), now),
})
