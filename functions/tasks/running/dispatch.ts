/**
 * What a batch of hints leads to. Short by design: it decides, writes and hands over, and never waits for a task, because
 * one batch of a queue is handled at a time on some targets.
 *
 *   due    the task is queued if its time has come, or taken from a worker whose lease ended; its queue is woken
 *   watch  a runner that lives is watched on; the tasks of one that doesn't are rescued, its places freed, the queue woken
 *   wake   once per queue: a runner is started if a place is free
 *
 * A runner's watch is sent before its places are taken, so that there is no moment at which they are held by a runner that
 * nobody watches:
 *
 *   dispatcher   watch (in 31 s) ─ places taken ─ ✗ dies ─┐ invoke
 *   31 s later                                            └ watch: lease ended, places freed, queue woken
 */
import type { Clock } from '#core/clock.ts'
import { SECOND } from '#core/clock.ts'
import type { InvocationLog } from '#core/log.ts'
import { dueHint, type Hint, hintDelaySeconds } from '../hints/hint.ts'
import type { SendHints } from '../hints/hints.store.ts'
import type { FindDefinition } from '../kinds/definitions.ts'
import { MAX_CONCURRENCY, type Queue, type StartDecision, shrinkRunner, startRunner } from '../queues/queue.ts'
import type { QueuesStore } from '../queues/queues.store.ts'
import type { TasksStore } from '../states/tasks.store.ts'
import { becomeQueued, type Decision, rescue } from '../states/transitions.ts'
import { LEASE_MS, type Task, type TaskRef } from '../task.ts'
import type { RunnerOrder } from './runner-order.ts'
import type { StartRunner } from './runners.store.ts'

export interface DispatchOptions {
  readonly tasks: TasksStore
  readonly queues: QueuesStore
  readonly sendHints: SendHints
  readonly startRunner: StartRunner
  readonly findDefinition: FindDefinition
  readonly newRunnerId: () => string
  readonly clock: Clock
}

type Of<Kind extends Hint['kind']> = Extract<Hint, { kind: Kind }>
interface QueueRef {
  readonly workspaceId: string
  readonly queue: string
}

/** A lease ends at a millisecond, a message comes at a second. */
const WATCH_MARGIN_MS = SECOND
/** Definitions that are gone from the code: their tasks are rescued by the common rule. */
const DEFAULT_MAX_CRASHES = 3

/** A hint with the id by which its failure is told. */
export interface ReceivedHint {
  readonly id: string
  readonly hint: Hint
}

/** @returns the ids of the hints that have to come again */
export async function dispatch(
  received: readonly ReceivedHint[],
  options: DispatchOptions,
  log: InvocationLog,
): Promise<readonly string[]> {
  const failed: string[] = []
  /** Queue → the hints that asked for it. */
  const toWake = new Map<string, { readonly ref: QueueRef; readonly asking: string[] }>()
  const wake = (ref: QueueRef, id: string) => {
    const key = `${ref.workspaceId}#${ref.queue}`
    const entry = toWake.get(key) ?? { ref, asking: [] }
    entry.asking.push(id)
    toWake.set(key, entry)
  }
  const attempt = async (ids: readonly string[], work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      log.fail(error)
      failed.push(...ids)
    }
  }
  await Promise.all(
    received.map(({ id, hint }) =>
      attempt([id], async () => {
        const queue = await queueOf(hint, options, log)
        if (queue !== undefined) wake(queue, id)
      }),
    ),
  )
  await Promise.all([...toWake.values()].map(({ ref, asking }) => attempt(asking, () => wakeQueue(ref, options, log))))
  return failed
}

/** What a hint changes, and the queue that is to be woken after it. */
async function queueOf(hint: Hint, options: DispatchOptions, log: InvocationLog): Promise<QueueRef | undefined> {
  switch (hint.kind) {
    case 'wake':
      return hint
    case 'due':
      return takeDue(hint, options, log)
    case 'watch':
      return watch(hint, options, log)
  }
}

