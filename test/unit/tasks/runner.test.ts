/** Runners and who starts them: order, places, and leaving. */
import { describe, expect, it } from 'vitest'
import { dueHint } from '../../../functions/tasks/hints/hint.ts'
import type { TaskContext } from '../../../functions/tasks/kinds/task-definition.ts'
import { PLACES_PER_RUNNER } from '../../../functions/tasks/queues/queue.ts'
import { POLL_MS } from '../../../functions/tasks/running/run.ts'
import type { Task } from '../../../functions/tasks/task.ts'
import { add, define, engine, never, statusOf } from './engine.ts'
import { later, NOW, WORKSPACE } from './samples.ts'

describe('a runner', () => {
  it('runs what is queued and leaves', async () => {
    const seen: TaskContext[] = []
    const work = define({ handler: async (_, context) => ({ done: seen.push(context) > 0 }) })
    const all = engine([work])
    const task = add(all)
    expect(await all.dispatch(all.wake)).toEqual([])
    await all.run().life
    expect(all.tasks.all.get(task.id)).toMatchObject({ status: 'succeeded', result: { done: true }, fence: 1 })
    expect(seen[0]).toMatchObject({ taskId: task.id, attempt: 1, idempotencyKey: task.id, workspaceId: WORKSPACE })
    expect(all.queues.all.get(`${WORKSPACE}#default`)?.runners).toEqual({})
  })

  it('runs no more at once than it has places, and takes the next as each ends', async () => {
    let atOnce = 0
    let most = 0
    const ends: (() => void)[] = []
    const handler = async () => {
      atOnce += 1
      most = Math.max(most, atOnce)
      await new Promise<void>((resolve) => ends.push(resolve))
      atOnce -= 1
      return undefined
    }
    const all = engine([define({ handler })])
    for (let n = 0; n < 25; n += 1) add(all)
    await all.dispatch(all.wake)
    const { life } = all.run()
    while (ends.length < 25 || atOnce > 0) {
      await all.pass(POLL_MS)
      for (const end of ends) end()
    }
    await all.pass(POLL_MS)
    await life
    expect(most).toBe(PLACES_PER_RUNNER)
    expect([...all.tasks.all.values()].every(({ status }) => status === 'succeeded')).toBe(true)
  })

  it('lets no task wait for another that takes long', async () => {
    const handler = async (input: unknown) => (input === 'slow' ? never : undefined)
    const all = engine([define({ handler })])
    add(all, { input: 'slow' })
    await all.dispatch(all.wake)
    all.run()
    await all.pass(POLL_MS)
    const quick = add(all)
    await all.pass(POLL_MS)
    expect(statusOf(all, quick)).toBe('succeeded')
  })

  it('takes the oldest first; a step of priority counts as a minute', async () => {
    const order: unknown[] = []
    const all = engine([define({ handler: async (input) => void order.push(input) })])
    add(all, { input: 'low, 4 min older', priority: 0, since: later(-240_000).toISOString() })
    add(all, { input: 'low, 6 min older', priority: 0, since: later(-360_000).toISOString() })
    add(all, { input: 'high', priority: 5 })
    await all.dispatch(all.wake)
    await all.run().life
    expect(order).toEqual(['low, 6 min older', 'high', 'low, 4 min older'])
  })

  it('sees a task that came in the moment before it leaves', async () => {
    const all = engine([define({ handler: async () => undefined })])
    add(all)
    await all.dispatch(all.wake)
    const change = all.queues.change.bind(all.queues)
    let late: Task | undefined
    // Between its last look and its leave a task comes, to a queue whose places are all taken.
    all.queues.change = async (workspaceId, name, now, decide) => {
      if (late === undefined) {
        late = add(all)
        await change(workspaceId, name, now, (queue) => ({
          ...queue,
          wakes: queue.wakes + 1,
          version: queue.version + 1,
        }))
      }
      return change(workspaceId, name, now, decide)
    }
    await all.run().life
    expect(late && statusOf(all, late)).toBe('succeeded')
  })

  it('gives up its places for a successor when its time to take tasks is over', async () => {
    const all = engine([define({ handler: () => never })])
    add(all)
    await all.dispatch(all.wake)
    let time = true
    all.run(() => time)
    await all.pass(POLL_MS)
    time = false
    await all.pass(POLL_MS)
    const [runner] = Object.values(all.queues.all.get(`${WORKSPACE}#default`)?.runners ?? {})
    expect(runner?.places).toBe(1)
    expect(all.hints.at(-1)?.hint).toEqual(all.wake)
  })
})

describe('the dispatcher', () => {
  it('starts one runner for a batch of hints about one queue', async () => {
    const all = engine([])
    await all.dispatch(all.wake, all.wake, all.wake)
    expect(all.orders).toHaveLength(1)
  })

  it('starts none when no place is free, or the queue is paused', async () => {
    const all = engine([])
    for (let n = 0; n < 5; n += 1) await all.dispatch(all.wake)
    expect(all.orders.map(({ places }) => places)).toEqual([10, 10])
    const queue = await all.queues.get(WORKSPACE, 'default')
    expect(queue?.wakes).toBe(5)
    const paused = engine([])
    await paused.queues.change(WORKSPACE, 'default', NOW, (each) => ({ ...each, paused: true }))
    await paused.dispatch(paused.wake)
    expect(paused.orders).toEqual([])
  })

  it('queues what is due, and sends a hint that came early again', async () => {
    const all = engine([])
    const due = add(all, { status: 'scheduled', runAt: NOW.toISOString() })
    const early = add(all, { status: 'scheduled', runAt: later(4_500).toISOString() })
    await all.dispatch(dueHint(due), dueHint(early))
    expect([statusOf(all, due), statusOf(all, early)]).toEqual(['queued', 'scheduled'])
    expect(all.orders).toHaveLength(1)
    expect(all.hints).toContainEqual({ hint: dueHint(early), delaySeconds: 5 })
  })

  it('changes nothing for hints that come twice, late, or about nothing', async () => {
    const all = engine([])
    const task = add(all, { status: 'succeeded' })
    expect(await all.dispatch(dueHint(task), dueHint({ workspaceId: WORKSPACE, id: 'tsk_unknown' }))).toEqual([])
    expect(all.tasks.all.get(task.id)).toBe(task)
    expect(all.orders).toEqual([])
  })
})
