import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CsvGuard, fieldsOf } from '../../../functions/etl/convert/csv-guard.ts'
import type { GuardedRecord } from '../../../functions/etl/convert/guard.ts'
import { MAX_RECORD_BYTES } from '../../../functions/etl/convert/guard.ts'

interface Guarded {
  readonly rows: string
  readonly header: readonly string[] | undefined
  readonly bad: readonly { line: number; text: string; codes: readonly string[] }[]
  readonly records: number
  readonly badCount: number
}

/** `chunk` bytes at a time. */
function guarded(csv: string | Buffer, chunk = 1_000_000, delimiter = ','): Guarded {
  const data = Buffer.from(csv)
  let header: readonly string[] | undefined
  const bad: Guarded['bad'][number][] = []
  const guard = new CsvGuard({
    delimiter,
    onHeader: (names) => {
      header = names
    },
    onRecord: (record: GuardedRecord) => {
      const { line, faults } = record
      if (faults.length > 0) bad.push({ line, text: record.text(), codes: faults.map(({ code }) => code) })
    },
  })
  const out: Buffer[] = []
  for (let at = 0; at < data.length; at += chunk) out.push(guard.push(data.subarray(at, at + chunk)))
  out.push(guard.end())
  return { rows: Buffer.concat(out).toString(), header, bad, records: guard.records, badCount: guard.bad }
}

describe('the CSV guard', () => {
  it('gives each record its line, whatever stands in quotes', () => {
    const { rows, header } = guarded('a,b\n1,"x\ny"\n"2, ""two""",z\n')
    expect(header).toEqual(['a', 'b'])
    expect(rows).toBe('2,1,"x\ny"\n4,"2, ""two""",z\n')
  })

  it('takes every line ending, also mixed, and leaves empty lines out', () => {
    expect(guarded('a,b\r\n1,2\n\n\r\n3,4\r\n5,6')).toMatchObject({ rows: '2,1,2\n5,3,4\n6,5,6\n', records: 3 })
  })

  it.each([
    ['wrong_field_count', 'a,b\n1,2\n1\n3,4\n'],
    ['wrong_field_count', 'a,b\n1,2\n1,2,3\n3,4\n'],
    ['bad_quoting', 'a,b\n1,2\n1,x"y\n3,4\n'],
    ['bad_quoting', 'a,b\n1,2\n"1"x,2\n3,4\n'],
    ['stray_carriage_return', 'a,b\n1,2\n1\r,2\n3,4\n'],
    ['nul_character', 'a,b\n1,2\n\0,2\n3,4\n'],
  ])('keeps %s back, and nothing else', (code, csv) => {
    const { rows, bad, records } = guarded(csv)
    expect(bad).toMatchObject([{ line: 3, codes: [code] }])
    expect(rows).toBe('2,1,2\n4,3,4\n')
    expect(records).toBe(3)
  })

  it('keeps a row that is no UTF-8 back', () => {
    const csv = Buffer.concat([Buffer.from('a\nok\n'), Buffer.from([0xff, 0xfe, 0x0a]), Buffer.from('fine\n')])
    expect(guarded(csv)).toMatchObject({ rows: '2,ok\n4,fine\n', bad: [{ line: 3, codes: ['invalid_utf8'] }] })
  })

  it('ends at a quote that is never closed', () => {
    expect(guarded('a,b\n1,2\n"3,4\n5,6\n')).toMatchObject({
      rows: '2,1,2\n',
      bad: [{ line: 3, codes: ['unterminated_quote'], text: '"3,4\n5,6\n' }],
      records: 2,
    })
  })

  it('takes a record at the limit of its size, and not one byte more', () => {
    const row = (bytes: number) => `a\n${'x'.repeat(bytes)}\nlast\n`
    expect(guarded(row(MAX_RECORD_BYTES))).toMatchObject({ records: 2, badCount: 0 })
    for (const chunk of [64_000, 10_000_000])
      expect(guarded(row(MAX_RECORD_BYTES + 1), chunk)).toMatchObject({
        records: 2,
        bad: [{ line: 2, codes: ['record_too_large'] }],
        rows: '3,last\n',
      })
  })

  const field = fc.string({ unit: fc.constantFrom('a', 'ß', '"', ',', '\n', '\r\n', ' '), maxLength: 8 })
  const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`

  it('finds every record of well-formed CSV, in chunks of any size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(field, field), { maxLength: 20 }),
        fc.integer({ min: 1, max: 40 }),
        (rows, chunk) => {
          const csv = `h1,h2\n${rows.map((row) => `${row.map(quoted).join(',')}\n`).join('')}`
          const whole = guarded(csv)
          expect(whole).toMatchObject({ records: rows.length, badCount: 0 })
          expect(guarded(csv, chunk)).toEqual(whole)
        },
      ),
    )
  })

  it('never loses or invents a record: rows out + bad = records, in chunks of any size', () => {
    const text = fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '\r', 'ß'), maxLength: 60 })
    fc.assert(
      fc.property(text, fc.integer({ min: 1, max: 20 }), (csv, chunk) => {
        const whole = guarded(`x,y\n${csv}`)
        expect(guarded(`x,y\n${csv}`, chunk)).toEqual(whole)
        // What left the guard reads as exactly so many good records, by the guard itself.
        const again = guarded(`l,x,y\n${whole.rows}`)
        expect(again).toMatchObject({ records: whole.records - whole.badCount, badCount: 0 })
      }),
      { numRuns: 500 },
    )
  })

  it('reads the fields of a header', () => {
    fc.assert(
      fc.property(fc.array(field, { minLength: 1, maxLength: 5 }), (fields) => {
        fc.pre(fields.some((one) => one !== '') || fields.length > 1)
        expect(fieldsOf(fields.map(quoted).join(','), ',')).toEqual(fields)
      }),
    )
  })
})
