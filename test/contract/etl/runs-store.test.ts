import { createHash } from 'node:crypto'
import { ulid } from 'ulid'
import { describe, expect, it } from 'vitest'
import type { Dataset } from '../../../functions/etl/catalog/dataset.ts'
import { definition, NO_POINTER } from '../../../functions/etl/catalog/dataset.ts'
import { createDatasetsStore } from '../../../functions/etl/catalog/datasets.store.ts'
import { manifestSchema } from '../../../functions/etl/catalog/manifest.ts'
import { type CommitInput, createCommit } from '../../../functions/etl/runs/commit.store.ts'
import type { Run } from '../../../functions/etl/runs/run.ts'
import { createRunsStore } from '../../../functions/etl/runs/runs.store.ts'
import { createUploadsStore } from '../../../functions/etl/runs/uploads.store.ts'
import { systemRandom } from '../../../layers/core/random.ts'
import { scratchTable } from '../links/scratch-table.ts'
import { memoryObjects } from './memory-objects.ts'

const table = scratchTable()
const NOW = new Date('2026-11-21T10:15:00.000Z')
const WS = 'wsp_1'

const datasets = createDatasetsStore(table.client, table.name)
const runs = createRunsStore(table.client, table.name)
const uploads = createUploadsStore(table.client, table.name)
const lake = memoryObjects()
const commit = createCommit({ client: table.client, table: table.name, lake, datasets, runs, random: systemRandom })

const sha = (text: string) => createHash('sha256').update(text).digest('hex')
const newName = () => `d_${ulid().toLowerCase()}`

async function newDataset(): Promise<Dataset> {
  const dataset: Dataset = {
    ...definition.parse({ format: { type: 'csv' }, columns: [{ name: 'id', type: 'integer' }] }),
    ...NO_POINTER,
    ...{ name: newName(), workspaceId: WS, builtIn: false, version: 1 },
    ...{ createdAt: NOW.toISOString(), updatedAt: NOW.toISOString() },
  }
  expect(await datasets.create(dataset)).toBe('created')
  return dataset
}

const runOf = (dataset: string, etag: string, over: Partial<Run> = {}): Run => ({
  ...{ id: `run_${ulid()}`, workspaceId: WS, dataset, datasetVersion: 1, status: 'accepted', attempt: 1, version: 1 },
  source: { key: `${WS}/${dataset}/a.csv`, etag, bytes: 10 },
  ...{ createdAt: NOW.toISOString(), updatedAt: NOW.toISOString(), traceparent: 't' },
  ...over,
})

async function running(dataset: string, etag: string, over: Partial<Run> = {}): Promise<Run> {
  const { run } = await runs.claim(runOf(dataset, etag, over))
  const changed = await runs.change(run, ['accepted'], 'running', {}, NOW)
  if (changed === undefined) throw new Error('expected the run to begin')
  return changed
}

const publication = (run: Run, content = run.id): CommitInput => ({
  run,
  addition: {
    runId: run.id,
    mode: 'append',
    files: [{ key: `${run.id}.parquet`, part: '', rows: 2, bytes: 10, sha256: sha(run.id), columns: {} }],
  },
  sha256: sha(content),
  counts: { recordsIn: 2, good: 2, quarantined: 0, faults: {} },
  warnings: [],
})

describe('datasets', () => {
  it('are made once, and remember each version of their definition', async () => {
    const dataset = await newDataset()
    expect(await datasets.create(dataset)).toBe('name_taken')
    const more = { ...dataset, columns: [...dataset.columns, { name: 'note', type: 'string' as const }] }
    expect(await datasets.change(dataset, more, NOW)).toMatchObject({ kind: 'done', dataset: { version: 2 } })
    expect(await datasets.change(dataset, more, NOW)).toEqual({ kind: 'stale', version: 2 })
    expect((await datasets.definitionOf(WS, dataset.name, 1)).columns).toHaveLength(1)
    expect((await datasets.definitionOf(WS, dataset.name, 2)).columns).toHaveLength(2)
    expect(await datasets.get('wsp_2', dataset.name, NOW)).toBeUndefined()
  })

  it('that are built in are made when they are first asked for, by many at once', async () => {
    const found = await Promise.all(Array.from({ length: 5 }, () => datasets.get('wsp_3', 'clicks', NOW)))
    expect(new Set(found.map((one) => one?.version))).toEqual(new Set([1]))
    const page = await datasets.list('wsp_4', 10, undefined, NOW)
    expect(page).toMatchObject({ datasets: [{ name: 'clicks', builtIn: true }], next: undefined })
  })
})

