/**
 * A landed object → its run, started. Everything may happen twice: the claim gives the same run, and an execution of the
 * state machine with the same name is started once. No AWS.
 */
import type { Clock } from '#core/clock.ts'
import type { Ids } from '#core/ids.ts'
import type { Dataset } from '../catalog/dataset.ts'
import type { Landed } from '../catalog/keys.ts'
import { isSettled, type Run } from './run.ts'
import type { RunsStore } from './runs.store.ts'
import type { Upload } from './uploads.store.ts'

export interface LandedObject {
  readonly key: string
  readonly etag: string
  readonly bytes: number
}

export interface StartRunDependencies {
  readonly runs: Pick<RunsStore, 'claim' | 'change'>
  readonly datasets: { get(workspaceId: string, name: string, now: Date): Promise<Dataset | undefined> }
  /** `name` makes it happen once. */
  readonly startExecution: (name: string, input: RunInput) => Promise<void>
  /** What was asked for when the upload was. */
  readonly getUpload: (workspaceId: string, uploadId: string) => Promise<Pick<Upload, 'corrects'> | undefined>
  readonly linkUpload: (workspaceId: string, uploadId: string, runId: string) => Promise<void>
  readonly ids: Ids
  readonly clock: Clock
}

/** What the state machine begins with. */
export interface RunInput {
  readonly workspaceId: string
  readonly runId: string
  readonly attempt: number
}

/** The run; undefined when there is no such dataset. */
export async function startRun(
  { workspaceId, dataset: name, uploadId }: Landed,
  object: LandedObject,
  traceparent: string,
  dependencies: StartRunDependencies,
): Promise<Run | undefined> {
  const { runs, datasets, clock, ids } = dependencies
  const now = clock.now()
  const dataset = await datasets.get(workspaceId, name, now)
  if (dataset === undefined) return undefined
  const upload = uploadId === undefined ? undefined : await dependencies.getUpload(workspaceId, uploadId)
  const { run } = await runs.claim({
    id: ids('run'),
    workspaceId,
    dataset: name,
    datasetVersion: dataset.version,
    source: object,
    status: 'accepted',
    attempt: 1,
    version: 1,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    traceparent,
    ...(upload?.corrects !== undefined && { corrects: upload.corrects }),
  })
  if (uploadId !== undefined) await dependencies.linkUpload(workspaceId, uploadId, run.id)
  const current = run.status === 'failed' ? await again(run, dependencies) : run
  if (!isSettled(current.status)) await dependencies.startExecution(executionName(current), inputOf(current))
  return current
}

/** Whoever comes second finds it started. */
async function again(run: Run, { runs, clock }: StartRunDependencies): Promise<Run> {
  const restarted = await runs.change(run, ['failed'], 'accepted', { attempt: run.attempt + 1 }, clock.now())
  return restarted ?? run
}

const inputOf = ({ workspaceId, id, attempt }: Run): RunInput => ({ workspaceId, runId: id, attempt })

/** At most 80 characters of a kind that Step Functions takes. */
const executionName = ({ id, attempt }: Run): string => `${id}-${attempt}`
