/** A run: one landed file on its way into its dataset. Pure. */
import type { RowFaultCode } from '../convert/faults.ts'

/**
 *   accepted ──► running ──► committed ──► published
 *                  ├──► rejected    the file's fault; the same file again changes nothing
 *                  ├──► duplicate   these bytes were published by another run
 *                  └──► failed      ours; the same file again starts the same run once more ──► accepted
 */
export const RUN_STATUSES = [
  'accepted',
  'running',
  'committed',
  'published',
  'rejected',
  'duplicate',
  'failed',
] as const
export type RunStatus = (typeof RUN_STATUSES)[number]

/** Nothing happens to it any more, unless the same file lands again after a failure. */
export const isSettled = (status: RunStatus): boolean =>
  status === 'published' || status === 'rejected' || status === 'duplicate' || status === 'failed'

/** Why its bad rows can not be corrected by a further file; undefined when they can. */
export function correctionRefusal({ status, counts, correctedBy }: Run): string | undefined {
  if (status !== 'published') return `expected a run that is published, got one that is ${status}: land the whole file`
  if ((counts?.quarantined ?? 0) === 0) return 'expected a run with bad rows, got one without'
  return correctedBy && `expected rows that nobody has corrected, ${correctedBy} has`
}

export interface RunSource {
  /** In the landing bucket. */
  readonly key: string
  readonly etag: string
  readonly bytes: number
}

export interface RunCounts {
  readonly recordsIn: number
  readonly good: number
  readonly quarantined: number
  readonly faults: Readonly<Partial<Record<RowFaultCode, number>>>
}

export interface Run {
  /** `run_<ULID>`: sorts by the time the file landed. */
  readonly id: string
  readonly workspaceId: string
  readonly dataset: string
  /** Of the definition that it began with, and keeps. */
  readonly datasetVersion: number
  readonly source: RunSource
  readonly status: RunStatus
  /** From 1; one more each time it is started again after a failure. */
  readonly attempt: number
  /** Rises with every change: the sequence of its events. */
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
  readonly traceparent: string
  readonly counts?: RunCounts
  /** Warnings of rules with `onFailure: warn`. */
  readonly warnings?: readonly string[]
  readonly manifestVersion?: number
  readonly manifestKey?: string
  readonly duplicateOf?: string
  readonly error?: { readonly name: string; readonly detail: string }
  /** The run whose quarantined rows this file has, corrected. */
  readonly corrects?: string
  /** The one run that published corrections of what this one kept aside. */
  readonly correctedBy?: string
}
