import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SFNClient, StartExecutionCommand } from '@aws-sdk/client-sfn'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import landed from '../../../events/etl/landed.csv.json' with { type: 'json' }
import { type Dataset, definition, NO_POINTER } from '../../../functions/etl/catalog/dataset.ts'
import { landedAt } from '../../../functions/etl/catalog/keys.ts'
import { createAskQuery } from '../../../functions/etl/query/query-function.store.ts'
import { confine, runQuery } from '../../../functions/etl/query/run-query.ts'
import { convertRun } from '../../../functions/etl/runs/convert-run.ts'
import { createStartExecution } from '../../../functions/etl/runs/executions.store.ts'
import { landedEvent } from '../../../functions/etl/runs/landed.ts'
import type { Run } from '../../../functions/etl/runs/run.ts'
import { type StartRunDependencies, startRun } from '../../../functions/etl/runs/start-run.ts'
import { withDuckDb } from '../../../layers/duckdb/duckdb.ts'
import { memoryObjects } from '../../contract/etl/memory-objects.ts'

const NOW = new Date('2026-11-21T10:15:00.000Z')
const object = landedEvent.parse(landed).detail.object
const where = landedAt(object.key)
if (where === undefined) throw new Error('expected the fixture to belong to a dataset')

const of = definition.parse({
  format: { type: 'csv' },
  columns: [
    { name: 'id', type: 'integer', required: true },
    { name: 'day', type: 'date' },
  ],
  partitions: [{ column: 'day' }],
})
const dataset: Dataset = {
  ...{ ...of, ...NO_POINTER, name: 'orders', workspaceId: where.workspaceId, builtIn: false, version: 3 },
  ...{ createdAt: NOW.toISOString(), updatedAt: NOW.toISOString() },
}

function dependencies(existing?: Partial<Run>, corrects?: string) {
  const started: string[] = []
  const linked: string[] = []
  const double = {
    runs: {
      claim: vi.fn(async (run: Run) =>
        existing === undefined ? { run, isNew: true } : { run: { ...run, id: 'run_old', ...existing }, isNew: false },
      ),
      change: vi.fn(async (run: Run, _: unknown, status: Run['status'], fields: object) => ({
        ...run,
        status,
        ...fields,
      })),
    },
    datasets: { get: async (_: string, name: string) => (name === 'orders' ? dataset : undefined) },
    startExecution: async (name: string) => void started.push(name),
    getUpload: async () => ({ ...(corrects !== undefined && { corrects }) }),
    linkUpload: async (_: string, uploadId: string, runId: string) => void linked.push(`${uploadId} ${runId}`),
    ids: (prefix: string) => `${prefix}_new`,
    clock: { now: () => NOW },
  } satisfies StartRunDependencies
  return { started, linked, double }
}
const landing = { key: object.key, etag: object.etag, bytes: object.size }

describe('a landed object', () => {
  it('starts its run, with the definition of this moment', async () => {
    const { started, linked, double } = dependencies()
    expect(await startRun(where, landing, 't', double)).toMatchObject({ id: 'run_new', datasetVersion: 3, attempt: 1 })
    expect(started).toEqual(['run_new-1'])
    expect(linked).toEqual([`${where.uploadId} run_new`])
  })

  it('that was asked for as a correction corrects that run', async () => {
    const { double } = dependencies(undefined, 'run_bad')
    expect(await startRun(where, landing, 't', double)).toMatchObject({ corrects: 'run_bad' })
    const { double: other } = dependencies()
    expect(await startRun(where, landing, 't', other)).not.toHaveProperty('corrects')
  })

  it.each(['accepted', 'running', 'committed'] as const)(
    'that is %s is started again under the same name',
    async (status) => {
      const { started, double } = dependencies({ status })
      await startRun(where, landing, 't', double)
      expect(started).toEqual(['run_old-1'])
    },
  )

  it.each(['published', 'rejected', 'duplicate'] as const)('that was %s changes nothing', async (status) => {
    const { started, linked, double } = dependencies({ status })
    expect(await startRun(where, landing, 't', double)).toMatchObject({ id: 'run_old', status })
    expect(started).toEqual([])
    expect(linked).toEqual([`${where.uploadId} run_old`])
  })

  it('that failed for our fault begins another attempt', async () => {
    const { started, double } = dependencies({ status: 'failed', attempt: 2 })
    await startRun(where, landing, 't', double)
    expect(started).toEqual(['run_old-3'])
  })

  it('of no dataset is left alone', async () => {
    const { started, double } = dependencies()
    expect(await startRun({ ...where, dataset: 'nope' }, landing, 't', double)).toBeUndefined()
    expect(started).toEqual([])
  })
})

describe('an execution', () => {
  const states = mockClient(SFNClient)
  beforeEach(() => states.reset())
  const start = createStartExecution(new SFNClient({}), 'arn')
  const input = { workspaceId: 'w', runId: 'r', attempt: 1 }

  it('that exists is started already', async () => {
    states.on(StartExecutionCommand).rejects(Object.assign(new Error('exists'), { name: 'ExecutionAlreadyExists' }))
    await expect(start('r-1', input)).resolves.toBeUndefined()
    states.on(StartExecutionCommand).rejects(new Error('away'))
    await expect(start('r-1', input)).rejects.toThrow('away')
  })
})