async function takeDue(
  { workspaceId, id }: Of<'due'>,
  options: DispatchOptions,
  log: InvocationLog,
): Promise<QueueRef | undefined> {
  const { tasks, clock, sendHints } = options
  const changed = await tasks.change({ workspaceId, id }, (task) => dueDecision(task, options))
  if (changed.kind === 'unknown') return undefined
  const { task } = changed
  if (changed.kind === 'done') {
    log.metric(task.crashes > 0 ? 'rescuedTasks' : 'dueTasks', 1)
    return task.status === 'queued' ? { workspaceId, queue: task.queue } : undefined
  }
  // Early, by a clock that goes ahead of the sender's. A lease that goes on has its runner's watch.
  if (changed.reason === 'not_due' && task.status !== 'running')
    await sendHints([{ hint: dueHint(task), delaySeconds: hintDelaySeconds(new Date(task.runAt), clock.now()) }])
  return undefined
}

const dueDecision = (task: Task, { findDefinition, clock }: DispatchOptions): Decision =>
  task.status === 'running'
    ? rescue(task, findDefinition(task.name)?.maxCrashes ?? DEFAULT_MAX_CRASHES, clock.now())
    : becomeQueued(task, clock.now())

async function watch(hint: Of<'watch'>, options: DispatchOptions, log: InvocationLog): Promise<QueueRef | undefined> {
  const { workspaceId, queue: name, runnerId } = hint
  const { queues, clock, sendHints } = options
  const queue = await queues.get(workspaceId, name)
  const lease = queue?.runners[runnerId]
  if (queue === undefined || lease === undefined) return undefined
  const now = clock.now()
  if (lease.until > now.getTime()) {
    const again = new Date(lease.until + WATCH_MARGIN_MS)
    await sendHints([{ hint, delaySeconds: hintDelaySeconds(again, now) }])
    return undefined
  }
  log.metric('lostRunners', 1)
  await rescueAll(queue, options, log)
  await queues.change(workspaceId, name, now, (latest) => shrinkRunner(latest, runnerId, 0))
  return { workspaceId, queue: name }
}

/** Every task of the queue whose lease ended, whoever held it. */
async function rescueAll(queue: Queue, options: DispatchOptions, log: InvocationLog): Promise<void> {
  const { tasks } = options
  const ids = await tasks.running(queue.workspaceId, queue.name, MAX_CONCURRENCY)
  const outcomes = await Promise.all(
    ids.map((id) => {
      const ref: TaskRef = { workspaceId: queue.workspaceId, id }
      return tasks.change(ref, (task) => dueDecision(task, options))
    }),
  )
  log.metric('rescuedTasks', outcomes.filter(({ kind }) => kind === 'done').length)
}

async function wakeQueue(ref: QueueRef, options: DispatchOptions, log: InvocationLog): Promise<void> {
  const { queues, clock, sendHints, newRunnerId } = options
  const now = clock.now()
  const runnerId = newRunnerId()
  let order: RunnerOrder | undefined
  // Only worth a watch if a runner may be started at all: a look costs half a read unit, a message more.
  const seen = await queues.get(ref.workspaceId, ref.queue)
  if (seen === undefined || startRunner(seen, runnerId, now).kind === 'start')
    await sendHints([
      {
        hint: { kind: 'watch', workspaceId: ref.workspaceId, queue: ref.queue, runnerId },
        delaySeconds: WATCH_DELAY_SECONDS,
      },
    ])
  await queues.change(ref.workspaceId, ref.queue, now, (queue) => {
    const decision = startRunner(queue, runnerId, now)
    order = decision.kind === 'start' ? orderOf(decision, runnerId) : undefined
    return decision.kind === 'paused' ? undefined : decision.queue
  })
  if (order === undefined) return
  log.metric('startedRunners', 1)
  await start(order, options)
}

const orderOf = ({ places, queue }: Extract<StartDecision, { kind: 'start' }>, runnerId: string): RunnerOrder => ({
  runnerId,
  workspaceId: queue.workspaceId,
  queue: queue.name,
  places,
  wakes: queue.wakes,
  runners: Object.keys(queue.runners).length,
})

const WATCH_DELAY_SECONDS = (LEASE_MS + WATCH_MARGIN_MS) / SECOND

/** Places of a runner that could not be started are given back; the hint then comes again. */
async function start(order: RunnerOrder, { startRunner, queues, clock }: DispatchOptions): Promise<void> {
  try {
    await startRunner(order)
  } catch (error) {
    await queues.change(order.workspaceId, order.queue, clock.now(), (queue) => shrinkRunner(queue, order.runnerId, 0))
    throw error
  }
}
