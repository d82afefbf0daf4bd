import { randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import {
  checkSlug,
  MAX_SLUG_LENGTH,
  normaliseSlug,
  RANDOM_SLUG_ALPHABET,
  RANDOM_SLUG_LENGTH,
  RESERVED_SLUGS,
  randomSlug,
  slugOfPath,
} from '../../../functions/links/slug.ts'
import { EDGE_ROUTES } from '../../../infra/edge.ts'
import { anyText } from './any-text.ts'

const judge = (input: string) => {
  const decision = checkSlug(input)
  return decision.ok ? decision.slug : decision.code
}

describe('a custom slug', () => {
  test.each([
    ['spring-sale', 'spring-sale'],
    ['Spring-SALE', 'spring-sale'],
    ['v1.2_final', 'v1.2_final'],
    ['7', '7'],
    ['a--b', 'a--b'],
    ['Cafe\u0301', 'café'],
    ['ΑΣ', 'ασ'],
    ['новости', 'новости'],
    ['東京タワー', '東京タワー'],
    ['メニュー2027', 'メニュー2027'],
    ['ไทย', 'ไทย'],
    ['हिन्दी', 'हिन्दी'],
    ['docs-2027', 'docs-2027'],
    ['apis', 'apis'],
  ])('%s is kept as %s', (input, slug) => {
    expect(judge(input)).toBe(slug)
  })

  test.each([
    ['', 'slug_length'],
    ['a b', 'slug_characters'],
    ['-a', 'slug_characters'],
    ['a-', 'slug_characters'],
    ['a.', 'slug_characters'],
    ['a/b', 'slug_characters'],
    ['a%20b', 'slug_characters'],
    ['a+b', 'slug_characters'],
    ['a\u200Bb', 'slug_characters'],
    ['a\u202Eb', 'slug_characters'],
    ['🙂', 'slug_characters'],
    ['\u0301a', 'slug_characters'],
    ['١٢', 'slug_characters'],
    ['раypal', 'slug_mixed_scripts'],
    ['αbc', 'slug_mixed_scripts'],
    ['аррӏе', 'slug_confusable'],
    ['сосо', 'slug_confusable'],
    ['.well-known', 'slug_reserved'],
    ['.env', 'slug_reserved'],
    ['_next', 'slug_reserved'],
    ['wp-login.php', 'slug_reserved'],
    ['ROBOTS.txt', 'slug_reserved'],
    ['API', 'slug_reserved'],
    ['favicon.ico', 'slug_reserved'],
    ['apple-app-site-association', 'slug_reserved'],
  ])('%s is refused: %s', (input, code) => {
    expect(judge(input)).toBe(code)
  })

  it('has 1 to 64 characters, counted as code points after normalising', () => {
    expect(judge('a'.repeat(MAX_SLUG_LENGTH))).toBe('a'.repeat(MAX_SLUG_LENGTH))
    expect(judge('a'.repeat(MAX_SLUG_LENGTH + 1))).toBe('slug_length')
    expect(judge('e\u0301'.repeat(MAX_SLUG_LENGTH))).toBe('é'.repeat(MAX_SLUG_LENGTH))
    expect(judge('𠮷'.repeat(MAX_SLUG_LENGTH))).toBe('𠮷'.repeat(MAX_SLUG_LENGTH))
  })

  it('takes no time on a long run of separators', () => {
    const started = performance.now()
    checkSlug(`a${'-'.repeat(100_000)}!`)
    expect(performance.now() - started).toBeLessThan(500)
  })
})

describe('whatever comes', () => {
  const text = fc.oneof(anyText(), fc.string({ unit: 'grapheme' }), fc.string())

  it('normalising is idempotent and never throws', () => {
    fc.assert(fc.property(text, (input) => normaliseSlug(normaliseSlug(input)) === normaliseSlug(input)))
  })

  it('what is accepted is accepted as itself, and found by its path in any spelling', () => {
    fc.assert(
      fc.property(text, (input) => {
        const decision = checkSlug(input)
        if (!decision.ok) return
        expect(checkSlug(decision.slug)).toEqual(decision)
        expect(slugOfPath(`/${encodeURIComponent(decision.slug)}`)).toBe(decision.slug)
        expect(slugOfPath(`/${encodeURIComponent(input)}`)).toBe(decision.slug)
        expect(slugOfPath(`/${decision.slug.normalize('NFD')}/`)).toBe(decision.slug)
      }),
    )
  })

  it('no path throws', () => {
    fc.assert(
      fc.property(text, (input) => {
        slugOfPath(`/${input}`)
      }),
    )
  })
})

describe('reserved', () => {
  it('covers everything that the edge routes elsewhere', () => {
    const prefixes = EDGE_ROUTES.map(({ pattern }) => pattern.split(/[/*]/).find((part) => part !== ''))
    const fixed = prefixes.filter((prefix) => prefix !== undefined)
    expect(fixed).toContain('docs')
    expect(fixed.filter((prefix) => checkSlug(prefix).ok)).toEqual([])
  })

  it('holds normalised names only', () => {
    expect([...RESERVED_SLUGS].filter((slug) => normaliseSlug(slug) !== slug)).toEqual([])
  })
})

describe('the slug of a path', () => {
  test.each([
    ['/spring-sale', 'spring-sale'],
    ['/Spring-Sale/', 'spring-sale'],
    ['/caf%C3%A9', 'café'],
    ['/cafe%CC%81', 'café'],
    ['/', undefined],
    ['//', undefined],
    ['/a/b', undefined],
    ['/a%2Fb', undefined],
    ['/%', undefined],
    ['/%E0%A4%A', undefined],
    ['/%FF', undefined],
    ['/100%25', undefined],
    ['/wp-login.php', undefined],
    ['/.env', undefined],
    [`/${'a'.repeat(65)}`, undefined],
    [`/${'%61'.repeat(1_000)}`, undefined],
  ])('%s → %s', (path, slug) => {
    expect(slugOfPath(path)).toBe(slug)
  })
})

describe('a random slug', () => {
  it('has seven characters of the alphabet, one more for each try', () => {
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const slug = randomSlug(randomBytes, attempt)
      expect(slug).toHaveLength(RANDOM_SLUG_LENGTH + attempt)
      expect(Array.from(slug).every((letter) => RANDOM_SLUG_ALPHABET.includes(letter))).toBe(true)
    }
  })

  it('can be read out: no vowels, no look-alikes, nothing twice, accepted as a custom slug', () => {
    expect(RANDOM_SLUG_ALPHABET).not.toMatch(/[aeiou01l]/)
    expect(new Set(RANDOM_SLUG_ALPHABET).size).toBe(RANDOM_SLUG_ALPHABET.length)
    const slug = randomSlug(randomBytes)
    expect(checkSlug(slug)).toEqual({ ok: true, slug })
  })

  it('favours no letter: bytes beyond the last whole round of the alphabet are drawn again', () => {
    const draws = [Uint8Array.of(255, 252, 251, 0, 28, 1, 29), Uint8Array.of(2, 3, 4, 5, 6, 7, 8)]
    expect(randomSlug(() => draws.shift() ?? new Uint8Array())).toBe('z' + '22' + '33' + '45')
  })

  it('uses all letters about equally', () => {
    const counts = new Map<string, number>()
    const slugs = 4_000
    for (let i = 0; i < slugs; i += 1)
      for (const letter of randomSlug(randomBytes)) counts.set(letter, (counts.get(letter) ?? 0) + 1)
    const expected = (slugs * RANDOM_SLUG_LENGTH) / RANDOM_SLUG_ALPHABET.length
    // Six standard deviations: fails by chance once in a hundred million runs.
    const tolerance = 6 * Math.sqrt(expected)
    for (const letter of RANDOM_SLUG_ALPHABET)
      expect(Math.abs((counts.get(letter) ?? 0) - expected)).toBeLessThan(tolerance)
  })
})
