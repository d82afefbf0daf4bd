import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { BUILT_IN_NAMES, builtIn } from '../../../functions/etl/catalog/built-in.ts'
import { definition, faultsOf, incompatibilities } from '../../../functions/etl/catalog/dataset.ts'
import { inputKey, landedAt, landingKey } from '../../../functions/etl/catalog/keys.ts'
import {
  type Addition,
  type Current,
  nextManifest,
  serialised,
  totalsOf,
} from '../../../functions/etl/catalog/manifest.ts'
import { clicksFiles, clicksMessage } from '../../../functions/etl/clicks/clicks-recorded.ts'
import { eventOf, runItem } from '../../../functions/etl/events.ts'
import { relationSql } from '../../../functions/etl/query/relation.ts'
import { failureOf } from '../../../functions/etl/runs/failure.ts'
import { verdictOf } from '../../../functions/etl/runs/quality.ts'
import type { RunResult } from '../../../functions/etl/runs/step-schemas.ts'
import type { Click } from '../../../functions/links/clicks/click.ts'
import { clicksRecorded, clicksRecordedBy } from '../../../functions/links/clicks/clicks-recorded.ts'

const NOW = new Date('2026-11-21T10:00:00Z')
const columns = [
  { name: 'id', type: 'integer', required: true },
  { name: 'at', type: 'instant' },
]
const declared = (more: object = {}) => definition.parse({ format: { type: 'csv' }, columns, ...more })
const codes = (faults: readonly { code: string }[]) => faults.map(({ code }) => code)

describe('a definition', () => {
  it.each([
    ['column_twice', { columns: [...columns, { name: 'ID', type: 'string' }] }],
    ['column_unknown', { keys: ['nope'] }],
    ['key_not_required', { keys: ['at'] }],
    ['partition_invalid', { partitions: [{ column: 'id', by: 'day' }] }],
    ['column_unknown', { rules: [{ rule: 'unique', columns: ['nope'] }] }],
    ['bound_invalid', { columns: [{ name: 'id', type: 'integer', min: '1.5' }] }],
    ['scale_too_large', { columns: [{ name: 'v', type: 'decimal', precision: 2, scale: 3 }] }],
  ])('%s', (code, more) => {
    expect(codes(faultsOf(declared(more)))).toEqual([code])
  })

  it('of every built-in dataset is without fault', () => {
    for (const name of BUILT_IN_NAMES) {
      const dataset = builtIn('wsp_x', name, NOW)
      expect(dataset).toBeDefined()
      if (dataset !== undefined) expect(faultsOf(dataset)).toEqual([])
    }
    expect(builtIn('wsp_x', 'constructor', NOW)).toBeUndefined()
  })

  it.each([
    ['column_changed', { columns: [{ name: 'id', type: 'string', required: true }, columns[1]] }],
    ['column_changed', { columns: [columns[0]] }],
    ['column_required', { columns: [...columns, { name: 'more', type: 'string', required: true }] }],
    ['layout_changed', { keys: ['id'] }],
    ['layout_changed', { partitions: [{ column: 'at', by: 'day' }] }],
  ])('may not change so that what is published becomes unreadable: %s', (code, more) => {
    expect(codes(incompatibilities(declared(), declared(more)))).toEqual([code])
  })

  it('may gain a column', () => {
    expect(
      incompatibilities(declared(), declared({ columns: [...columns, { name: 'more', type: 'string' }] })),
    ).toEqual([])
  })
})