describe('a claim', () => {
  it('gives one input one run, however many ask at once', async () => {
    const name = newName()
    const claims = await Promise.all(Array.from({ length: 10 }, () => runs.claim(runOf(name, 'e'))))
    expect(claims.filter(({ isNew }) => isNew)).toHaveLength(1)
    expect(new Set(claims.map(({ run }) => run.id)).size).toBe(1)
    expect((await runs.list(WS, name, 10, undefined)).runs).toHaveLength(1)
    expect((await runs.claim(runOf(name, 'other'))).isNew).toBe(true)
    expect((await runs.claim(runOf(name, 'e', { datasetVersion: 2 }))).isNew).toBe(true)
  })

  it('costs what the README says', async () => {
    expect(await table.unitsOf(() => runs.claim(runOf(newName(), 'e')))).toBe(6)
  })

  it('lists newest first, in pages, by dataset and of all', async () => {
    const name = newName()
    const ids: string[] = []
    for (const etag of ['a', 'b', 'c']) {
      // ULIDs of one millisecond have no order.
      const id = `run_${ulid(NOW.getTime() + ids.length)}`
      ids.push((await runs.claim(runOf(name, etag, { id }))).run.id)
    }
    const first = await runs.list(WS, name, 2, undefined)
    expect(first).toMatchObject({ runs: [{ id: ids[2] }, { id: ids[1] }], next: ids[1] })
    expect(await runs.list(WS, name, 2, first.next)).toMatchObject({ runs: [{ id: ids[0] }], next: undefined })
    expect((await runs.list(WS, undefined, 100, undefined)).runs.length).toBeGreaterThanOrEqual(3)
  })
})

describe('a change of a run', () => {
  it('is refused for another status, or another version than was seen', async () => {
    const { run } = await runs.claim(runOf(newName(), 'e'))
    expect(await runs.change(run, ['running'], 'failed', {}, NOW)).toBeUndefined()
    const both = await Promise.all([
      runs.change(run, ['accepted'], 'running', {}, NOW),
      runs.change(run, ['accepted'], 'running', {}, NOW),
    ])
    expect(both.filter((one) => one !== undefined)).toHaveLength(1)
    expect(await runs.get(WS, run.id)).toMatchObject({ status: 'running', version: 2 })
    expect(await runs.get(WS, 'nonsense')).toBeUndefined()
  })
})

describe('a commit', () => {
  it('moves the pointer, marks the run and claims the content, together', async () => {
    const { name } = await newDataset()
    const run = await running(name, 'e')
    expect(await commit(publication(run), NOW)).toMatchObject({ kind: 'committed', run: { manifestVersion: 1 } })
    const dataset = await datasets.get(WS, name, NOW)
    expect(dataset).toMatchObject({ manifestVersion: 1, rows: 2, bytes: 10, files: 1 })
    expect(await runs.get(WS, run.id)).toMatchObject({ status: 'committed', manifestKey: dataset?.manifestKey })
    const manifest = manifestSchema.parse(await lake.readJson(dataset?.manifestKey ?? ''))
    expect(manifest).toMatchObject({ version: 1, previous: null, runId: run.id, files: [{ since: 1 }] })
  })

  it('of many runs at once loses none', async () => {
    const { name } = await newDataset()
    const all = await Promise.all(Array.from({ length: 6 }, (_, index) => running(name, `e${index}`)))
    const done = await Promise.all(all.map((run) => commit(publication(run), NOW)))
    expect(new Set(done.map(({ kind }) => kind))).toEqual(new Set(['committed']))
    expect(await datasets.get(WS, name, NOW)).toMatchObject({ manifestVersion: 6, rows: 12, files: 6 })
  })

  it('of bytes that another run published changes nothing', async () => {
    const { name } = await newDataset()
    const [first, second] = [await running(name, 'e1'), await running(name, 'e2')]
    await commit(publication(first, 'same'), NOW)
    expect(await commit(publication(second, 'same'), NOW)).toEqual({ kind: 'duplicate', of: first.id })
    expect(await datasets.get(WS, name, NOW)).toMatchObject({ manifestVersion: 1, files: 1 })
  })
})

