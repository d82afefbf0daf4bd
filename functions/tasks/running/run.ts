/**
 * A runner: takes tasks of one queue in their order, runs as many at once as it has places, and leaves when nothing is
 * left. Several tasks share one process, because most of them wait for the network most of the time.
 *
 * - Every `HEARTBEAT_MS` it extends its own lease and that of each task, and so sees what was cancelled or lost.
 * - A task whose worker died runs alone, so that it takes nobody along if it was the reason.
 * - Within its last minutes it takes no more: what it gave up of its places goes to a successor at once.
 */
import type { Clock } from '#core/clock.ts'
import type { InvocationLog } from '#core/log.ts'
import { hintFor, wakeHint } from '../hints/hint.ts'
import type { SendHints } from '../hints/hints.store.ts'
import type { FindDefinition } from '../kinds/definitions.ts'
import type { TaskServices } from '../kinds/task-definition.ts'
import { keepRunner, shrinkRunner } from '../queues/queue.ts'
import type { QueuesStore } from '../queues/queues.store.ts'
import type { RetryPolicy } from '../states/backoff.ts'
import { DEFAULT_RETRY } from '../states/backoff.ts'
import type { Changed, TasksStore } from '../states/tasks.store.ts'
import { claim, type Decision, extend, fail, stopCancelled, succeed } from '../states/transitions.ts'
import { HEARTBEAT_MS, type Task } from '../task.ts'
import { type Attempt, beginAttempt, type Outcome, type Pause } from './attempt.ts'
import type { RunnerOrder } from './runner-order.ts'

export interface RunOptions {
  readonly tasks: Pick<TasksStore, 'ready' | 'getAll' | 'input' | 'replace' | 'change'>
  readonly queues: Pick<QueuesStore, 'change'>
  readonly sendHints: SendHints
  readonly findDefinition: FindDefinition
  readonly services: TaskServices
  readonly clock: Clock
  readonly pause: Pause
  /** In [0, 1). */
  readonly draw: () => number
  /** Whether a task may still be taken: there is time for the longest one. */
  readonly mayTake: () => boolean
  /** One line for each attempt. */
  readonly logAttempt: (task: Task, outcome: Outcome, durationMs: number) => void
}

interface Held {
  readonly attempt: Attempt
  /** As last written or read. */
  task: Task
  readonly since: number
}

/** How soon a runner with free places sees a task that came while others run. */
export const POLL_MS = 250
/** Of candidates; what one query returns for half a read unit or one. */
const MAX_LOOK = 50

/** Resolves when the runner has left. What it could not write is rescued after its lease. */
export async function runQueue(order: RunnerOrder, options: RunOptions, log: InvocationLog): Promise<void> {
  await new Runner(order, options, log).run()
}

class Runner {
  readonly #order: RunnerOrder
  readonly #options: RunOptions
  readonly #log: InvocationLog
  readonly #held = new Map<string, Held>()
  #places: number
  #wakes: number
  #runners: number
  #paused = false
  /** Its lease ended, or its time does: it takes no more. */
  #closing = false

  constructor(order: RunnerOrder, options: RunOptions, log: InvocationLog) {
    this.#order = order
    this.#options = options
    this.#log = log
    this.#places = order.places
    this.#wakes = order.wakes
    this.#runners = order.runners
  }

