/** Where a task lies in the table, and how a tick finds those that are due. */
import { describe, expect, it } from 'vitest'
import type { DelayedHint } from '../../../functions/tasks/hints/hint.ts'
import { dueHint, hintSchema } from '../../../functions/tasks/hints/hint.ts'
import { MAX_HINTS, tick } from '../../../functions/tasks/hints/tick.ts'
import { dueEntryOf, indexKeys, SHARDS, shardOf, taskKey } from '../../../functions/tasks/task-keys.ts'
import { later, NOW, newId, sampleTask, WORKSPACE } from './samples.ts'

describe('keys', () => {
  it('spread ids over all shards', () => {
    const counts = new Map<number, number>()
    for (let n = 0; n < 4_000; n += 1) {
      const shard = shardOf(newId())
      counts.set(shard, (counts.get(shard) ?? 0) + 1)
    }
    expect([...counts.keys()].toSorted((a, b) => a - b)).toEqual(Array.from({ length: SHARDS }, (_, shard) => shard))
    expect(Math.min(...counts.values())).toBeGreaterThan(4_000 / SHARDS / 2)
  })

  it('of the due index tell the task again', () => {
    const task = sampleTask({ status: 'scheduled', runAt: later(5).toISOString(), workspaceId: 'wsp_a#b' })
    const { dueSk } = indexKeys(task) as { dueSk: string }
    expect(dueEntryOf({ ...taskKey(task), dueSk })).toEqual({
      workspaceId: 'wsp_a#b',
      id: task.id,
      dueAt: task.runAt,
      kind: 'run',
    })
  })

  it('keep finished and queued tasks out of the due index', () => {
    expect(indexKeys(sampleTask())['duePk']).toBeUndefined()
    expect(indexKeys(sampleTask({ status: 'dead', finishedAt: NOW.toISOString() }))).toMatchObject({
      duePk: undefined,
      ttl: NOW.getTime() / 1_000 + 30 * 24 * 3_600,
    })
  })
})

describe('a tick', () => {
  const at = (ms: number, kind: 'run' | 'lease' = 'run') => ({
    workspaceId: WORKSPACE,
    id: newId(),
    kind,
    dueAt: later(ms).toISOString(),
  })

  it('tells of what is due within 75 seconds, to the second, and of leases that have ended', async () => {
    const soon = at(30_400)
    const ended = at(-1, 'lease')
    const sent: DelayedHint[] = []
    const asked: string[] = []
    const due = {
      async *upTo(shard: number, until: Date) {
        asked.push(until.toISOString())
        if (shard === 3) yield [soon, ended, at(20_000, 'lease')]
      },
    }
    expect(await tick(due, async (hints) => void sent.push(...hints), NOW)).toBe(2)
    expect(sent).toEqual([
      { hint: dueHint(soon), delaySeconds: 31 },
      { hint: dueHint(ended), delaySeconds: 0 },
    ])
    expect(new Set(asked)).toEqual(new Set([later(75_000).toISOString()]))
    expect(sent.every(({ hint }) => hintSchema.safeParse(hint).success)).toBe(true)
  })

  it('sends so many hints for a shard and no more', async () => {
    const page = Array.from({ length: 3_000 }, () => at(0))
    let count = 0
    const due = {
      async *upTo(shard: number) {
        for (let n = 0; shard === 0 && n < 3; n += 1) yield page
      },
    }
    const sendHints = async (hints: readonly DelayedHint[]) => {
      count += hints.length
    }
    expect(await tick(due, sendHints, NOW)).toBe(MAX_HINTS)
    expect(count).toBe(MAX_HINTS)
  })
})
