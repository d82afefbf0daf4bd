/** What every store of tasks does, in memory and in the table. */
import { describe, expect, it } from 'vitest'
import type { TasksStore } from '../../../functions/tasks/states/tasks.store.ts'
import { cancel, claim, succeed } from '../../../functions/tasks/states/transitions.ts'
import { LEASE_MS, type Task } from '../../../functions/tasks/task.ts'
import type { Json } from '../../../layers/core/json.ts'
import { later, NOW, newId, sampleTask } from '../../unit/tasks/samples.ts'

/** An index may lag behind: `eventually` asks until the answer is right. */
type Eventually = <T>(look: () => Promise<T>, isRight: (seen: T) => boolean) => Promise<T>

export function tasksStoreCases(make: () => TasksStore, eventually: Eventually): void {
  /** A workspace of its own for each test. */
  const workspace = () => `wsp_${newId()}`
  const created = async (store: TasksStore, over: Partial<Task> = {}, largeInput?: Json, fingerprint?: string) => {
    const task = sampleTask(over)
    await store.create({ task, largeInput, fingerprint })
    return task
  }

  describe('a task', () => {
    it('is read as it was made, by its workspace only', async () => {
      const store = make()
      const task = await created(store, { workspaceId: workspace() })
      expect(await store.get(task)).toEqual(task)
      expect(await store.input(task)).toEqual({})
      expect(await store.get({ ...task, workspaceId: 'wsp_other' })).toBeUndefined()
      expect(await store.get({ ...task, id: newId() })).toBeUndefined()
      expect(await store.get({ ...task, id: '' })).toBeUndefined()
    })

    it('with a large input is read without it, and the input for itself', async () => {
      const store = make()
      const input = { text: 'x'.repeat(60_000) }
      const { input: _, ...rest } = sampleTask({ workspaceId: workspace() })
      await store.create({ task: rest, largeInput: input, fingerprint: undefined })
      const task = await store.get(rest)
      expect(task?.input).toBeUndefined()
      expect(task && (await store.input(task))).toEqual(input)
    })

    it('is made once for each key', async () => {
      const store = make()
      const over = { workspaceId: workspace(), idempotencyKey: 'api#1' }
      const first = await created(store, over, undefined, 'fingerprint')
      const again = sampleTask(over)
      expect(await store.create({ task: again, largeInput: undefined, fingerprint: 'fingerprint' })).toEqual({
        kind: 'exists',
        id: first.id,
      })
      expect(await store.create({ task: again, largeInput: undefined, fingerprint: 'other' })).toEqual({
        kind: 'key_reused',
      })
      expect(await store.get(again)).toBeUndefined()
      const elsewhere = sampleTask({ ...over, workspaceId: workspace() })
      expect(await store.create({ task: elsewhere, largeInput: undefined, fingerprint: 'x' })).toEqual({
        kind: 'created',
      })
    })

    it('made by many with one key at once is made once', async () => {
      const store = make()
      const over = { workspaceId: workspace(), idempotencyKey: 'api#1' }
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, () =>
          store.create({ task: sampleTask(over), largeInput: undefined, fingerprint: 'fingerprint' }),
        ),
      )
      expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1)
      expect(outcomes.filter(({ kind }) => kind === 'exists')).toHaveLength(7)
    })
  })

  describe('a change', () => {
    it('is written on condition that nobody wrote since', async () => {
      const store = make()
      const task = await created(store, { workspaceId: workspace() })
      const [a, b] = [claim(task, 'a', NOW), claim(task, 'b', NOW)]
      if (!a.ok || !b.ok) throw new Error('expected both to be possible')
      expect(await store.replace(task, a.task)).toBe(true)
      expect(await store.replace(task, b.task)).toBe(false)
      expect((await store.get(task))?.worker).toBe('a')
    })

    it('of many claimants is one', async () => {
      const store = make()
      const task = await created(store, { workspaceId: workspace() })
      const outcomes = await Promise.all(
        Array.from({ length: 8 }, (_, n) => store.change(task, (latest) => claim(latest, `run_${n}`, NOW))),
      )
      expect(outcomes.filter(({ kind }) => kind === 'done')).toHaveLength(1)
      expect((await store.get(task))?.fence).toBe(1)
    })

    it('is decided anew when somebody wrote in between', async () => {
      const store = make()
      const task = await created(store, { workspaceId: workspace() })
      const claimed = await store.change(task, (latest) => claim(latest, 'a', NOW))
      if (claimed.kind !== 'done') throw new Error('expected a claim')
      await store.change(task, (latest) => cancel(latest, later(1)))
      const done = await store.change(task, (latest) => succeed(latest, 1, 'x', later(2)), claimed.task)
      expect(done).toMatchObject({ kind: 'done', task: { status: 'succeeded', version: 4, result: 'x' } })
      expect(await store.change(task, (latest) => cancel(latest, NOW))).toMatchObject({
        kind: 'refused',
        reason: 'finished',
      })
      expect(await store.change({ ...task, id: newId() }, (latest) => cancel(latest, NOW))).toEqual({ kind: 'unknown' })
    })
  })

  describe('a queue', () => {
    it('has its queued tasks in the order of dispatch, and its running ones', async () => {
      const store = make()
      const over = { workspaceId: workspace(), queue: 'order' }
      const late = await created(store, { ...over, since: later(30_000).toISOString() })
      const early = await created(store, { ...over })
      const urgent = await created(store, { ...over, since: later(60_000).toISOString(), priority: 9 })
      await created(store, { ...over, status: 'scheduled', runAt: later(1).toISOString() })
      await created(store, { ...over, queue: 'another' })
      const busy = await created(store, { ...over, status: 'running', leaseUntil: later(LEASE_MS).toISOString() })
      const ids = await eventually(
        () => store.ready(over.workspaceId, 'order', 10),
        (seen) => seen.length >= 3,
      )
      expect(ids).toEqual([urgent.id, early.id, late.id])
      expect(await store.ready(over.workspaceId, 'order', 2)).toEqual([urgent.id, early.id])
      expect(await store.running(over.workspaceId, 'order', 10)).toEqual([busy.id])
      const found = await store.getAll(over.workspaceId, [late.id, newId(), urgent.id, late.id])
      expect(found.map(({ id }) => id)).toEqual([late.id, urgent.id])
    })
  })
}
