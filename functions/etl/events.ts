/**
 * What others may hear about runs: events on the bus with source `backlot.etl`. Versioned: within a version a field never
 * changes its meaning or goes away; new ones may be added. Pure.
 */
import * as z from 'zod'
import { eventSchema } from '#core/event.ts'
import type { OutboxEvent } from '#core/outbox.ts'
import type { TableChange } from '#core/stream.ts'
import type { TableKey } from '#core/table.ts'
import { isRunId, RUNS_SUFFIX } from './catalog/keys.ts'
import { RUN_STATUSES, type RunStatus } from './runs/run.ts'

const count = z.int().min(0)
const counts = z.object({ recordsIn: count, good: count, quarantined: count })
const run = { runId: z.string().refine(isRunId), dataset: z.string(), datasetVersion: z.int().positive() }
const error = z.object({ name: z.string(), detail: z.string() })

/** Readers see it from now on. */
export const runPublished = eventSchema(
  'RunPublished',
  1,
  z.object({ ...run, counts, manifestVersion: z.int().positive() }),
)
/** The file's fault. */
export const runRejected = eventSchema('RunRejected', 1, z.object({ ...run, error }))
/** Ours: landing the file again tries once more. */
export const runFailed = eventSchema('RunFailed', 1, z.object({ ...run, error }))

/** By detail type. */
export const ETL_EVENTS = { RunPublished: runPublished, RunRejected: runRejected, RunFailed: runFailed } as const

/** A run item, as the stream carries it; see `catalog/keys.ts`. */
export const runItem = z.object({
  pk: z.string(),
  sk: z.string(),
  dataset: z.string(),
  datasetVersion: z.int(),
  status: z.enum(RUN_STATUSES),
  version: z.int().positive(),
  updatedAt: z.string(),
  traceparent: z.string(),
  counts: counts.optional(),
  manifestVersion: z.int().optional(),
  error: error.optional(),
})
export type RunItem = z.infer<typeof runItem>

export const isRunItem = ({ pk, sk }: TableKey): boolean => pk.endsWith(RUNS_SUFFIX) && isRunId(sk)

const TYPES: Readonly<Partial<Record<RunStatus, keyof typeof ETL_EVENTS>>> = {
  published: 'RunPublished',
  rejected: 'RunRejected',
  failed: 'RunFailed',
}

/** The event that a change of a run is; undefined when nothing ended with it. */
export function eventOf({ before, after }: TableChange<RunItem>): OutboxEvent | undefined {
  const type = after === undefined || after.status === before?.status ? undefined : TYPES[after.status]
  if (after === undefined || type === undefined) return undefined
  const { pk, sk, dataset, datasetVersion, version, updatedAt, traceparent, manifestVersion, error: failure } = after
  const about = { runId: sk, dataset, datasetVersion }
  return {
    type,
    version: 1,
    occurredAt: updatedAt,
    workspaceId: pk.slice('WS#'.length, -RUNS_SUFFIX.length),
    sequence: version,
    traceparent,
    data: type === 'RunPublished' ? { ...about, counts: after.counts, manifestVersion } : { ...about, error: failure },
  }
}
