/** One attempt of a task: how it ends, and how it is told to. */
import { describe, expect, it } from 'vitest'
import { dueHint } from '../../../functions/tasks/hints/hint.ts'
import { PermanentError, RetryLaterError, type TaskContext } from '../../../functions/tasks/kinds/task-definition.ts'
import { CANCEL_GRACE_MS } from '../../../functions/tasks/running/attempt.ts'
import { POLL_MS } from '../../../functions/tasks/running/run.ts'
import { cancel } from '../../../functions/tasks/states/transitions.ts'
import { HEARTBEAT_MS, LEASE_MS, type Task } from '../../../functions/tasks/task.ts'
import { add, define, engine, never } from './engine.ts'
import { later, NOW, WORKSPACE } from './samples.ts'

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
