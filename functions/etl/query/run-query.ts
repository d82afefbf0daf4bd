/**
 * One query over published datasets of one workspace:
 * 1. DuckDB's parser says what the statement is; only a SELECT over datasets goes on
 * 2. each dataset is read at its current manifest, once: the whole query sees one moment
 * 3. files that no condition can need are left out, and what is left must be within the limit
 * 4. a new instance sees those files and nothing else: no network, no other path, no setting can be changed
 * 5. rows are taken until time, rows or bytes are used up
 */
import { link, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type DuckDbConnection, identifier, literal, rowsOf, withDuckDb } from '#duckdb'
import type { Dataset } from '../catalog/dataset.ts'
import type { ManifestFile } from '../catalog/manifest.ts'
import type { QueryAnswer, QueryRefusal, QueryRequest } from './contract.ts'
import type { FileCache } from './file-cache.ts'
import { MAX_QUERY_BYTES, MAX_QUERY_FILES, MAX_QUERY_MS, SPILL_MB } from './limits.ts'
import { neededFiles } from './prune.ts'
import { relationSql } from './relation.ts'
import { collected } from './rows.ts'
import { type Statement, statementOf, type TableUse } from './statement.ts'

export interface RunQueryDependencies {
  readonly datasets: { get(workspaceId: string, name: string, now: Date): Promise<Dataset | undefined> }
  readonly manifestFiles: (key: string | undefined) => Promise<readonly ManifestFile[]>
  readonly cache: FileCache
  /** Below it each query makes a folder of its own; on the file system of the cache. */
  readonly temporaryRoot: string
  readonly memoryMb: number
  /** Default: MAX_QUERY_MS. */
  readonly maxMs?: number
}

interface Source {
  readonly dataset: Dataset
  readonly files: number
  readonly needed: readonly ManifestFile[]
}

/** Downloads at a time: enough to hide a request's latency. */
const PARALLEL_DOWNLOADS = 16

const refused = (code: QueryRefusal, detail: string): QueryAnswer => ({ kind: 'refused', code, detail })

export async function runQuery(
  request: QueryRequest,
  dependencies: RunQueryDependencies,
  now: Date,
): Promise<QueryAnswer> {
  const folder = await mkdtemp(join(dependencies.temporaryRoot, 'query-'))
  try {
    const statement = await parse(request.sql, folder, dependencies.memoryMb)
    if (statement.kind === 'refused') return refused(statement.code, statement.detail)
    const sources = await sourcesOf(request.workspaceId, statement, dependencies, now)
    if ('kind' in sources) return sources
    const bytes = sources.flatMap(({ needed }) => needed).reduce((sum, file) => sum + file.bytes, 0)
    const files = sources.reduce((sum, { needed }) => sum + needed.length, 0)
    if (bytes > MAX_QUERY_BYTES || files > MAX_QUERY_FILES)
      return refused(
        'bytes_limit',
        `expected at most ${MAX_QUERY_BYTES} bytes in ${MAX_QUERY_FILES} files after pruning, got ${bytes} in ${files}`,
      )
    return await execute(request, sources, dependencies, folder)
  } finally {
    await rm(folder, { recursive: true, force: true })
    await dependencies.cache.trim()
  }
}

async function parse(sql: string, folder: string, memoryMb: number): Promise<Statement> {
  const serialised = await withDuckDb({ memoryMb, temporaryFolder: folder, threads: 1 }, async (connection) => {
    const [row] = await rowsOf(connection, `SELECT json_serialize_sql(${literal(sql)}) AS tree`)
    return JSON.parse(String(row?.['tree'])) as unknown
  })
  return statementOf(serialised)
}

async function sourcesOf(
  workspaceId: string,
  { uses, defined }: Extract<Statement, { kind: 'select' }>,
  { datasets, manifestFiles }: RunQueryDependencies,
  now: Date,
): Promise<readonly Source[] | QueryAnswer> {
  const byName = new Map<string, TableUse[]>()
  for (const use of uses) byName.set(use.name.toLowerCase(), [...(byName.get(use.name.toLowerCase()) ?? []), use])
  const sources: Source[] = []
  for (const [name, all] of byName) {
    const dataset = await datasets.get(workspaceId, name, now)
    if (dataset === undefined) {
      if (defined.has(name)) continue
      return refused('dataset_unknown', `this workspace has no dataset ${name.slice(0, 64)}`)
    }
    const files = await manifestFiles(dataset.manifestKey)
    // A name that the statement also defines itself may stand for either: then nothing is left out.
    const needed = defined.has(name) ? files : neededFiles(files, all, dataset)
    sources.push({ dataset, files: files.length, needed })
  }
  return sources
}