  async run(): Promise<void> {
    const ended = new AbortController()
    const beating = this.#beat(ended.signal)
    try {
      while (!(await this.#turn()));
    } finally {
      ended.abort()
      await beating
    }
  }

  /** Takes what there is, waits for what happens next. True when the runner has left. */
  async #turn(): Promise<boolean> {
    if (!this.#closing && !this.#options.mayTake()) await this.#close()
    const took = this.#closing || this.#paused ? 'nothing' : await this.#take()
    if (took === 'outrun') return false
    if (this.#held.size === 0) return this.#leave()
    const waiting: Promise<unknown>[] = [...this.#held.values()].map(({ attempt }) => attempt.done)
    const polled = new AbortController()
    if (!this.#closing && this.#held.size < this.#places) waiting.push(this.#options.pause(POLL_MS, polled.signal))
    await Promise.race(waiting)
    polled.abort()
    return false
  }

  /** `outrun`: others took some of what it chose, so there may be more. */
  async #take(): Promise<'some' | 'nothing' | 'outrun'> {
    const { tasks } = this.#options
    const free = this.#places - this.#held.size
    const { workspaceId, queue } = this.#order
    if (free < 1 || [...this.#held.values()].some(({ task }) => task.crashes > 0)) return 'nothing'
    const look = Math.min(free * (this.#runners > 1 ? 4 : 1) + 1, MAX_LOOK)
    const ids = await tasks.ready(workspaceId, queue, look)
    const fresh = ids.filter((id) => !this.#held.has(id))
    if (fresh.length === 0) return 'nothing'
    const queued = (await tasks.getAll(workspaceId, fresh)).filter(({ status }) => status === 'queued')
    const chosen = this.#choose(queued, free)
    const taken = await Promise.all(chosen.map((task) => this.#claim(task)))
    return taken.every(Boolean) ? 'some' : 'outrun'
  }

  /** In order; with other runners at it, some of the first ones by chance, so that they don't all reach for the same. */
  #choose(queued: readonly Task[], free: number): readonly Task[] {
    const [first] = queued
    // It waits until the place is empty, and then nobody else comes in.
    if (first !== undefined && first.crashes > 0) return this.#held.size === 0 ? [first] : []
    const healthy = queued.filter(({ crashes }) => crashes === 0)
    if (this.#runners <= 1) return healthy.slice(0, free)
    const drawn = healthy.map((task) => ({ task, at: this.#options.draw() })).sort((a, b) => a.at - b.at)
    return drawn.slice(0, free).map(({ task }) => task)
  }

  async #claim(task: Task): Promise<boolean> {
    const { tasks, clock } = this.#options
    const decision = claim(task, this.#order.runnerId, clock.now())
    if (!decision.ok || !(await tasks.replace(task, decision.task))) return false
    this.#start(decision.task)
    return true
  }

  #start(task: Task): void {
    const { findDefinition, services, pause, clock, tasks } = this.#options
    const began = clock.now().getTime()
    let inner: Attempt | undefined
    let toldToStop: Parameters<Attempt['stop']>[0] | undefined
    const attempt: Attempt = {
      stop(why) {
        toldToStop = why
        inner?.stop(why)
      },
      done: (async () => {
        const input = await tasks.input(task)
        inner = beginAttempt(task, findDefinition(task.name), input, services, pause)
        if (toldToStop !== undefined) inner.stop(toldToStop)
        const outcome = await inner.done
        await this.#record(task.id, outcome)
        this.#options.logAttempt(task, outcome, clock.now().getTime() - began)
        return outcome
      })()
        // Recording failed: the lease ends, and the task is rescued. The fence keeps this attempt from writing later.
        .catch((error: unknown): Outcome => {
          this.#log.fail(error)
          return { kind: 'lost' }
        })
        .finally(() => this.#held.delete(task.id)),
    }
    this.#held.set(task.id, { attempt, task, since: began })
  }

  async #record(id: string, outcome: Outcome): Promise<void> {
    const held = this.#held.get(id)
    if (held === undefined || outcome.kind === 'lost') return this.#log.metric('lostTasks', 1)
    const { tasks, clock, findDefinition, draw, sendHints } = this.#options
    const policy = findDefinition(held.task.name)?.retry ?? DEFAULT_RETRY
    const jitter = draw()
    const decide = (task: Task) => decisionOf(task, held.task.fence, outcome, policy, jitter, clock.now())
    const changed = await tasks.change(held.task, decide, held.task)
    if (changed.kind !== 'done') return this.#log.metric('lostTasks', 1)
    this.#log.metric(`${changed.task.status}Tasks`, 1)
    const hint = changed.task.status === 'failed' ? hintFor(changed.task, clock.now()) : undefined
    // The tick tells of it too, within a minute.
    if (hint !== undefined) await sendHints([hint]).catch((error: unknown) => this.#log.fail(error, 'warn'))
    if (this.#closing) await this.#giveBack(this.#held.size - 1)
  }

  async #beat(ended: AbortSignal): Promise<void> {
    for (;;) {
      await this.#options.pause(HEARTBEAT_MS, ended)
      if (ended.aborted) return
      // A beat that fails is made up for by the next ones: a lease is six of them.
      await Promise.all([this.#beatRunner(), ...[...this.#held.values()].map((held) => this.#beatTask(held))]).catch(
        (error: unknown) => this.#log.fail(error, 'warn'),
      )
    }
  }

  async #beatTask(held: Held): Promise<void> {
    const { tasks, clock } = this.#options
    const now = clock.now()
    if (now.getTime() - held.since < HEARTBEAT_MS / 2) return
    const changed: Changed = await tasks.change(held.task, (task) => extend(task, held.task.fence, now), held.task)
    if (changed.kind !== 'done') return held.attempt.stop('lost')
    held.task = changed.task
    if (changed.task.cancelRequestedAt !== undefined) held.attempt.stop('cancelled')
  }

  async #beatRunner(): Promise<void> {
    const { queues, clock } = this.#options
    const { workspaceId, queue, runnerId } = this.#order
    const now = clock.now()
    const kept = await queues.change(workspaceId, queue, now, (latest) => keepRunner(latest, runnerId, now))
    if (kept === undefined) this.#closing = true
    else {
      this.#paused = kept.paused
      this.#runners = Object.keys(kept.runners).length
    }
  }

  /** Takes no more from here on; its free places are somebody else's. */
  async #close(): Promise<void> {
    this.#closing = true
    if (this.#held.size > 0) await this.#giveBack(this.#held.size)
  }

  /** The last place is given back by leaving. */
  async #giveBack(needed: number): Promise<void> {
    const { queues, sendHints, clock } = this.#options
    const { workspaceId, queue, runnerId } = this.#order
    this.#places = Math.max(needed, 1)
    await queues.change(workspaceId, queue, clock.now(), (latest) => shrinkRunner(latest, runnerId, this.#places))
    await sendHints([{ hint: wakeHint({ workspaceId, queue }) }])
  }

  /** See `queues/queue.ts`: not while somebody has come to a full queue since the last look. */
  async #leave(): Promise<boolean> {
    const { queues, sendHints, clock } = this.#options
    const { workspaceId, queue, runnerId } = this.#order
    let looksAgain = false
    await queues.change(workspaceId, queue, clock.now(), (latest) => {
      looksAgain = !this.#closing && !latest.paused && latest.wakes !== this.#wakes
      this.#wakes = latest.wakes
      this.#paused = latest.paused
      return looksAgain ? undefined : shrinkRunner(latest, runnerId, 0)
    })
    if (!looksAgain && this.#closing) await sendHints([{ hint: wakeHint({ workspaceId, queue }) }])
    return !looksAgain
  }
}

function decisionOf(
  task: Task,
  fence: number,
  outcome: Exclude<Outcome, { kind: 'lost' }>,
  policy: RetryPolicy,
  jitter: number,
  now: Date,
): Decision {
  switch (outcome.kind) {
    case 'succeeded':
      return succeed(task, fence, outcome.result, now)
    case 'cancelled':
      return stopCancelled(task, fence, now)
    case 'failed':
      return fail(task, fence, outcome.failure, policy, jitter, now)
  }
}
