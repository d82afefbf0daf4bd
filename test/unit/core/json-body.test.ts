import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseJsonBody } from '#core/json-body.ts'
import { Problem } from '#core/problem.ts'

const refusal = (text: string | Uint8Array): string => {
  try {
    parseJsonBody(typeof text === 'string' ? Buffer.from(text) : text)
  } catch (error) {
    if (error instanceof Problem && error.code === 'malformed_json') return error.detail
    throw error
  }
  return 'accepted'
}

describe('a JSON body', () => {
  it('is parsed', () => {
    expect(parseJsonBody(Buffer.from('{"url":"https://example.com/ü","n":[1,null]}'))).toEqual({
      url: 'https://example.com/ü',
      n: [1, null],
    })
  })

  it.each([
    // V8 tells these positions.
    ['{"a":1,}', 'line 1, column 8: "}"'],
    ['{"a" 1}', 'line 1, column 6: "1"'],
    ['{"a":1} x', 'line 1, column 9: "x"'],
    // And these not.
    ['{"a":x}', 'line 1, column 6: "x"'],
    ['{\n  "a": 1,\n  "b": oops\n}', 'line 3, column 8: "o"'],
    [`{"a":"${'y'.repeat(100)}","b":'single'}`, 'line 1, column 113: "\'"'],
    ['{"a":tru}', 'line 1, column 9: "}"'],
    ['<xml/>', 'line 1, column 1: "<"'],
    // The text ends too early.
    ['{"a":', 'line 1, column 6: the end of the text'],
    ['{"a":\n', 'line 2, column 1: the end of the text'],
    [' ', 'line 1, column 2: the end of the text'],
  ])('refuses %j with the place of the fault', (text, place) => {
    expect(refusal(text)).toBe(`expected JSON, got a fault at ${place}`)
  })

  it('refuses bytes that are not UTF-8, and a byte order mark', () => {
    expect(refusal(Uint8Array.of(0x22, 0xff, 0x22))).toBe('expected JSON in UTF-8, got bytes that are not UTF-8')
    expect(refusal('\uFEFF{}')).toMatch(/column 1/)
  })

  it('tells the place of a stray character anywhere between the tokens of any JSON', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (value, seed) => {
        // The stray character goes before a token, so that it is never inside a text.
        const tokens = JSON.stringify(value).match(/"(?:[^"\\]|\\.)*"|[^"\s]/g) ?? []
        const at = tokens.slice(0, seed % (tokens.length + 1)).join('')
        const text = `${at}§${tokens.slice(seed % (tokens.length + 1)).join('')}`
        const inWord = /[\w.+-]$/.test(at)
        const detail = refusal(text)
        if (!inWord) expect(detail).toBe(`expected JSON, got a fault at line 1, column ${at.length + 1}: "§"`)
        else expect(detail).toMatch(/^expected JSON, got a fault at line 1, column \d+: /)
      }),
    )
  })

  it('never quotes the body beyond one character, because a body may hold a password', () => {
    for (const text of ['{"password":"hunter2"', '{"password":hunter2}', '{"password":"hunter2",}'])
      expect(refusal(text)).not.toContain('hunter')
  })
})