async function execute(
  request: QueryRequest,
  sources: readonly Source[],
  dependencies: RunQueryDependencies,
  folder: string,
): Promise<QueryAnswer> {
  const { memoryMb, maxMs = MAX_QUERY_MS } = dependencies
  const lake = join(folder, 'lake')
  const spill = join(folder, 'spill')
  await Promise.all([mkdir(lake), mkdir(spill)])
  const views: string[] = []
  for (const source of sources) views.push(await viewOf(source, lake, dependencies.cache))
  const options = { memoryMb, temporaryFolder: spill, temporaryMb: SPILL_MB, threads: 2 }
  return withDuckDb(options, async (connection) => {
    for (const view of views) await connection.run(view)
    await confine(connection, lake)
    let timedOut = false
    const timer = setTimeout(() => {
      timedOut = true
      connection.interrupt()
    }, maxMs)
    try {
      return await answer(connection, request, sources)
    } catch (error) {
      return failure(error, timedOut, maxMs)
    } finally {
      clearTimeout(timer)
    }
  })
}

/** The files of one dataset, linked under names that sort by when they were published. */
async function viewOf({ dataset, needed }: Source, folder: string, cache: FileCache): Promise<string> {
  const waiting = needed.map((file, index) => ({
    file,
    path: join(
      folder,
      `${dataset.name}-${String(file.since).padStart(10, '0')}-${String(index).padStart(6, '0')}.parquet`,
    ),
  }))
  const files = waiting.map(({ file, path }) => ({ path, columns: new Set(Object.keys(file.columns)) }))
  const fetchNext = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      await link(await cache.path(next.file), next.path)
  }
  await Promise.all(Array.from({ length: PARALLEL_DOWNLOADS }, fetchNext))
  return `CREATE VIEW ${identifier(dataset.name)} AS ${relationSql({ ...dataset, files })}`
}

/** From here on the instance reads these files and nothing else, and no statement can change that. */
export async function confine(connection: DuckDbConnection, folder: string): Promise<void> {
  await connection.run(`SET allowed_directories = [${literal(folder)}]`)
  await connection.run('SET enable_external_access = false')
  await connection.run('SET lock_configuration = true')
}

async function answer(
  connection: DuckDbConnection,
  request: QueryRequest,
  sources: readonly Source[],
): Promise<QueryAnswer> {
  const result = await connection.stream(request.sql)
  const names = result.columnNames()
  const types = result.columnTypes()
  const { rows, csv, count, truncated } = await collected(result.yieldRowsJson(), names, request)
  return {
    kind: 'answered',
    columns: names.map((name, index) => ({ name, type: String(types[index]) })),
    ...(request.format === 'json' ? { rows: rows.map((row) => [...row]) } : { csv }),
    rowCount: count,
    truncated,
    datasets: sources.map(({ dataset, files, needed }) => ({
      name: dataset.name,
      manifestVersion: dataset.manifestVersion,
      files,
      filesRead: needed.length,
      bytesRead: needed.reduce((sum, { bytes }) => sum + bytes, 0),
    })),
  }
}

/** DuckDB says in the first words of its message what kind of error it is. */
function failure(error: unknown, timedOut: boolean, maxMs: number): QueryAnswer {
  const message = error instanceof Error ? error.message : String(error)
  if (timedOut) return refused('time_limit', `expected the query to end within ${maxMs / 1_000} seconds`)
  if (/^Out of Memory Error/.test(message)) return refused('memory_limit', 'expected the query to need less memory')
  if (/^Permission Error/.test(message))
    return refused('table_not_allowed', 'expected the query to read datasets alone')
  if (/^(INTERNAL|Fatal|IO) Error/.test(message)) throw error
  return refused('sql_invalid', message)
}
