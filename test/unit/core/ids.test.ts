import { describe, expect, it } from 'vitest'
import { createIds, ULID_LENGTH, ULID_PATTERN } from '#core/ids.ts'
import { hexFrom, systemRandom } from '#core/random.ts'
import { clockAt, countingRandom, NOW } from './doubles.ts'

describe('ids', () => {
  it('are a prefix and a ULID of the injected time and randomness', () => {
    const ids = createIds(clockAt(NOW), countingRandom())
    const id = ids('lnk')
    expect(id).toMatch(/^lnk_[0-9A-HJKMNP-TV-Z]{26}$/)
    // ULID's own time part of 2026-01-01T00:00:00Z, as any ULID decoder reads it.
    expect(id.slice(4, 14)).toBe(encodeTime(Date.parse(NOW)))
    expect(createIds(clockAt(NOW), countingRandom())('lnk')).toBe(id)
    expect(ids('lnk')).not.toBe(id)
  })

  it('sort by time', () => {
    const clock = clockAt(NOW)
    const ids = createIds(clock, { bytes: (count) => new Uint8Array(count).fill(255) })
    const earlier = ids('tsk')
    clock.advance(1)
    const later = createIds(clock, { bytes: (count) => new Uint8Array(count) })('tsk')
    expect(earlier < later).toBe(true)
  })

  it('use every character of the alphabet alike', () => {
    const draws = Array.from({ length: 256 }, (_, byte) =>
      createIds(clockAt(NOW), { bytes: () => Uint8Array.of(byte) })('x').at(-1),
    )
    const counts = new Map<string | undefined, number>()
    for (const character of draws) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(32)
    expect(new Set(counts.values())).toEqual(new Set([8]))
  })

  it('match the pattern that parsers use', () => {
    expect(createIds(clockAt(NOW), systemRandom)('x').slice(2)).toMatch(ULID_PATTERN)
    expect(createIds(clockAt(NOW), systemRandom)('x').slice(2)).toHaveLength(ULID_LENGTH)
    // Above 48 bits of time.
    expect('8ZZZZZZZZZZZZZZZZZZZZZZZZZ').not.toMatch(ULID_PATTERN)
  })
})

describe('randomness', () => {
  it('gives two lower-case hex digits a byte', () => {
    expect(hexFrom(countingRandom())(4)).toBe('00010203')
    expect(hexFrom(systemRandom)(16)).toMatch(/^[0-9a-f]{32}$/)
  })
})

/** Crockford's base32 of 48 bits in ten characters, written down independently. */
function encodeTime(ms: number): string {
  const digits = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
  let text = ''
  for (let rest = BigInt(ms), index = 0; index < 10; index += 1, rest >>= 5n) text = digits[Number(rest & 31n)] + text
  return text
}
