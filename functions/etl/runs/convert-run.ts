/**
 * One landed file → objects in the lake and one result that names them. Repeatable: object names hold the hash of their
 * bytes, the result is written once, and a worker that comes second, or after a crash, answers the one that is there.
 *
 *   worker 1   reads ─ writes data/a.parquet ─ ☠
 *   worker 2   reads ─ writes data/a.parquet, the same bytes ─ writes the result ─ done
 */
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { withDuckDb } from '#duckdb'
import type { Dataset, Definition } from '../catalog/dataset.ts'
import type { DatasetsStore } from '../catalog/datasets.store.ts'
import { dataKey, quarantineKey, resultKey } from '../catalog/keys.ts'
import type { ObjectsStore } from '../catalog/objects.store.ts'
import { type Converted, convert } from '../convert/convert.ts'
import { InputFault } from '../convert/faults.ts'
import { repeatedValues } from '../convert/repeated.ts'
import type { Run } from './run.ts'
import type { RunsStore } from './runs.store.ts'
import type { RunInput } from './start-run.ts'
import { type RunResult, runResult } from './step-schemas.ts'

export interface ConvertRunDependencies {
  readonly runs: Pick<RunsStore, 'get'>
  readonly datasets: Pick<DatasetsStore, 'definitionOf'>
  readonly landing: ObjectsStore
  readonly lake: ObjectsStore
  /** Below it each call makes a folder of its own. */
  readonly temporaryRoot: string
  readonly memoryMb: number
}

/** Uploads at a time: enough to hide a request's latency. */
const PARALLEL_UPLOADS = 8

export const readResult = async (
  lake: ObjectsStore,
  run: Pick<Dataset, 'workspaceId'> & { dataset: string; id: string },
) => {
  const found = await lake.readJson(resultKey(run.workspaceId, run.dataset, run.id))
  return found === undefined ? undefined : runResult.parse(found)
}

export async function convertRun(
  { workspaceId, runId }: RunInput,
  dependencies: ConvertRunDependencies,
): Promise<{ readonly result: RunResult; readonly resumed: boolean }> {
  const { runs, lake } = dependencies
  const run = await runs.get(workspaceId, runId)
  if (run === undefined) throw new Error(`expected the run ${runId}, got none`)
  const existing = await readResult(lake, run)
  if (existing !== undefined) return { result: existing, resumed: true }
  const definition = await dependencies.datasets.definitionOf(workspaceId, run.dataset, run.datasetVersion)
  const folder = await mkdtemp(join(dependencies.temporaryRoot, 'run-'))
  try {
    const result = await convertIn(folder, run, definition, dependencies)
    const body = JSON.stringify(result)
    const first = await lake.writeOnce(resultKey(workspaceId, run.dataset, runId), body, 'application/json')
    const kept = first ? result : await readResult(lake, run)
    if (kept === undefined) throw new Error(`expected the result of ${runId}, got none`)
    return { result: kept, resumed: !first }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function convertIn(
  folder: string,
  run: Run,
  definition: Definition,
  { landing, memoryMb, lake }: ConvertRunDependencies,
): Promise<RunResult> {
  const converted = await convert({
    definition,
    folder,
    memoryMb,
    async read() {
      const body = await landing.read(run.source.key, run.source.etag)
      if (body === undefined) throw new InputFault('InputChanged', 'expected the object that landed, it is gone')
      return body
    },
  })
  const repeated = await withDuckDb({ memoryMb, temporaryFolder: join(folder, 'spill'), threads: 1 }, (connection) =>
    repeatedValues(connection, definition.rules, converted.files),
  )
  const files = await uploadFiles(run, converted, lake)
  return {
    runId: run.id,
    sha256: converted.sha256,
    bytesIn: converted.bytesIn,
    textBytes: converted.textBytes,
    counts: {
      recordsIn: converted.recordsIn,
      good: converted.good,
      quarantined: converted.quarantined,
      faults: { ...converted.faults },
    },
    files,
    quarantineKey: await uploadQuarantine(run, converted.quarantinePath, lake),
    repeated,
  }
}

async function uploadFiles(run: Run, { files }: Converted, lake: ObjectsStore): Promise<RunResult['files']> {
  const waiting = [...files]
  const upload = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift())
      await lake.writeFile(keyOf(run, file), file.path, file.bytes, file.sha256)
  }
  await Promise.all(Array.from({ length: PARALLEL_UPLOADS }, upload))
  return files.map((file) => {
    const { path: _, ...kept } = file
    return { ...kept, key: keyOf(run, file) }
  })
}

const keyOf = (run: Run, { part, sha256 }: { readonly part: string; readonly sha256: string }): string =>
  dataKey(run.workspaceId, run.dataset, part, run.id, sha256)

async function uploadQuarantine(run: Run, path: string | undefined, lake: ObjectsStore): Promise<string | null> {
  if (path === undefined) return null
  const key = quarantineKey(run.workspaceId, run.dataset, run.id)
  const { size } = await stat(path)
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex')
  await lake.writeFile(key, path, size, sha256)
  return key
}
