import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFormBody } from '#core/form-body.ts'

const parse = (text: string) => parseFormBody(Buffer.from(text))

describe('a form', () => {
  it.each([
    ['', {}],
    ['a=1&b=2', { a: '1', b: '2' }],
    ['a=x+y%26z', { a: 'x y&z' }],
    ['a=1&a=2&a=3', { a: ['1', '2', '3'] }],
    ['a', { a: '' }],
    ['__proto__=1', JSON.parse('{"__proto__":"1"}')],
  ])('%s', (text, expected) => {
    expect(parse(text)).toEqual(expected)
  })

  it('gives back what was put in', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' })), (fields) => {
        expect(parse(new URLSearchParams(fields).toString())).toEqual(fields)
      }),
    )
  })

  it('takes 1,000 fields and not one more', () => {
    const fields = (count: number) => Array.from({ length: count }, (_, index) => `f${index}=`).join('&')
    expect(Object.keys(parse(fields(1_000)))).toHaveLength(1_000)
    expect(() => parse(fields(1_001))).toThrow(expect.objectContaining({ code: 'malformed_form' }))
  })

  it('is UTF-8', () => {
    expect(() => parseFormBody(Uint8Array.of(0x61, 0x3d, 0xff))).toThrow(
      expect.objectContaining({ code: 'malformed_form' }),
    )
  })
})
