/**
 * Keys of the table `backlot-tasks` and its two indexes; the README of this folder has the access patterns. Pure.
 *
 *   task, scheduled   TASKS#<workspace>#<shard>   <task id>   …Task, statePk stateSk duePk dueSk
 *   task, queued      the same                    the same    …Task, statePk stateSk
 *   task, running     the same                    the same    …Task, worker leaseUntil, statePk stateSk duePk dueSk
 *   task, finished    the same                    the same    …Task, finishedAt, statePk stateSk, ttl
 *   input             INPUT#<workspace>#<task id> INPUT       input ttl           only when larger than 1 kB
 *   idempotency key   KEY#<workspace>#<key>       KEY         taskId fingerprint ttl
 *   queue             QUEUES#<workspace>          <queue>     …Queue              see `queues/queue.ts`
 *
 *   index `state`     statePk = <workspace>#<queue>#<status>  stateSk = <time>#<task id>
 *                     time: queued, when it was queued less its head start (the order of dispatch); scheduled and failed,
 *                     when it is due; all others, when it entered the status
 *   index `due`       duePk = DUE#<shard>                     dueSk = <time>#run#<task id> | <time>#lease#<task id>
 *                     time: when a scheduled or failed task may start; when the lease of a running one ends
 *
 * `ttl` is in epoch seconds. A shard is a hash of the task's id: one workspace may write 8 × 1,000 tasks a second.
 */
import { epochSeconds } from '#core/clock.ts'
import type { TableKey as Key } from '#core/table.ts'
import { PRIORITY_HEAD_START_MS, RETENTION_MS, type Status, type Task, type TaskRef } from './task.ts'

export const STATE_INDEX = 'state'
export const DUE_INDEX = 'due'

/** Of a workspace's tasks, and of the due index. */
export const SHARDS = 8

/** The stream's filters know task items by it. */
export const TASKS_PARTITION_PREFIX = 'TASKS#'
export const isTaskKey = ({ pk }: Key): boolean => pk.startsWith(TASKS_PARTITION_PREFIX)

/** Crockford's base32, whose 32 characters fall into the shards evenly. The last character of an id is random. */
const ID_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const shardOf = (id: string): number => Math.max(0, ID_ALPHABET.indexOf(id.at(-1) ?? '')) % SHARDS

export const tasksPartition = (workspaceId: string, shard: number): string =>
  `${TASKS_PARTITION_PREFIX}${workspaceId}#${shard}`
export const taskKey = ({ workspaceId, id }: TaskRef): Key => ({ pk: tasksPartition(workspaceId, shardOf(id)), sk: id })
export const inputKey = ({ workspaceId, id }: TaskRef): Key => ({ pk: `INPUT#${workspaceId}#${id}`, sk: 'INPUT' })
export const idempotencyKey = (workspaceId: string, key: string): Key => ({
  pk: `KEY#${workspaceId}#${key}`,
  sk: 'KEY',
})
export const queuesPartition = (workspaceId: string): string => `QUEUES#${workspaceId}`
export const queueKey = (workspaceId: string, queue: string): Key => ({ pk: queuesPartition(workspaceId), sk: queue })

export const statePartition = (workspaceId: string, queue: string, status: Status): string =>
  `${workspaceId}#${queue}#${status}`
export const duePartition = (shard: number): string => `DUE#${shard}`

/** What a task's time on the due index is about. */
export type DueKind = 'run' | 'lease'

export interface DueEntry extends TaskRef {
  readonly kind: DueKind
  readonly dueAt: string
}

/** Index attributes and TTL of a task. Those that are undefined are left out of the item, and so of the index. */
export function indexKeys(task: Task): Readonly<Record<string, string | number | undefined>> {
  const due = dueOf(task)
  return {
    statePk: statePartition(task.workspaceId, task.queue, task.status),
    stateSk: `${stateTime(task)}#${task.id}`,
    duePk: due && duePartition(shardOf(task.id)),
    dueSk: due && `${due.at}#${due.kind}#${task.id}`,
    ttl: task.finishedAt && epochSeconds(new Date(Date.parse(task.finishedAt) + RETENTION_MS)),
  }
}

function stateTime(task: Task): string {
  if (task.status === 'scheduled' || task.status === 'failed') return task.runAt
  if (task.status !== 'queued') return task.since
  return new Date(Date.parse(task.since) - task.priority * PRIORITY_HEAD_START_MS).toISOString()
}

function dueOf({ status, runAt, leaseUntil }: Task): { at: string; kind: DueKind } | undefined {
  if (status === 'scheduled' || status === 'failed') return { at: runAt, kind: 'run' }
  return status === 'running' && leaseUntil !== undefined ? { at: leaseUntil, kind: 'lease' } : undefined
}

/** The entry of the due index that an item's keys are; the index holds keys only. */
export function dueEntryOf({ pk, sk, dueSk }: Key & { readonly dueSk: string }): DueEntry {
  const [dueAt = '', kind] = dueSk.split('#')
  const workspaceId = pk.slice(TASKS_PARTITION_PREFIX.length, pk.lastIndexOf('#'))
  return { workspaceId, id: sk, dueAt, kind: kind as DueKind }
}
