/**
 * Keys of the table `backlot-schedules`; the README of this folder has the access patterns. Pure.
 *
 *   schedule    SCHEDULES#<workspace>   <schedule id>            …Schedule
 *   due         DUE#<hour>#<shard>      <due time>#<schedule>    workspaceId scheduleId revision nextAt dueAt
 *   run         RUNS#<schedule id>      <nominal>#<request>      …Run, ttl
 *   count       COUNT#<workspace>       COUNT                    schedules
 *   watermark   TICK                    <shard>                  through
 *
 * A schedule has one due entry while it is active and none otherwise: both are only ever written together. An hour is
 * `2026-11-21T10`; a shard is a hash of the schedule's id, so that an hour takes 8 × 1,000 writes a second. Times have
 * milliseconds and `Z`, so they sort as text. `ttl` is in epoch seconds.
 */
import { HOUR } from '#core/clock.ts'
import type { TableKey } from '#core/table.ts'
import { BUCKET_MS, type Run, type Schedule, type ScheduleRef } from './schedule.ts'
import { dueAtOf } from './timing/jitter.ts'

export const SHARDS = 8
export const RUNS_PARTITION_PREFIX = 'RUNS#'
export const isRunKey = ({ pk }: TableKey): boolean => pk.startsWith(RUNS_PARTITION_PREFIX)

/** Crockford's base32, whose 32 characters fall into the shards evenly. The last character of an id is random. */
const ID_ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
export const shardOf = (id: string): number => Math.max(0, ID_ALPHABET.indexOf(id.at(-1) ?? '')) % SHARDS

export const schedulesPartition = (workspaceId: string): string => `SCHEDULES#${workspaceId}`
export const scheduleKey = ({ workspaceId, id }: ScheduleRef): TableKey => ({
  pk: schedulesPartition(workspaceId),
  sk: id,
})
export const countKey = (workspaceId: string): TableKey => ({ pk: `COUNT#${workspaceId}`, sk: 'COUNT' })
export const watermarkKey = (shard: number): TableKey => ({ pk: 'TICK', sk: String(shard) })

export const runsPartition = (scheduleId: string): string => `${RUNS_PARTITION_PREFIX}${scheduleId}`
/** The part of a run's id behind its schedule, so that it is unique exactly when the id is. */
export const runKey = ({ scheduleId, id }: Pick<Run, 'scheduleId' | 'id'>): TableKey => ({
  pk: runsPartition(scheduleId),
  sk: id.slice(scheduleId.length + 1).replace('@', '#'),
})

/** The hour that an instant lies in. */
export const bucketOf = (instant: number): string => new Date(instant).toISOString().slice(0, 'YYYY-MM-DDTHH'.length)
export const duePartition = (bucket: string, shard: number): string => `DUE#${bucket}#${shard}`

/** From one instant's hour to another's, both included. */
export function bucketsBetween(from: number, to: number): readonly string[] {
  const buckets: string[] = []
  for (let at = Math.floor(from / BUCKET_MS) * BUCKET_MS; at <= to; at += HOUR) buckets.push(bucketOf(at))
  return buckets
}

/** What a tick needs to know. */
export interface DueEntry {
  readonly workspaceId: string
  readonly scheduleId: string
  readonly revision: number
  /** Nominal. */
  readonly nextAt: string
  /** With its jitter, when it has one. */
  readonly dueAt?: string | undefined
}

/** Undefined for a schedule that waits for nothing. */
export function dueItemOf(schedule: Schedule): (TableKey & DueEntry) | undefined {
  const { workspaceId, id, revision, nextAt } = schedule
  const dueAt = dueAtOf(schedule)
  if (nextAt === undefined || dueAt === undefined) return undefined
  return { ...dueKey(id, dueAt), workspaceId, scheduleId: id, revision, nextAt, ...(dueAt !== nextAt && { dueAt }) }
}

export const dueKey = (id: string, dueAt: string): TableKey => ({
  pk: duePartition(bucketOf(Date.parse(dueAt)), shardOf(id)),
  sk: `${dueAt}#${id}`,
})
