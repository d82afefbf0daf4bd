/**
 * A queue of one workspace, and who works on it. Pure.
 *
 * A queue has places (`concurrency`); a runner holds some of them on a lease and runs a task in each. All places are
 * counted in the one item of the queue, which every change replaces on condition of its version, so their sum can't be
 * exceeded. The lease of a runner that died ends by itself and its places are free again.
 *
 * Nothing is overlooked: a dispatcher that finds no free place counts up `wakes`, and a runner leaves only on condition
 * that `wakes` is what it was before its last look at the queue.
 *
 *   dispatcher       task queued ─ hint ─ no place free: wakes 7 → 8
 *   runner     looks: nothing (wakes 7) ──────────────────────────── leaves if wakes = 7 ✗ ─ looks again: the task
 */
import { LEASE_MS } from '../task.ts'

export interface RunnerLease {
  readonly places: number
  /** Epoch milliseconds. */
  readonly until: number
}

export interface Queue {
  readonly workspaceId: string
  readonly name: string
  readonly paused: boolean
  /** Tasks that may run at once. */
  readonly concurrency: number
  /** By the runner's id. */
  readonly runners: Readonly<Record<string, RunnerLease>>
  readonly wakes: number
  readonly version: number
  readonly createdAt: string
}

/** Two runners' worth: enough for work that waits for the network, little enough for whoever is called. */
export const DEFAULT_CONCURRENCY = 20
export const MIN_CONCURRENCY = 1
/** 100 runners: a tenth of an account's default share of Lambda. */
export const MAX_CONCURRENCY = 1_000
/** Tasks that one process runs at once: they wait for the network, and a crash takes them all along. */
export const PLACES_PER_RUNNER = 10
/** A list by status looks into each queue; names that are made by program would make it slow. */
export const MAX_QUEUES = 100

export const newQueue = (workspaceId: string, name: string, now: Date): Queue => ({
  workspaceId,
  name,
  paused: false,
  concurrency: DEFAULT_CONCURRENCY,
  runners: {},
  wakes: 0,
  version: 1,
  createdAt: now.toISOString(),
})

/** Runners whose lease goes on. */
export const liveRunners = ({ runners }: Queue, now: Date): Queue['runners'] =>
  Object.fromEntries(Object.entries(runners).filter(([, { until }]) => until > now.getTime()))

export const placesTaken = (queue: Queue, now: Date): number =>
  Object.values(liveRunners(queue, now)).reduce((sum, { places }) => sum + places, 0)

export type StartDecision =
  | { readonly kind: 'start'; readonly places: number; readonly queue: Queue }
  | { readonly kind: 'paused' }
  /** The queue with one more wake: to be stored, so that a runner that is about to leave looks again. */
  | { readonly kind: 'full'; readonly queue: Queue }

/** Whether another runner is started, and with how many places. Forgets runners whose lease ended. */
export function startRunner(queue: Queue, runnerId: string, now: Date): StartDecision {
  if (queue.paused) return { kind: 'paused' }
  const live = liveRunners(queue, now)
  const changed = { ...queue, version: queue.version + 1, wakes: queue.wakes + 1 }
  const places = Math.min(PLACES_PER_RUNNER, queue.concurrency - placesTaken(queue, now))
  if (places < 1) return { kind: 'full', queue: { ...changed, runners: live } }
  const lease: RunnerLease = { places, until: now.getTime() + LEASE_MS }
  return { kind: 'start', places, queue: { ...changed, runners: { ...live, [runnerId]: lease } } }
}

/** The runner lives. Undefined when its lease had ended: others may have its places, so it must take no more tasks. */
export function keepRunner(queue: Queue, runnerId: string, now: Date): Queue | undefined {
  const lease = liveRunners(queue, now)[runnerId]
  if (lease === undefined) return undefined
  const runners = { ...queue.runners, [runnerId]: { ...lease, until: now.getTime() + LEASE_MS } }
  return { ...queue, runners, version: queue.version + 1 }
}

/** Fewer places, for a runner that takes no more tasks: those that it gives back are free at once. 0 is to leave. */
export function shrinkRunner(queue: Queue, runnerId: string, places: number): Queue | undefined {
  const lease = queue.runners[runnerId]
  if (lease === undefined) return undefined
  const { [runnerId]: _, ...others } = queue.runners
  const runners = places > 0 ? { ...others, [runnerId]: { ...lease, places } } : others
  return { ...queue, runners, version: queue.version + 1 }
}
