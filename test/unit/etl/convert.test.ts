import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { type Definition, definition } from '../../../functions/etl/catalog/dataset.ts'
import { type Converted, convert } from '../../../functions/etl/convert/convert.ts'
import type { QuarantinedRow } from '../../../functions/etl/convert/quarantine.ts'
import { literal, rowsOf, withDuckDb } from '../../../layers/duckdb/duckdb.ts'

const folders: string[] = []
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function converted(of: Definition, data: string | Buffer) {
  const folder = await mkdtemp(join(tmpdir(), 'backlot-etl-'))
  folders.push(folder)
  const bytes = Buffer.from(data)
  const result = await convert({
    definition: of,
    folder,
    memoryMb: 500,
    read: async () =>
      (async function* () {
        yield bytes
      })(),
  })
  return { result, folder }
}

async function rowsIn({ files }: Converted, folder: string): Promise<readonly Record<string, unknown>[]> {
  if (files.length === 0) return []
  return withDuckDb({ memoryMb: 500, temporaryFolder: folder, threads: 1 }, (connection) =>
    rowsOf(connection, `SELECT * FROM read_parquet([${files.map(({ path }) => literal(path)).join(', ')}])`),
  )
}

async function quarantineOf({ quarantinePath }: Converted): Promise<readonly QuarantinedRow[]> {
  if (quarantinePath === undefined) return []
  const lines = gunzipSync(await readFile(quarantinePath))
    .toString()
    .trimEnd()
    .split('\n')
  return lines.map((line) => JSON.parse(line) as QuarantinedRow)
}

const csv = (columns: readonly unknown[], more: object = {}): Definition =>
  definition.parse({ format: { type: 'csv' }, columns, maxQuarantinedShare: 1, ...more })

