/**
 * Publishing: the one place that moves a dataset's pointer. The next manifest is written first, under a name of its own;
 * then one transaction moves the pointer, marks the run and claims its content, so that all of it happened or nothing:
 *
 *   run A   reads version 4 ─ writes manifest 5a ─ [pointer 4 → 5a, run A committed, content A] ✓
 *   run B   reads version 4 ─ writes manifest 5b ─ [pointer 4 → 5b …] ✗ ─ reads 5a ─ writes 6b ─ [5a → 6b …] ✓
 *
 * A manifest that lost is never read by anybody. A repeated commit finds its run committed and answers what it was.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type DynamoDBDocumentClient, GetCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { conditionFailed } from '#core/dynamo.ts'
import type { Random } from '#core/random.ts'
import type { Dataset } from '../catalog/dataset.ts'
import { contentKey, datasetKey, manifestKey, runKey } from '../catalog/keys.ts'
import {
  type Addition,
  isSuperseded,
  type Manifest,
  type ManifestFile,
  manifestSchema,
  nextManifest,
  serialised,
  totalsOf,
} from '../catalog/manifest.ts'
import type { ObjectsStore } from '../catalog/objects.store.ts'
import { InputFault } from '../convert/faults.ts'
import type { Run, RunCounts } from './run.ts'
import { changeOf, type RunsStore } from './runs.store.ts'

export type Committed =
  | { readonly kind: 'committed'; readonly run: Run }
  /** These bytes were published by that run. */
  | { readonly kind: 'duplicate'; readonly of: string }
  /** Others kept publishing. */
  | { readonly kind: 'contended' }

export interface CommitInput {
  readonly run: Run
  readonly addition: Addition
  /** Of the file as it landed. */
  readonly sha256: string
  readonly counts: RunCounts
  readonly warnings: readonly string[]
}

export interface CommitDependencies {
  readonly client: DynamoDBDocumentClient
  readonly table: string
  readonly lake: ObjectsStore
  readonly datasets: { get(workspaceId: string, name: string, now: Date): Promise<Dataset | undefined> }
  readonly runs: Pick<RunsStore, 'get'>
  readonly random: Random
}

/** The run that a file corrects. Whoever corrects first does, and only among rows that are still seen. */
async function correctedRun(
  { runs }: CommitDependencies,
  { id, workspaceId, corrects }: Run,
): Promise<Run | undefined> {
  if (corrects === undefined) return undefined
  const corrected = await runs.get(workspaceId, corrects)
  if (corrected === undefined) throw new Error(`expected the run ${corrects}, got none`)
  const { correctedBy = id } = corrected
  if (correctedBy !== id)
    throw new InputFault('AlreadyCorrected', `expected rows that nobody has corrected, ${correctedBy} has`)
  return corrected
}

/** Ten runs that publish to one dataset at once are through after a second; more wait for the state machine's retry. */
const TRIES = 12
const MAX_PAUSE_MS = 250

export const readManifest = async (lake: ObjectsStore, key: string | undefined): Promise<readonly ManifestFile[]> => {
  if (key === undefined) return []
  const found = await lake.readJson(key)
  if (found === undefined) throw new Error(`expected a manifest at ${key}, got none`)
  return manifestSchema.parse(found).files
}

