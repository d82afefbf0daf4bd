import { describe, expect, it } from 'vitest'
import type { DueStore } from '../../../functions/schedules/firing/due.store.ts'
import { delaySeconds, type Hint, MAX_DELAY_SECONDS } from '../../../functions/schedules/firing/hint.ts'
import { MAX_HINTS, tick } from '../../../functions/schedules/firing/tick.ts'
import { bucketsBetween, type DueEntry, SHARDS, shardOf } from '../../../functions/schedules/schedule-keys.ts'
import { at, ID } from './samples.ts'

/** Entries in memory, and a count of what was asked. */
function dueStore(entries: DueEntry[]) {
  const asked: string[] = []
  const through = new Map<number, Date>()
  const due: DueStore = {
    watermarks: async () => through,
    async *before(bucket, shard, until) {
      asked.push(bucket)
      yield entries.filter(
        ({ nextAt, scheduleId }) =>
          nextAt.startsWith(bucket) && shardOf(scheduleId) === shard && nextAt < until.toISOString(),
      )
    },
    async advance(shard, date) {
      if (date > (through.get(shard) ?? new Date(0))) through.set(shard, date)
    },
  }
  return { due, asked, through }
}

const entry = (time: string, id = ID): DueEntry => ({
  workspaceId: 'wsp_1',
  scheduleId: id,
  revision: 1,
  nextAt: at(time).toISOString(),
})

const ticking = async (store: ReturnType<typeof dueStore>, now: Date) => {
  const sent: Hint[] = []
  const ticked = await tick(store.due, async (hints) => void sent.push(...hints), now)
  return { ticked, sent, times: sent.map(({ nominalAt }) => nominalAt.slice(11, 19)) }
}

describe('a tick', () => {
  it('tells what is due up to 75 seconds ahead, and nothing behind', async () => {
    const store = dueStore([entry('10:20:00'), entry('10:21:14.999'), entry('10:21:15'), entry('12:00:00')])
    expect((await ticking(store, at('10:20:00'))).times).toEqual(['10:20:00', '10:21:14'])
  })

  it('asks once for each shard, and once for the watermarks', async () => {
    const store = dueStore([])
    await ticking(store, at('10:20:00'))
    store.asked.length = 0
    expect((await ticking(store, at('10:21:00'))).ticked).toEqual({ hints: 0, queries: SHARDS + 1 })
    expect(new Set(store.asked)).toEqual(new Set(['2026-11-21T10']))
  })

  it('looks into the next hour shortly before it, and into the last one shortly behind', async () => {
    const store = dueStore([entry('11:00:05')])
    await ticking(store, at('10:30:00'))
    expect((await ticking(store, at('10:59:00'))).times).toEqual(['11:00:05'])
    store.asked.length = 0
    await ticking(store, at('11:04:59'))
    expect(new Set(store.asked)).toEqual(new Set(['2026-11-21T10', '2026-11-21T11']))
  })

  it('finds after an outage of hours what was left', async () => {
    const store = dueStore([entry('10:30:00')])
    await ticking(store, at('10:20:00'))
    expect((await ticking(store, at('17:00:00'))).times).toEqual(['10:30:00'])
    // Told again until somebody fires it: the watermark waits.
    expect((await ticking(store, at('18:30:00'))).times).toEqual(['10:30:00'])
    expect(store.through.get(shardOf(ID))).toEqual(at('10:00:00'))
  })

  it('moves its watermark on when nothing is left, but leaves an hour open a little while', async () => {
    const store = dueStore([])
    await ticking(store, at('10:20:00'))
    await ticking(store, at('11:04:00'))
    expect(store.through.get(0)).toEqual(at('10:00:00'))
    await ticking(store, at('11:05:00'))
    expect(store.through.get(0)).toEqual(at('11:00:00'))
  })

  it('leaves to the next tick what is too much for one', async () => {
    const store = dueStore(Array.from({ length: MAX_HINTS + 1 }, () => entry('10:20:00')))
    expect((await ticking(store, at('10:20:00'))).ticked.hints).toBe(MAX_HINTS)
  })

  it('fails as a whole when the queue does, and its watermark stays', async () => {
    const store = dueStore([entry('10:20:00')])
    const failing = tick(store.due, () => Promise.reject(new Error('away')), at('10:20:00'))
    await expect(failing).rejects.toThrow('away')
    expect(store.through.has(shardOf(ID))).toBe(false)
  })
})

it.each([
  ['10:00:00', '10:00:00', 0],
  ['10:00:00', '09:59:59.999', 1],
  ['10:00:00', '09:59:30', 30],
  ['10:00:00', '10:00:05', 0],
  ['12:00:00', '10:00:00', MAX_DELAY_SECONDS],
])('a hint for %s sent at %s waits %i seconds', (nominal, now, seconds) => {
  expect(delaySeconds(at(nominal).toISOString(), at(now))).toBe(seconds)
})

it('hours between two times include both', () => {
  expect(bucketsBetween(at('10:59:59').getTime(), at('12:00:00').getTime())).toEqual([
    '2026-11-21T10',
    '2026-11-21T11',
    '2026-11-21T12',
  ])
})
