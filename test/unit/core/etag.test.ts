import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { conditional, formatEtag, ifMatchVersion, noneMatch, parseEntityTags } from '#core/etag.ts'
import { Problem } from '#core/problem.ts'

const codeOf = (header: string): string | undefined => {
  try {
    ifMatchVersion(header)
  } catch (error) {
    if (error instanceof Problem) return error.code
    throw error
  }
  return undefined
}

/** RFC 9110 §8.8.3: etagc. */
const opaque = fc.string({
  unit: fc
    .integer({ min: 0x21, max: 0x7e })
    .map((code) => String.fromCharCode(code))
    .filter((character) => character !== '"'),
})

describe('entity tags (RFC 9110 §8.8.3)', () => {
  it('are read from a list, commas inside a tag included', () => {
    expect(parseEntityTags('"a", W/"b,c" ,"","d"')).toEqual([
      { weak: false, tag: 'a' },
      { weak: true, tag: 'b,c' },
      { weak: false, tag: '' },
      { weak: false, tag: 'd' },
    ])
    expect(parseEntityTags(' * ')).toBe('*')
    // Empty elements, §5.6.1.2.
    expect(parseEntityTags(' , "a",, "b" ,')).toHaveLength(2)
  })

  it.each(['', 'a', '"a', 'a"', '"a" "b"', 'w/"a"', '"a b"', '*, "a"', ',', '"a"b', '"a", b'])(
    '%j is none',
    (header) => {
      expect(parseEntityTags(header)).toBeUndefined()
    },
  )

  it('are read back as they were written', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(opaque, fc.boolean()), { minLength: 1 }), (tags) => {
        const header = tags.map(([tag, weak]) => (weak ? `W/${formatEtag(tag)}` : formatEtag(tag))).join(', ')
        expect(parseEntityTags(header)).toEqual(tags.map(([tag, weak]) => ({ weak, tag })))
      }),
    )
  })

  it('never make the parser throw', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (header) => {
        expect(() => parseEntityTags(header)).not.toThrow()
      }),
    )
  })
})

describe('If-Match (§13.1.1)', () => {
  it('names the version', () => {
    expect(ifMatchVersion('"7"')).toBe('7')
    expect(ifMatchVersion(undefined)).toBeUndefined()
    expect(ifMatchVersion('*')).toBeUndefined()
  })

  it('fails with a weak tag: the comparison is strong', () => {
    expect(codeOf('W/"7"')).toBe('precondition_failed')
  })

  it.each(['7', '', '"7", "8"', '"7'])('%j is refused as malformed', (header) => {
    expect(codeOf(header)).toBe('validation_failed')
  })
})

describe('If-None-Match (§13.1.2)', () => {
  it.each([
    [undefined, true],
    ['"7"', false],
    ['W/"7"', false],
    ['"6", W/"7"', false],
    ['*', false],
    ['"6"', true],
    ['7', true],
  ])('%j: none matches version 7 is %s', (header, expected) => {
    expect(noneMatch(header, formatEtag('7'))).toBe(expected)
  })

  const answer = {
    status: 200,
    headers: { etag: '"7"', 'content-type': 'application/json', 'cache-control': 'private, no-cache' },
    body: '{}',
  }

  it('turns the answer into 304 without a body, with its validators', () => {
    expect(conditional(answer, '"7"')).toEqual({
      status: 304,
      headers: { etag: '"7"', 'cache-control': 'private, no-cache' },
    })
  })

  it('leaves other answers alone', () => {
    expect(conditional(answer, '"6"')).toBe(answer)
    const { etag: _, ...headers } = answer.headers
    const untagged = { ...answer, headers }
    expect(conditional(untagged, '*')).toBe(untagged)
    const missing = { ...answer, status: 404 }
    expect(conditional(missing, '"7"')).toBe(missing)
  })
})
