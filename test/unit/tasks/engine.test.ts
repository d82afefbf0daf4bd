import { describe, expect, it } from 'vitest'
import { CANCEL_GRACE_MS } from '../../../functions/tasks/attempt.ts'
import { dueHint, type Hint } from '../../../functions/tasks/hint.ts'
import { PLACES_PER_RUNNER } from '../../../functions/tasks/queue.ts'
import { POLL_MS } from '../../../functions/tasks/run.ts'
import { HEARTBEAT_MS, LEASE_MS, type Task } from '../../../functions/tasks/task.ts'
import { PermanentError, RetryLaterError, type TaskContext } from '../../../functions/tasks/task-definition.ts'
import { cancel } from '../../../functions/tasks/transitions.ts'
import { define, type Engine, engine, settle } from './engine.ts'
import { later, NOW, sampleTask, WORKSPACE } from './samples.ts'

const never = new Promise<never>(() => {})
const statusOf = ({ tasks }: Engine, { id }: Task) => tasks.all.get(id)?.status

function add({ tasks, clock }: Engine, over: Partial<Task> = {}): Task {
  const at = clock.now().toISOString()
  const task = sampleTask({ since: at, runAt: at, ...over })
  tasks.all.set(task.id, task)
  return task
}

const watchesOf = ({ hints }: Engine): Hint[] => hints.map(({ hint }) => hint).filter(({ kind }) => kind === 'watch')

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

describe('an attempt', () => {
  const failing = async (handler: Parameters<typeof define>[0]['handler'], over: object = {}) => {
    const all = engine([define({ handler, ...over })])
    const task = add(all)
    await all.dispatch(all.wake)
    const { life } = all.run()
    await all.pass(POLL_MS)
    return { all, task: () => all.tasks.all.get(task.id) as Task, life }
  }

  it('that throws is tried again, told by a hint to the second', async () => {
    const { all, task } = await failing(async () => {
      throw new TypeError('no')
    })
    expect(task()).toMatchObject({ status: 'failed', failures: 1, failure: { code: 'TypeError', message: 'no' } })
    const { hint, delaySeconds = 0 } = all.hints.at(-1) ?? {}
    expect(hint).toEqual(dueHint(task()))
    expect(later(delaySeconds * 1_000).getTime()).toBeGreaterThanOrEqual(Date.parse(task().runAt))
  })

  it('that says so is not tried again, or not before it says', async () => {
    const permanent = await failing(async () => {
      throw new PermanentError('http_410', 'gone')
    })
    expect(permanent.task()).toMatchObject({ status: 'dead', death: 'not_retryable', failure: { code: 'http_410' } })
    const patient = await failing(async () => {
      throw new RetryLaterError('http_429', 'slow down', 3_600_000)
    })
    expect(Date.parse(patient.task().runAt)).toBeGreaterThanOrEqual(NOW.getTime() + 3_600_000)
    // Too far for a message: the tick tells.
    expect(patient.all.hints.every(({ hint }) => hint.kind !== 'due')).toBe(true)
  })

  it('that takes too long has failed, and its signal has fired', async () => {
    let signal: AbortSignal | undefined
    const handler = (_: unknown, context: TaskContext) => {
      signal = context.signal
      return never
    }
    const { all, task } = await failing(handler, { timeoutMs: 20_000 })
    await all.pass(20_000)
    expect(task()).toMatchObject({ status: 'failed', failure: { code: 'timeout' } })
    expect(signal?.aborted).toBe(true)
  })

  it('of an unknown kind or with an input that no longer fits dies and can be redriven', async () => {
    const all = engine([])
    const task = add(all)
    await all.dispatch(all.wake)
    await all.run().life
    expect(all.tasks.all.get(task.id)).toMatchObject({ status: 'dead', death: 'unknown_task' })
  })

  it('is kept by heartbeats for as long as it takes', async () => {
    const { all, task } = await failing(() => never, { timeoutMs: 10 * LEASE_MS })
    await all.pass(5 * LEASE_MS)
    expect(task()).toMatchObject({ status: 'running', fence: 1 })
    expect(Date.parse(task().leaseUntil ?? '')).toBeGreaterThan(all.clock.now().getTime() + LEASE_MS - 2 * HEARTBEAT_MS)
  })

  it('drops a result that is too large, and keeps the success', async () => {
    const { task } = await failing(async () => 'x'.repeat(20_000))
    expect(task()).toMatchObject({ status: 'succeeded' })
    expect(task().result).toBeUndefined()
  })
})

describe('a task that is cancelled while it runs', () => {
  const cancelled = async (handler: (context: TaskContext) => Promise<string | undefined>) => {
    const all = engine([define({ handler: (_, context) => handler(context) })])
    const { id } = add(all)
    await all.dispatch(all.wake)
    all.run()
    await all.pass(POLL_MS)
    await all.tasks.change({ workspaceId: WORKSPACE, id }, (task) => cancel(task, all.clock.now()))
    return { all, task: () => all.tasks.all.get(id) }
  }
  const aborted = ({ signal }: TaskContext) =>
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))

  it('hears of it at the next heartbeat', async () => {
    const { all, task } = await cancelled(aborted)
    expect(task()?.status).toBe('running')
    await all.pass(HEARTBEAT_MS)
    expect(task()).toMatchObject({ status: 'cancelled' })
  })

  it('is cancelled after the grace if it does not listen', async () => {
    const { all, task } = await cancelled(() => never)
    await all.pass(HEARTBEAT_MS - POLL_MS + CANCEL_GRACE_MS - 1)
    expect(task()?.status).toBe('running')
    await all.pass(1)
    expect(task()?.status).toBe('cancelled')
  })

  it('has succeeded if it ends well within the grace', async () => {
    const { all, task } = await cancelled(
      ({ signal }) => new Promise((resolve) => signal.addEventListener('abort', () => resolve('finished'))),
    )
    await all.pass(HEARTBEAT_MS)
    expect(task()).toMatchObject({ status: 'succeeded', result: 'finished' })
  })

  it('is not started when it was cancelled before', async () => {
    const all = engine([define({ handler: async () => 'ran' })])
    const { id } = add(all)
    await all.tasks.change({ workspaceId: WORKSPACE, id }, (task) => cancel(task, NOW))
    await all.dispatch(all.wake)
    await all.run().life
    expect(all.tasks.all.get(id)).toMatchObject({ status: 'cancelled', fence: 0 })
  })
})

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
