/**
 * The minute's look at what is due. The index only says where to look: what is done is decided on the object itself and
 * written on its version, so ticks may overlap, repeat or die half-way, and what one leaves the next one finds.
 *
 *   tick ─ entries up to now ─ load ─ due? ─ commit ✓        gone from the index with that very write
 *   pay  ───────────────────── load ──────── commit ✗ ─ load ─ expired: nothing to pay
 */
import { isUnavailable } from '#core/dependency.ts'
import type { InvocationLog } from '#core/log.ts'
import { DUE_SHARDS, type DueEntry } from '../payments-keys.ts'
import type { DueStore } from './due.store.ts'

/** What was done about an entry, by its metric; nothing when it was done before, and the index is a moment behind. */
export type Fired = { readonly [Name in 'expiredSessions' | 'expiredAuthorisations' | 'releasedDeliveries']?: number }

const METRICS = ['expiredSessions', 'expiredAuthorisations', 'releasedDeliveries'] as const

export interface TickServices {
  readonly due: DueStore
  /** Rejects when it should be tried again, a minute later. */
  readonly fire: (entry: DueEntry, now: Date) => Promise<Fired>
  /** Whether there is time for another one. */
  readonly mayGoOn: () => boolean
}

/** At once in a shard: a transaction takes some 30 ms, so a tick ends several thousand objects. */
const AT_ONCE = 4

/** One that fails keeps nobody waiting. Rejects at the end with the first of them, so that the alarm rings. */
export async function tick({ due, fire, mayGoOn }: TickServices, now: Date, log: InvocationLog): Promise<void> {
  const counts = { expiredSessions: 0, expiredAuthorisations: 0, releasedDeliveries: 0 }
  const faults: unknown[] = []
  const one = async (entry: DueEntry): Promise<void> => {
    try {
      const fired = await fire(entry, now)
      for (const name of METRICS) counts[name] += fired[name] ?? 0
    } catch (error) {
      faults.push(error)
      const level = isUnavailable(error) ? 'warn' : 'error'
      log.note(level, 'what is due failed', { kind: entry.kind, objectId: entry.id, error: String(error) })
    }
  }
  await Promise.all(
    Array.from({ length: DUE_SHARDS }, async (_, shard) => {
      for await (const entries of due.upTo(shard, now))
        for (let start = 0; start < entries.length && mayGoOn(); start += AT_ONCE)
          await Promise.all(entries.slice(start, start + AT_ONCE).map(one))
    }),
  )
  for (const name of METRICS) log.metric(name, counts[name])
  if (faults.length > 0) throw faults[0]
}