describe('corrections', () => {
  const published = async (name: string, etag: string) => {
    const run = await running(name, etag)
    await commit(publication(run), NOW)
    return run
  }
  const correcting = (name: string, corrects: string, etag = 'fixed') => running(name, etag, { corrects })

  it('are added to what they correct, and rank as if they had come with it', async () => {
    const { name } = await newDataset()
    const first = await published(name, 'e1')
    await published(name, 'e2')
    const run = await correcting(name, first.id)
    expect(await commit(publication(run), NOW)).toMatchObject({ kind: 'committed', run: { manifestVersion: 3 } })
    const dataset = await datasets.get(WS, name, NOW)
    const { files } = manifestSchema.parse(await lake.readJson(dataset?.manifestKey ?? ''))
    expect(files.map(({ runId, since }) => [runId === run.id, since])).toEqual([
      [false, 1],
      [false, 2],
      [true, 1],
    ])
    expect(await runs.get(WS, first.id)).toMatchObject({ correctedBy: run.id, status: 'committed', version: 4 })
  })

  it('of one run are published once, however many come at once', async () => {
    const { name } = await newDataset()
    const first = await published(name, 'e1')
    const all = await Promise.all(['a', 'b', 'c'].map((etag) => correcting(name, first.id, etag)))
    const done = await Promise.allSettled(all.map((run) => commit(publication(run), NOW)))
    const refused = done.flatMap((one) => (one.status === 'rejected' ? [one.reason.name] : []))
    expect(refused).toEqual(['AlreadyCorrected', 'AlreadyCorrected'])
    expect(await datasets.get(WS, name, NOW)).toMatchObject({ manifestVersion: 2, files: 2 })
  })

  it('are told from the same bytes that correct another run, or none', async () => {
    const { name } = await newDataset()
    const [first, second] = [await published(name, 'e1'), await published(name, 'e2')]
    const all = [await correcting(name, first.id), await correcting(name, second.id), await running(name, 'fixed')]
    expect(new Set(all.map(({ id }) => id)).size).toBe(3)
    for (const run of all) expect(await commit(publication(run, 'same'), NOW)).toMatchObject({ kind: 'committed' })
  })

  it('come too late for what was replaced', async () => {
    const { name } = await newDataset()
    const first = await published(name, 'e1')
    const newer = await running(name, 'e2')
    const replacing = (run: Run): CommitInput => ({
      ...publication(run),
      addition: { ...publication(run).addition, mode: 'replacePartitions' },
    })
    await commit(replacing(newer), NOW)
    const late = await correcting(name, first.id)
    await expect(commit(replacing(late), NOW)).rejects.toMatchObject({ name: 'Superseded' })
    expect(await runs.get(WS, first.id)).not.toHaveProperty('correctedBy')
    const inTime = await correcting(name, newer.id)
    expect(await commit(replacing(inTime), NOW)).toMatchObject({ kind: 'committed' })
    expect(await datasets.get(WS, name, NOW)).toMatchObject({ files: 2 })
  })
})

describe('uploads', () => {
  it('learn their run; one that is forgotten does not come back', async () => {
    const upload = { id: `upl_${ulid()}`, workspaceId: WS, dataset: 'd', key: 'k', createdAt: NOW.toISOString() }
    await uploads.create(upload)
    await uploads.link(WS, upload.id, 'run_1')
    expect(await uploads.get(WS, upload.id)).toMatchObject({ ...upload, runId: 'run_1' })
    const unknown = `upl_${ulid()}`
    await uploads.link(WS, unknown, 'run_1')
    expect(await uploads.get(WS, unknown)).toBeUndefined()
  })
})