const VALUES: Readonly<Record<string, { good: readonly string[]; bad: readonly string[] }>> = {
  integer: {
    good: ['0', '-1', '9223372036854775807', '-9223372036854775808'],
    bad: ['1.5', '0x10', '1_000', '1e3', '+1', '007', ' 1', 'true', '9223372036854775808', 'x'],
  },
  number: { good: ['0', '-1.5', '1e10', '2.5E-3'], bad: ['1e400', 'NaN', 'inf', '.5', '1.', '1_0', '0x1p3'] },
  boolean: { good: ['true', 'false'], bad: ['yes', 'TRUE', '1', 't', '0'] },
  date: {
    good: ['2026-02-28', '2024-02-29', '0001-01-01', '9999-12-31'],
    bad: ['2026-02-29', '2026-2-1', 'infinity', '2026-02-28 10:00:00', '20260228', '12026-01-01', '2026-13-01'],
  },
  datetime: {
    good: ['2026-01-01T00:00:00', '2026-01-01 23:59:59.123456'],
    bad: [
      '2026-01-01T24:00:00',
      '2026-01-01T10:00:00Z',
      '2026-01-01T10:00:00+02:00',
      '2026-01-01',
      '2026-01-01T10:00:00.1234567',
    ],
  },
  instant: {
    good: ['2026-01-01T00:00:00Z', '2026-01-01 10:00:00.5+02:00', '2026-01-01T00:00:00-11:30'],
    bad: ['2026-01-01T00:00:00', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+25:00', '2026-02-30T00:00:00Z', 'now'],
  },
  json: { good: ['1', '[1]'], bad: ['{', 'nope'] },
}

describe('types', () => {
  it.each(Object.entries(VALUES))(
    '%s: takes its own forms and nothing that a cast would bend',
    async (type, { good, bad }) => {
      const lines = [...good, ...bad]
      const { result } = await converted(
        csv([{ name: 'v', type }]),
        `v\n${lines.map((value) => `"${value}"`).join('\n')}\n`,
      )
      const quarantined = (await quarantineOf(result)).map(({ text }) => text.slice(1, -1))
      expect(quarantined).toEqual(bad)
      expect(result).toMatchObject({ recordsIn: lines.length, good: good.length, quarantined: bad.length })
    },
  )

  it('decimal: is exact by its text, or kept aside', async () => {
    const columns = [{ name: 'v', type: 'decimal', precision: 6, scale: 2 }]
    const { result, folder } = await converted(csv(columns), 'v\n1\n1.5\n-9999.99\n1.234\n10000\n01\n1e2\n1.\n.5\n')
    expect((await quarantineOf(result)).map(({ line }) => line)).toEqual([5, 6, 7, 8, 9, 10])
    expect((await rowsIn(result, folder)).map(({ v }) => v)).toEqual(['1.00', '1.50', '-9999.99'])
  })

  it('tells no value from an empty text', async () => {
    const columns = [
      { name: 'a', type: 'string' },
      { name: 'b', type: 'integer' },
    ]
    const { result, folder } = await converted(csv(columns), 'a,b\n,1\n"",2\nNULL,3\nx,\n')
    expect(await rowsIn(result, folder)).toEqual([
      { a: null, b: '1' },
      { a: '', b: '2' },
      { a: 'NULL', b: '3' },
      { a: 'x', b: null },
    ])
  })

  it('checks limits at and beyond them', async () => {
    const columns = [
      { name: 'n', type: 'integer', min: '1', max: '3', required: true },
      { name: 's', type: 'string', maxLength: 2, pattern: '[a-z]+', values: ['a', 'bb', 'ccc'] },
    ]
    const { result } = await converted(csv(columns), 'n,s\n1,a\n3,bb\n0,a\n4,a\n,a\n2,ccc\n2,AA\n2,zz\n')
    expect((await quarantineOf(result)).map(({ faults }) => faults)).toEqual([
      [{ column: 'n', code: 'below_minimum' }],
      [{ column: 'n', code: 'above_maximum' }],
      [{ column: 'n', code: 'required' }],
      [{ column: 's', code: 'too_long' }],
      [{ column: 's', code: 'pattern' }],
      [{ column: 's', code: 'not_allowed' }],
    ])
  })
})

describe('a file', () => {
  const columns = [
    { name: 'id', type: 'integer', required: true },
    { name: 'at', type: 'instant' },
    { name: 'country', type: 'string' },
  ]

  it('is mapped by the names of its header', async () => {
    const { result, folder } = await converted(csv(columns), 'country,id,at\nDE,1,2026-01-01T00:00:00Z\n')
    expect(await rowsIn(result, folder)).toEqual([{ id: '1', at: '2026-01-01 00:00:00+00', country: 'DE' }])
  })

  it.each([
    ['without a required column', 'at,country\n'],
    ['with a column that nobody declared', 'id,surprise\n'],
    ['with a column twice', 'id,id\n'],
  ])('%s is refused as a whole', async (_, data) => {
    await expect(converted(csv(columns), data)).rejects.toMatchObject({ name: 'HeaderMismatch' })
  })

  it('is written by partition, the column kept, with what is in it', async () => {
    const parts = [{ column: 'country' }, { column: 'at', by: 'month' }]
    const data =
      'id,at,country\n1,2026-01-31T23:59:59Z,DE\n2,2026-02-01T00:00:00Z,a/../b\n3,,\n4,2026-01-01T00:00:00Z,DE\n'
    const { result, folder } = await converted(csv(columns, { partitions: parts }), data)
    expect(result.files.map(({ part, rows }) => [part, rows])).toEqual([
      ['country=DE/at_month=2026-01', 2],
      ['country=__HIVE_DEFAULT_PARTITION__/at_month=__HIVE_DEFAULT_PARTITION__', 1],
      ['country=a%2F..%2Fb/at_month=2026-02', 1],
    ])
    expect(await rowsIn(result, folder)).toHaveLength(4)
    expect(result.files[0]?.columns['id']).toEqual({ min: '1', max: '4', nulls: 0 })
  })

  it('gives the same bytes each time, compressed or not', async () => {
    const data = `id,at,country\n${Array.from({ length: 5_000 }, (_, id) => `${id},2026-01-0${(id % 9) + 1}T00:00:00Z,C${id % 7}`).join('\n')}\n`
    const of = csv(columns, { partitions: [{ column: 'at', by: 'day' }], keys: ['id'] })
    const [first, second] = [await converted(of, data), await converted(of, gzipSync(data))]
    expect(first.result.files.map(({ sha256 }) => sha256)).toEqual(second.result.files.map(({ sha256 }) => sha256))
    expect(first.result.files).toHaveLength(9)
  })

  it('that is rejected for its bad rows shows the first of them', async () => {
    const data = `id\n${'x\n'.repeat(1_500)}`
    const { result } = await converted(csv(columns, { maxQuarantinedShare: 0.5 }), data)
    expect(result).toMatchObject({ recordsIn: 1_500, good: 0, quarantined: 1_500, files: [] })
    expect(await quarantineOf(result)).toHaveLength(1_000)
  })

  it('may be empty', async () => {
    for (const data of ['id\n', ''])
      expect((await converted(csv(columns), data)).result).toMatchObject({ recordsIn: 0, good: 0, files: [] })
  })

  it('of any rows: in = good + quarantined, and each bad one is kept with its line', async () => {
    const row = fc.oneof(
      fc
        .tuple(fc.integer(), fc.constantFrom('DE', '"F,R"', '"a""b"', '""', '"x\ny"'))
        .map(([id, text]) => `${id},,${text}`),
      fc.constantFrom('x,,', '1,,DE,4', '"', 'a"b,,', '1,nope,"', '', '2,2026-01-01T00:00:00Z,\u0000'),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(row, { maxLength: 30 }), async (rows) => {
        const { result, folder } = await converted(csv(columns), `id,at,country\n${rows.join('\n')}\n`)
        const quarantined = await quarantineOf(result)
        expect(result.good + quarantined.length).toBe(result.recordsIn)
        expect(await rowsIn(result, folder)).toHaveLength(result.good)
        const lines = quarantined.map(({ line }) => line)
        expect(lines).toEqual([...lines].sort((a, b) => a - b))
      }),
      { numRuns: 25 },
    )
  })
})
