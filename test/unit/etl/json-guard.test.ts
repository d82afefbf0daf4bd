import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Column } from '../../../functions/etl/catalog/column.ts'
import { JsonGuard } from '../../../functions/etl/convert/json-guard.ts'

const COLUMNS: readonly Column[] = [
  { name: 'id', type: 'integer' },
  { name: 'amount', type: 'decimal', precision: 38, scale: 2 },
  { name: 'name', type: 'string' },
  { name: 'ok', type: 'boolean' },
  { name: 'more', type: 'json' },
]

function guarded(text: string | Buffer, { refuseUnknown = true, chunk = 1_000_000 } = {}) {
  const bad: { line: number; codes: string[] }[] = []
  const guard = new JsonGuard({
    columns: COLUMNS,
    refuseUnknown,
    onRecord: ({ line, faults }) => {
      if (faults.length > 0)
        bad.push({ line, codes: faults.map(({ code, column }) => `${code} ${column ?? ''}`.trim()) })
    },
  })
  const data = Buffer.from(text)
  const out: Buffer[] = []
  for (let at = 0; at < data.length; at += chunk) out.push(guard.push(data.subarray(at, at + chunk)))
  out.push(guard.end())
  return { rows: Buffer.concat(out).toString(), bad, records: guard.records, badCount: guard.bad }
}

describe('the NDJSON guard', () => {
  it('writes an object as a row, no value as nothing and an empty text as a text', () => {
    expect(guarded('{"id":1,"name":"a \\"b\\"\\n","ok":true,"more":{"x":[1]}}\n{"name":"","id":null}\n').rows).toBe(
      '1,1,,"a ""b""\n",true,"{""x"":[1]}"\n2,,,"",,\n',
    )
  })

  it('keeps the digits of numbers that no double holds', () => {
    expect(guarded('{"id":9007199254740993,"amount":12345678901234567.89}\n').rows).toBe(
      '1,9007199254740993,12345678901234567.89,,,\n',
    )
  })

  it.each([
    ['invalid_json', '{"id":1'],
    ['not_an_object', '[1]'],
    ['not_an_object', 'null'],
    ['unknown_field surprise', '{"surprise":1}'],
    ['invalid_type name', '{"name":1}'],
    ['invalid_type id', '{"id":true}'],
    ['invalid_type ok', '{"ok":1}'],
    ['invalid_type id', '{"id":{}}'],
  ])('keeps %s back, and nothing else', (code, line) => {
    expect(guarded(`{"id":1}\n${line}\n{"id":3}\n`)).toMatchObject({
      rows: '1,1,,,,\n3,3,,,,\n',
      bad: [{ line: 2, codes: [code] }],
      records: 3,
    })
  })

  it('leaves fields out that are no columns, when it may', () => {
    expect(guarded('{"surprise":1,"id":2}\n', { refuseUnknown: false })).toMatchObject({ rows: '1,2,,,,\n', bad: [] })
  })

  it('is not led astray by names of the language', () => {
    expect(guarded('{"__proto__":{"id":1},"constructor":2}\n').bad).toMatchObject([{ line: 1 }])
    expect(guarded('{}\n').rows).toBe('1,,,,,\n')
  })

  it('gives the same for chunks of any size', () => {
    const line = fc.oneof(
      fc.json({ maxDepth: 2 }),
      fc.record({ id: fc.maxSafeInteger(), name: fc.string() }).map((value) => JSON.stringify(value)),
      fc.string({ unit: fc.constantFrom('{', '"', 'ß', '\r', ' ', 'x') }),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 10 }), fc.integer({ min: 1, max: 30 }), (lines, chunk) => {
        const text = lines.join('\n')
        const whole = guarded(text)
        expect(guarded(text, { chunk })).toEqual(whole)
      }),
    )
  })
})