describe('a conversion', () => {
  const run: Run = {
    ...{
      id: 'run_1',
      workspaceId: 'wsp_1',
      dataset: 'orders',
      datasetVersion: 3,
      status: 'running',
      attempt: 1,
      version: 2,
    },
    ...{ source: { key: 'in.csv', etag: 'etag', bytes: 1 }, createdAt: '', updatedAt: '', traceparent: '' },
  }
  const input = { workspaceId: 'wsp_1', runId: 'run_1', attempt: 1 }

  async function converting(
    work: (lake: ReturnType<typeof memoryObjects>, again: () => ReturnType<typeof convertRun>) => Promise<void>,
  ) {
    const temporaryRoot = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
    const [landingBucket, lake] = [memoryObjects(), memoryObjects()]
    await landingBucket.writeOnce('in.csv', 'id,day\n1,2026-01-01\n2,2026-01-02\nx,\n', 'text/csv')
    const all = {
      ...{ landing: landingBucket, lake, temporaryRoot, memoryMb: 500 },
      runs: { get: async () => run },
      datasets: { definitionOf: async () => of },
    }
    await work(lake, () => convertRun(input, all))
    await rm(temporaryRoot, { recursive: true })
  }

  it('is answered, not repeated, when its result is there', async () => {
    await converting(async (lake, again) => {
      const first = await again()
      const keys = lake.keys()
      expect(first).toMatchObject({ resumed: false, result: { counts: { recordsIn: 3, good: 2, quarantined: 1 } } })
      expect(keys).toHaveLength(4)
      expect(await again()).toEqual({ ...first, resumed: true })
      expect(lake.keys()).toEqual(keys)
    })
  })

  it('by two workers at once, or after a crash before the result, ends in one result and the same files', async () => {
    await converting(async (lake, again) => {
      const [first, second] = await Promise.all([again(), again()])
      expect(first.resumed).toBe(!second.resumed)
      expect(first.result).toEqual(second.result)
      expect(lake.keys()).toHaveLength(4)
    })
  })
})

describe('the query function', () => {
  const lambda = mockClient(LambdaClient)
  beforeEach(() => lambda.reset())
  const ask = () =>
    createAskQuery(new LambdaClient({}), 'fn')({ workspaceId: 'w', sql: 'SELECT 1', format: 'json', maxRows: 1 })
  const payload = (value: unknown) => Buffer.from(JSON.stringify(value)) as never

  it.each([
    [{ errorType: 'Runtime.ExitError', errorMessage: 'signal: killed' }, 'memory_limit'],
    [{ errorType: 'Runtime.OutOfMemory' }, 'memory_limit'],
    [{ errorType: 'Sandbox.Timedout' }, 'time_limit'],
    [{ errorMessage: '2026 Task timed out after 26.00 seconds' }, 'time_limit'],
  ])('that died says what the query lacked: %j', async (failure, code) => {
    lambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', Payload: payload(failure) })
    expect(await ask()).toMatchObject({ kind: 'refused', code })
  })

  it('that failed otherwise is a fault of ours', async () => {
    lambda.on(InvokeCommand).resolves({ FunctionError: 'Unhandled', Payload: payload({ errorType: 'TypeError' }) })
    await expect(ask()).rejects.toThrow('TypeError')
  })
})

describe('a query', () => {
  it('ends when its time is over', async () => {
    const temporaryRoot = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
    const all = {
      ...{ temporaryRoot, memoryMb: 300, maxMs: 200 },
      datasets: { get: async () => undefined },
      manifestFiles: async () => [],
      cache: { path: async () => '', trim: async () => undefined },
    }
    const sql = 'SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 5'
    const answer = await runQuery({ workspaceId: 'w', sql, format: 'json', maxRows: 1 }, all, NOW)
    expect(answer).toMatchObject({ kind: 'refused', code: 'time_limit' })
    await rm(temporaryRoot, { recursive: true })
  })

  it.each([
    "SELECT * FROM read_text('/etc/passwd')",
    "SELECT * FROM '/etc/passwd'",
    "SELECT * FROM read_csv('{folder}/../outside.csv')",
    "COPY (SELECT 1) TO '/tmp/out.csv'",
    "ATTACH '/tmp/other.db'",
    'INSTALL httpfs',
    "LOAD '/tmp/x.duckdb_extension'",
    'SET enable_external_access = true',
    "SET allowed_directories = ['/']",
    'SET lock_configuration = false',
    'RESET memory_limit',
  ])('could not leave its folder even past the parser: %s', async (sql) => {
    const folder = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
    await withDuckDb({ memoryMb: 300, temporaryFolder: folder, threads: 1 }, async (connection) => {
      await confine(connection, folder)
      await expect(connection.run(sql.replace('{folder}', folder))).rejects.toThrow()
    })
    await rm(folder, { recursive: true })
  })
})