export function createCommit(dependencies: CommitDependencies) {
  const { datasets, lake, random } = dependencies
  return async (input: CommitInput, now: Date): Promise<Committed> => {
    const { workspaceId, dataset: name } = input.run
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const dataset = await datasets.get(workspaceId, name, now)
      if (dataset === undefined) throw new Error(`expected the dataset ${name}, got none`)
      const other = await publishedBy(dependencies, input)
      if (other !== undefined && other !== input.run.id) return { kind: 'duplicate', of: other }
      const files = await readManifest(lake, dataset.manifestKey)
      const current = { workspaceId, dataset: name, version: dataset.manifestVersion, key: dataset.manifestKey, files }
      const corrected = await correctedRun(dependencies, input.run)
      const since = corrected?.manifestVersion
      const addition = { ...input.addition, ...(since !== undefined && { since }) }
      if (corrected !== undefined && isSuperseded(current, addition.mode, addition))
        throw new InputFault('Superseded', `expected what ${corrected.id} published, it was replaced since`)
      const done = await swap(dependencies, input, dataset, nextManifest(current, addition), now)
      if (done !== undefined) return { kind: 'committed', run: done }
      await sleep(((random.bytes(1)[0] ?? 0) / 256) * MAX_PAUSE_MS)
    }
    return { kind: 'contended' }
  }
}

async function publishedBy({ client, table }: CommitDependencies, { run, sha256 }: CommitInput) {
  const Key = contentKey(run, sha256)
  const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
  return Item?.['runId'] as string | undefined
}

/** The committed run; undefined when somebody else was faster. */
async function swap(
  { client, table, lake }: CommitDependencies,
  { run, counts, warnings, sha256: content }: CommitInput,
  dataset: Dataset,
  manifest: Manifest,
  now: Date,
): Promise<Run | undefined> {
  const { body, sha256 } = serialised(manifest)
  const key = manifestKey(run.workspaceId, run.dataset, manifest.version, sha256)
  await lake.writeOnce(key, body, 'application/json')
  const after: Run = {
    ...run,
    status: 'committed',
    version: run.version + 1,
    updatedAt: now.toISOString(),
    counts,
    ...(warnings.length > 0 && { warnings }),
    manifestVersion: manifest.version,
    manifestKey: key,
  }
  const isFirstOfContent = 'attribute_not_exists(pk) OR runId = :run'
  const actions = [
    { Update: { TableName: table, ...pointerChange(dataset, manifest, key) } },
    { Update: { TableName: table, ...changeOf(run, ['running'], after) } },
    {
      Put: {
        TableName: table,
        Item: { ...contentKey(run, content), runId: run.id },
        ConditionExpression: isFirstOfContent,
        ExpressionAttributeValues: { ':run': run.id },
      },
    },
    ...(run.corrects === undefined ? [] : [{ Update: { TableName: table, ...correction(run, run.corrects, now) } }]),
  ]
  try {
    await client.send(new TransactWriteCommand({ TransactItems: actions }))
    return after
  } catch (error) {
    if (isContention(error)) return undefined
    throw error
  }
}

function correction(by: Run, corrected: string, now: Date) {
  return {
    Key: runKey(by.workspaceId, corrected),
    UpdateExpression: 'SET correctedBy = :by, updatedAt = :now ADD #version :one',
    ConditionExpression: 'attribute_not_exists(correctedBy) OR correctedBy = :by',
    ExpressionAttributeNames: { '#version': 'version' },
    ExpressionAttributeValues: { ':by': by.id, ':now': now.toISOString(), ':one': 1 },
  }
}

/** Another run's transaction was before this one, or is under way. */
const isContention = (error: unknown): boolean =>
  conditionFailed(error) ||
  (error instanceof Error && error.name === 'TransactionCanceledException' && /TransactionConflict/.test(error.message))

function pointerChange(dataset: Dataset, manifest: Manifest, key: string) {
  const { rows, bytes, files } = totalsOf(manifest)
  return {
    Key: datasetKey(dataset.workspaceId, dataset.name),
    UpdateExpression:
      'SET manifestVersion = :version, manifestKey = :key, #rows = :rows, #bytes = :bytes, files = :files',
    ConditionExpression: 'manifestVersion = :before',
    ExpressionAttributeNames: { '#rows': 'rows', '#bytes': 'bytes' },
    ExpressionAttributeValues: {
      ':version': manifest.version,
      ':key': key,
      ':rows': rows,
      ':bytes': bytes,
      ':files': files,
      ':before': dataset.manifestVersion,
    },
  }
}