describe('a key in the landing bucket', () => {
  const ws = 'wsp_01KDVDNA000000000000000000'
  const upl = 'upl_01KDVDNA000000000000000000'

  it('tells workspace, dataset and upload', () => {
    expect(landedAt(landingKey(ws, 'orders', upl, 'a.csv'))).toEqual({
      workspaceId: ws,
      dataset: 'orders',
      uploadId: upl,
    })
    expect(landedAt(`${ws}/orders/2026/a.csv`)).toEqual({ workspaceId: ws, dataset: 'orders', uploadId: undefined })
  })

  it.each(['a.csv', `${ws}/orders`, `${ws}/orders/`, `${ws}/../x/a`, `other/orders/a.csv`, `${ws}/Orders/a.csv`])(
    'that belongs to nothing is left alone: %s',
    (key) => {
      expect(landedAt(key)).toBeUndefined()
    },
  )

  it('has no part in what an input is', () => {
    const input = { workspaceId: ws, dataset: 'a', datasetVersion: 1, etag: 'e', size: 1, corrects: undefined }
    expect(inputKey(input)).toEqual(inputKey({ ...input }))
    for (const other of [
      { datasetVersion: 2 },
      { etag: 'f' },
      { size: 2 },
      { dataset: 'b' },
      { dataset: 'a1', etag: '' },
      { corrects: 'run_1' },
    ])
      expect(inputKey({ ...input, ...other })).not.toEqual(inputKey(input))
  })
})

const file = (key: string, part: string) => ({ key, part, rows: 1, bytes: 10, sha256: 'a'.repeat(64), columns: {} })
const empty: Current = { workspaceId: 'w', dataset: 'd', version: 0, key: undefined, files: [] }
const published = (before: Current, addition: Addition): Current => {
  const { version, files } = nextManifest(before, addition)
  return { ...before, version, key: `m${version}`, files }
}

describe('a manifest', () => {
  it('adds, replaces partitions, or replaces everything', () => {
    const first = published(empty, { runId: 'r1', mode: 'append', files: [file('a', 'p=1'), file('b', 'p=2')] })
    const keys = (mode: Addition['mode']) =>
      nextManifest(first, { runId: 'r2', mode, files: [file('c', 'p=2')] }).files.map(({ key }) => key)
    expect(keys('append')).toEqual(['a', 'b', 'c'])
    expect(keys('replacePartitions')).toEqual(['a', 'c'])
    expect(keys('replaceAll')).toEqual(['c'])
  })

  it('holds each run once, whatever is applied how often', () => {
    const runs = fc.array(fc.tuple(fc.constantFrom('r1', 'r2', 'r3'), fc.constantFrom('p=1', 'p=2')), { maxLength: 12 })
    fc.assert(
      fc.property(runs, (all) => {
        const end = all.reduce<Current>(
          (before, [runId, part]) =>
            published(before, { runId, mode: 'append', files: [file(`${runId}${part}`, part)] }),
          empty,
        )
        expect(end.version).toBe(all.length)
        expect(new Set(end.files.map(({ runId }) => runId)).size).toBe(end.files.length)
        expect(totalsOf(end)).toEqual({ rows: end.files.length, bytes: end.files.length * 10, files: end.files.length })
      }),
    )
  })

  it('has the same bytes for the same input', () => {
    const addition: Addition = { runId: 'r', mode: 'append', files: [file('a', '')] }
    expect(serialised(nextManifest(empty, addition))).toEqual(serialised(nextManifest({ ...empty }, addition)))
  })
})

describe('quality', () => {
  const result = (good: number, quarantined: number, more: Partial<RunResult> = {}): RunResult => ({
    ...{ runId: 'r', sha256: 'a'.repeat(64), bytesIn: 1, textBytes: 1, files: [], quarantineKey: null, repeated: {} },
    counts: { recordsIn: good + quarantined, good, quarantined, faults: {} },
    ...more,
  })

  it('takes the share at its limit, and not one row more', () => {
    const of = declared({ maxQuarantinedShare: 0.1 })
    expect(verdictOf(of, result(9, 1)).ok).toBe(true)
    expect(verdictOf(of, result(8, 2))).toMatchObject({ ok: false, name: 'TooManyBadRows' })
    expect(verdictOf(of, result(0, 0)).ok).toBe(true)
  })

  it('aborts or warns as the rule says', () => {
    const files = [{ ...file('k', ''), columns: { at: { nulls: 2 } } }]
    const rules = [
      { rule: 'rowCount', min: 2, max: 3 },
      { rule: 'nullShare', column: 'at', max: 0.5, onFailure: 'warn' },
      { rule: 'unique', columns: ['id'], onFailure: 'warn' },
    ]
    const of = declared({ rules })
    expect(verdictOf(of, result(1, 0))).toMatchObject({ ok: false, name: 'QualityFailed' })
    expect(verdictOf(of, result(4, 0))).toMatchObject({ ok: false, name: 'QualityFailed' })
    expect(verdictOf(of, result(3, 0, { files, repeated: { '2': 1 } }))).toMatchObject({
      ok: true,
      warnings: [expect.stringContaining('nullShare'), expect.stringContaining('unique')],
    })
  })
})

