/** Tasks whose runner is gone. */
import { describe, expect, it } from 'vitest'
import { dueHint } from '../../../functions/tasks/hints/hint.ts'
import type { TaskContext } from '../../../functions/tasks/kinds/task-definition.ts'
import { POLL_MS } from '../../../functions/tasks/running/run.ts'
import { LEASE_MS } from '../../../functions/tasks/task.ts'
import { add, define, engine, never, settle, statusOf, watchesOf } from './engine.ts'

describe('a runner that is killed', () => {
  const killed = async () => {
    const runs: string[] = []
    let live = true
    const handler = async (_: unknown, { taskId }: TaskContext) => {
      runs.push(taskId)
      return live ? never : undefined
    }
    const all = engine([define({ handler, timeoutMs: 10 * LEASE_MS })])
    const tasks = [add(all), add(all), add(all)]
    await all.dispatch(all.wake)
    const { crash } = all.run()
    await all.pass(POLL_MS)
    crash()
    live = false
    return { all, tasks, runs }
  }

  it('is noticed by its watch, and its tasks run again: each alone, with a new fence', async () => {
    const { all, tasks, runs } = await killed()
    await all.pass(LEASE_MS + 1_000)
    expect(await all.dispatch(...watchesOf(all))).toEqual([])
    expect(tasks.map((task) => all.tasks.all.get(task.id))).toEqual(
      tasks.map(() => expect.objectContaining({ status: 'queued', crashes: 1, failures: 0, fence: 1 })),
    )
    await all.run().life
    expect(tasks.map((task) => statusOf(all, task))).toEqual(['succeeded', 'succeeded', 'succeeded'])
    expect(runs).toHaveLength(6)
  })

  it('is not noticed too early: the watch waits on', async () => {
    const { all, tasks } = await killed()
    const [watch] = watchesOf(all)
    await all.dispatch(...(watch ? [watch] : []))
    expect(tasks.map((task) => statusOf(all, task))).toEqual(['running', 'running', 'running'])
    expect(watchesOf(all)).toHaveLength(2)
  })

  it('is noticed by the tick where the watch was lost', async () => {
    const { all, tasks } = await killed()
    await all.pass(LEASE_MS)
    await all.dispatch(...tasks.map(dueHint))
    expect(tasks.map((task) => statusOf(all, task))).toEqual(['queued', 'queued', 'queued'])
    expect(all.orders).toHaveLength(1)
  })

  it('takes a task down with it no more than three times', async () => {
    const all = engine([define({ handler: () => never, timeoutMs: 10 * LEASE_MS })])
    const task = add(all)
    for (let crashes = 1; crashes <= 3; crashes += 1) {
      await all.dispatch(all.wake)
      const { crash } = all.run()
      await all.pass(POLL_MS)
      crash()
      await all.pass(LEASE_MS + 1_000)
      await all.dispatch(dueHint(task))
      all.orders.length = 0
    }
    expect(all.tasks.all.get(task.id)).toMatchObject({ status: 'dead', death: 'crashed', crashes: 3, failures: 0 })
  })

  it('that was only slow has nothing to say any more', async () => {
    const ends: ((value: string) => void)[] = []
    const handler = () => new Promise<string>((resolve) => ends.push(resolve))
    const all = engine([define({ handler, timeoutMs: 10 * LEASE_MS })])
    const task = add(all)
    await all.dispatch(all.wake)
    all.run()
    await settle()
    // Its process stood still for longer than the lease, and somebody else got the task.
    all.clock.advance(LEASE_MS + 1_000)
    await all.dispatch(...watchesOf(all))
    all.run()
    await settle()
    expect(ends).toHaveLength(2)
    ends[0]?.('late')
    await settle()
    expect(statusOf(all, task)).toBe('running')
    ends[1]?.('in time')
    await all.pass(POLL_MS)
    expect(all.tasks.all.get(task.id)).toMatchObject({ status: 'succeeded', result: 'in time', fence: 2 })
  })
})
