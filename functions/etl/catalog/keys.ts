/**
 * Keys of the table `backlot-etl`, and of the objects in its buckets; the README of this folder has the access patterns.
 * Pure.
 *
 *   dataset   WS#<workspace>#DATASETS        <name>           definition, version, manifest pointer
 *   version   WS#<workspace>#DATASET#<name>  <version>        the definition as it was: a run keeps the one it began with
 *   run       WS#<workspace>#RUNS            <run id>         all of `Run`
 *   run, by dataset  WS#<workspace>#RUNS#<dataset>  <run id>  nothing but the key
 *   input     WS#<workspace>#INPUT#<hash>    INPUT            runId: this input (dataset, its version, bytes) has this run
 *   content   WS#<workspace>#CONTENT#<hash>  CONTENT          runId: what was published with exactly these bytes
 *   upload    WS#<workspace>#UPLOADS         <upload id>      dataset, key, runId, ttl
 */
import { createHash } from 'node:crypto'
import { ULID_PATTERN } from '#core/ids.ts'
import type { TableKey as Key } from '#core/table.ts'
import { DATASET_NAME } from './dataset.ts'

export const datasetsPartition = (workspaceId: string): string => `WS#${workspaceId}#DATASETS`
export const datasetKey = (workspaceId: string, name: string): Key => ({ pk: datasetsPartition(workspaceId), sk: name })

/** `version` with its zeros, so that it sorts. */
export const definitionKey = (workspaceId: string, name: string, version: number): Key => ({
  pk: `WS#${workspaceId}#DATASET#${name}`,
  sk: String(version).padStart(6, '0'),
})

export const RUNS_SUFFIX = '#RUNS'
export const runsPartition = (workspaceId: string): string => `WS#${workspaceId}${RUNS_SUFFIX}`
export const runKey = (workspaceId: string, runId: string): Key => ({ pk: runsPartition(workspaceId), sk: runId })
export const datasetRunsPartition = (workspaceId: string, dataset: string): string =>
  `${runsPartition(workspaceId)}#${dataset}`
export const datasetRunKey = (workspaceId: string, dataset: string, runId: string): Key => ({
  pk: datasetRunsPartition(workspaceId, dataset),
  sk: runId,
})

const hashOf = (...parts: readonly string[]): string => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(`${Buffer.byteLength(part)}:${part}`)
  return hash.digest('hex')
}

export interface Input {
  readonly workspaceId: string
  readonly dataset: string
  /** Of the dataset's definition: after a change the same file is another input. */
  readonly datasetVersion: number
  readonly etag: string
  readonly size: number
  /** The run whose rows it corrects: two runs may have had the same bad row. */
  readonly corrects: string | undefined
}

/** Without the object's name: the same bytes under ten names are one input. */
export const inputKey = ({ workspaceId, dataset, datasetVersion, etag, size, corrects }: Input): Key => ({
  pk: `WS#${workspaceId}#INPUT#${hashOf(dataset, String(datasetVersion), etag, String(size), ...about(corrects))}`,
  sk: 'INPUT',
})

export interface Content {
  readonly workspaceId: string
  readonly dataset: string
  readonly datasetVersion: number
  readonly corrects?: string | undefined
}
/** ETags of files that were uploaded in parts differ with the parts; the hash of the bytes does not. */
export const contentKey = ({ workspaceId, dataset, datasetVersion, corrects }: Content, sha256: string): Key => ({
  pk: `WS#${workspaceId}#CONTENT#${hashOf(dataset, String(datasetVersion), sha256, ...about(corrects))}`,
  sk: 'CONTENT',
})

const about = (corrects: string | undefined): readonly string[] => (corrects === undefined ? [] : [corrects])

export const uploadKey = (workspaceId: string, uploadId: string): Key => ({
  pk: `WS#${workspaceId}#UPLOADS`,
  sk: uploadId,
})

const hasUlid = (prefix: string, id: string): boolean =>
  id.startsWith(`${prefix}_`) && ULID_PATTERN.test(id.slice(prefix.length + 1))
export const isRunId = (id: string): boolean => hasUlid('run', id)
export const isUploadId = (id: string): boolean => hasUlid('upl', id)

/** `<workspace>/<dataset>/<upload id>/<file name>`, or anything else behind the dataset. */
export const landingKey = (workspaceId: string, dataset: string, uploadId: string, fileName: string): string =>
  `${workspaceId}/${dataset}/${uploadId}/${fileName}`

export interface Landed {
  readonly workspaceId: string
  readonly dataset: string
  /** Undefined when the object was put without asking for an upload. */
  readonly uploadId: string | undefined
}

/** Undefined for an object that belongs to no dataset. */
export function landedAt(key: string): Landed | undefined {
  const [workspaceId = '', dataset = '', third = '', ...rest] = key.split('/')
  if (!hasUlid('wsp', workspaceId) || !DATASET_NAME.test(dataset) || third === '') return undefined
  return { workspaceId, dataset, uploadId: rest.length > 0 && isUploadId(third) ? third : undefined }
}

/** Below it lies everything that a workspace has in the lake. */
export const lakePrefix = (workspaceId: string, dataset: string): string => `${workspaceId}/${dataset}`
export const quarantineKey = (workspaceId: string, dataset: string, runId: string): string =>
  `${lakePrefix(workspaceId, dataset)}/quarantine/${runId}.ndjson.gz`
export const resultKey = (workspaceId: string, dataset: string, runId: string): string =>
  `${lakePrefix(workspaceId, dataset)}/runs/${runId}.json`
export const dataKey = (workspaceId: string, dataset: string, part: string, runId: string, sha256: string): string =>
  `${lakePrefix(workspaceId, dataset)}/data/${part === '' ? '' : `${part}/`}run=${runId}/${sha256}.parquet`
export const manifestKey = (workspaceId: string, dataset: string, version: number, sha256: string): string =>
  `${lakePrefix(workspaceId, dataset)}/manifests/${String(version).padStart(10, '0')}-${sha256}.json`