describe('a failed step', () => {
  it('is the file’s fault by its name, and says why', () => {
    const Cause = JSON.stringify({ errorType: 'HeaderMismatch', errorMessage: 'expected id', trace: ['private'] })
    expect(failureOf({ Error: 'HeaderMismatch', Cause })).toEqual({
      status: 'rejected',
      name: 'HeaderMismatch',
      detail: 'expected id',
    })
  })

  it.each(['TypeError', 'Runtime.ExitError', 'constructor'])('is ours otherwise, without detail: %s', (name) => {
    const failure = failureOf({ Error: name, Cause: '{"errorMessage":"secret"}' })
    expect(failure).toMatchObject({ status: 'failed', name })
    expect(failure.detail).not.toContain('secret')
  })
})

describe('an event', () => {
  const item = runItem.parse({
    ...{ pk: 'WS#wsp_1#RUNS', sk: 'run_01KDVDNA000000000000000000', dataset: 'd', datasetVersion: 1, version: 4 },
    ...{ status: 'published', updatedAt: NOW.toISOString(), traceparent: 't', manifestVersion: 2 },
    counts: { recordsIn: 2, good: 1, quarantined: 1 },
  })
  const change = (before: typeof item | undefined, then: typeof item) =>
    eventOf({
      ...{ kind: 'MODIFY', sequenceNumber: '1', key: { pk: '', sk: '' }, at: NOW, expired: false, streamArn: '' },
      before,
      after: then,
    })

  it('tells how a run ended, once', () => {
    expect(change({ ...item, status: 'committed' }, item)).toMatchObject({
      type: 'RunPublished',
      workspaceId: 'wsp_1',
      sequence: 4,
      data: { runId: item.sk, manifestVersion: 2, counts: { good: 1 } },
    })
    expect(change(item, item)).toBeUndefined()
    expect(change(undefined, { ...item, status: 'accepted' })).toBeUndefined()
  })
})

describe('clicks', () => {
  const click = (eventId: string, workspaceId = 'wsp_1'): Click => ({
    ...{ version: 1, eventId, workspaceId, linkId: 'lnk_01KDVDNA000000000000000000', slug: 's' },
    ...{ occurredAt: NOW.toISOString(), userAgent: 'Mozilla/5.0 Firefox/143.0', referrerHost: null, country: 'DE' },
  })

  it('of links are what this service reads, as their columns are declared', () => {
    const [event] = clicksRecordedBy([click('a'), click('b'), click('a')])
    clicksRecorded.parse(event)
    const [landed] = clicksFiles([clicksMessage.parse({ detail: event })])
    const rows = (landed?.body ?? '')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    const known = builtIn('wsp_1', 'clicks', NOW)?.columns.map(({ name }) => name)
    expect(rows.map((row) => row['eventId'])).toEqual(['a', 'b'])
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual([...(known ?? [])].sort())
  })

  it('are told alike when they are told again, and land in a file for each workspace', () => {
    const batch = [click('a'), click('b', 'wsp_2')]
    expect(clicksRecordedBy(batch)).toEqual(clicksRecordedBy(batch.toReversed()).toReversed())
    const messages = clicksRecordedBy(batch).map((detail) => clicksMessage.parse({ detail }))
    expect(clicksFiles([...messages, ...messages])).toEqual(clicksFiles(messages))
    expect(clicksFiles(messages).map(({ key }) => key.split('/')[0])).toEqual(['wsp_1', 'wsp_2'])
  })
})

describe('a relation', () => {
  it('quotes what it is given', () => {
    const sql = relationSql({
      columns: [{ name: 'a', type: 'string' }],
      keys: [],
      files: [{ path: "it's", columns: new Set(['a']) }],
    })
    expect(sql).toContain("'it''s'")
  })
})
