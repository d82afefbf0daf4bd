/** The engine in one process: dispatcher and runners on the stores in memory, with a clock and timers that a test moves. */

import * as z from 'zod'
import { createLogger, type InvocationLog } from '#core/log.ts'
import type { DelayedHint } from '../../../functions/tasks/hints/hint.ts'
import { type Hint, wakeHint } from '../../../functions/tasks/hints/hint.ts'
import type { FindDefinition } from '../../../functions/tasks/kinds/definitions.ts'
import { defineTask, type KnownTask, type TaskDefinition } from '../../../functions/tasks/kinds/task-definition.ts'
import type { Outcome, Pause } from '../../../functions/tasks/running/attempt.ts'
import { dispatch } from '../../../functions/tasks/running/dispatch.ts'
import { runQueue } from '../../../functions/tasks/running/run.ts'
import type { RunnerOrder } from '../../../functions/tasks/running/runner-order.ts'
import type { Task } from '../../../functions/tasks/task.ts'
import { clockAt, type TestClock } from '../core/doubles.ts'
import { memoryQueues, memoryTasks } from './memory-stores.ts'
import { NOW, sampleTask, WORKSPACE } from './samples.ts'

export const define = (definition: Partial<TaskDefinition> & Pick<TaskDefinition, 'handler'>): KnownTask =>
  defineTask({ name: 'test.work', description: 'For tests.', input: z.any(), ...definition })

/** Timers that fire when the test moves the clock, in their order. */
function fakeTimers(clock: TestClock) {
  const waiting = new Set<{ at: number; fire: () => void }>()
  const pause: Pause = (ms, signal) =>
    new Promise((resolve) => {
      const timer = {
        at: clock.now().getTime() + ms,
        fire: () => {
          waiting.delete(timer)
          resolve()
        },
      }
      waiting.add(timer)
      if (signal?.aborted) timer.fire()
      signal?.addEventListener('abort', timer.fire, { once: true })
    })
  /** Moves time to the next timer within `ms` and lets everything that follows happen, again and again. */
  const pass = async (ms: number) => {
    const end = clock.now().getTime() + ms
    await settle()
    for (;;) {
      const [next] = [...waiting].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)
      if (next === undefined) break
      clock.advance(Math.max(0, next.at - clock.now().getTime()))
      next.fire()
      await settle()
    }
    clock.advance(Math.max(0, end - clock.now().getTime()))
  }
  return { pause, pass }
}

/** Lets everything happen that waits for no timer: some hundred turns of the event loop, which no test comes near. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) await new Promise((resolve) => setImmediate(resolve))
}

export function engine(definitions: readonly KnownTask[]) {
  const clock = clockAt(NOW.toISOString())
  const { pause, pass } = fakeTimers(clock)
  const tasks = memoryTasks()
  const queues = memoryQueues()
  const hints: DelayedHint[] = []
  const orders: RunnerOrder[] = []
  const outcomes: { task: Task; outcome: Outcome }[] = []
  const lines: string[] = []
  const logger = createLogger({ name: 'test', clock, write: (line) => void lines.push(line) })
  const log: InvocationLog = logger.begin()
  const findDefinition: FindDefinition = (name) => definitions.find((definition) => definition.name === name)
  let runners = 0
  const sendHints = async (sent: readonly DelayedHint[]) => {
    hints.push(...sent)
  }
  const options = { tasks, queues, sendHints, findDefinition, clock }
  const received = (...of: readonly Hint[]) => of.map((hint, index) => ({ id: String(index), hint }))
  return {
    ...{ clock, pass, tasks, queues, hints, orders, outcomes, log },
    /** Gives hints to the dispatcher, which puts its orders into `orders`. */
    dispatch: (...of: readonly Hint[]) =>
      dispatch(
        received(...of),
        {
          ...options,
          newRunnerId: () => {
            runners += 1
            return `run_${runners}`
          },
          startRunner: async (order) => void orders.push(order),
        },
        log,
      ),
    wake: wakeHint({ workspaceId: WORKSPACE, queue: 'default' }),
    /** Carries out the next order. The promise is the runner's life; `crash` ends it as a killed process would. */
    run(mayTake: () => boolean = () => true) {
      const order = orders.shift()
      if (order === undefined) throw new Error('expected an order of the dispatcher, got none')
      let dead = false
      /** A dead process writes nothing and never comes back from a wait. */
      const living =
        <Args extends unknown[], Result>(call: (...args: Args) => Promise<Result>) =>
        async (...args: Args): Promise<Result> =>
          dead ? new Promise<Result>(() => {}) : call(...args)
      const life = runQueue(
        order,
        {
          ...options,
          tasks: {
            ready: living((workspaceId, queue, limit) => tasks.ready(workspaceId, queue, limit)),
            getAll: living((workspaceId, ids) => tasks.getAll(workspaceId, ids)),
            input: living((task) => tasks.input(task)),
            replace: living((before, after) => tasks.replace(before, after)),
            change: living((ref, decide, known) => tasks.change(ref, decide, known)),
          },
          queues: { change: living((workspaceId, name, now, decide) => queues.change(workspaceId, name, now, decide)) },
          services: {
            clock,
            http: { send: async () => ({ kind: 'failed', code: 'none', detail: 'none' }) },
            sendMail: async () => ({ messageId: 'm' }),
            deliverWebhook: async () => ({ kind: 'done', status: 200 }),
          },
          pause: living(pause),
          draw: () => 0.5,
          mayTake,
          logAttempt: (task, outcome) => outcomes.push({ task, outcome }),
        },
        log,
      )
      return {
        life,
        crash: () => {
          dead = true
        },
      }
    },
  }
}

export type Engine = ReturnType<typeof engine>

/** Puts a task into the table, queued now unless `over` says otherwise. */
export function add({ tasks, clock }: Engine, over: Partial<Task> = {}): Task {
  const at = clock.now().toISOString()
  const task = sampleTask({ since: at, runAt: at, ...over })
  tasks.all.set(task.id, task)
  return task
}

export const statusOf = ({ tasks }: Engine, { id }: Task): Task['status'] | undefined => tasks.all.get(id)?.status
export const watchesOf = ({ hints }: Engine): Hint[] =>
  hints.map(({ hint }) => hint).filter(({ kind }) => kind === 'watch')
/** A handler that never ends by itself. */
export const never = new Promise<never>(() => {})
