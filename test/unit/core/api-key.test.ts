import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { generateApiKey, hashApiKey, parseApiKey, sameHash } from '#core/api-key.ts'
import { systemRandom } from '#core/random.ts'
import { clockAt, countingRandom, NOW } from './doubles.ts'

const HMAC_KEY = new Uint8Array(32).fill(1)
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const key = generateApiKey(clockAt(NOW), countingRandom())

describe('an API key', () => {
  it('has a public id, a secret and a checksum', () => {
    expect(key.text).toMatch(/^bk_[0-9A-Z]{26}_[0-9A-Z]{39}$/)
    expect(parseApiKey(key.text)).toEqual({ id: key.id, secret: key.secret })
    // 20 bytes 16, 17, … 35 in Crockford's base32, worked out by Python's base64 with a translated alphabet.
    expect(key.secret).toBe('208H44RM2MB1E60S38DHR78Y3WG228H3')
  })

  it('is read back whatever was drawn', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 40, maxLength: 40 }), (bytes) => {
        let used = 0
        const random = {
          bytes(count: number) {
            used += count
            return bytes.slice(used - count, used)
          },
        }
        const { id, secret, text } = generateApiKey(clockAt(NOW), random)
        expect(parseApiKey(text)).toEqual({ id, secret })
      }),
    )
  })

  it('is refused with any one character changed, by its checksum alone', () => {
    fc.assert(
      fc.property(fc.nat(key.text.length - 1), fc.constantFrom(...ALPHABET.split('')), (index, character) => {
        fc.pre(key.text[index] !== character)
        expect(parseApiKey(key.text.slice(0, index) + character + key.text.slice(index + 1))).toBeUndefined()
      }),
    )
  })

  it('is refused truncated, extended, in lower case, or as any other text', () => {
    for (const text of [
      key.text.slice(0, -1),
      `${key.text}0`,
      key.text.toLowerCase(),
      ` ${key.text}`,
      `${key.text}\n`,
      key.text.replace('bk_', 'sk_'),
      '',
      'bk__',
    ])
      expect(parseApiKey(text)).toBeUndefined()
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parseApiKey(text)).toBeUndefined()
        expect(parseApiKey(`bk_${text}`)).toBeUndefined()
      }),
    )
  })

  it('is never drawn twice', () => {
    const drawn = new Set(Array.from({ length: 200 }, () => generateApiKey(clockAt(NOW), systemRandom).secret))
    expect(drawn.size).toBe(200)
  })
})

describe('its hash', () => {
  const hash = hashApiKey(key, HMAC_KEY)

  it('is an HMAC-SHA-256 that depends on id, secret and key', () => {
    expect(hash).toMatch(/^[0-9a-f]{64}$/)
    expect(hashApiKey(key, HMAC_KEY)).toBe(hash)
    expect(hashApiKey({ ...key, id: `${key.id.slice(0, -1)}X` }, HMAC_KEY)).not.toBe(hash)
    expect(hashApiKey({ ...key, secret: `${key.secret.slice(0, -1)}X` }, HMAC_KEY)).not.toBe(hash)
    expect(hashApiKey(key, new Uint8Array(32).fill(2))).not.toBe(hash)
  })

  it('is compared as a whole', () => {
    expect(sameHash(hash, hash)).toBe(true)
    expect(sameHash(hash, `${hash.slice(0, -1)}${hash.endsWith('0') ? '1' : '0'}`)).toBe(false)
    expect(sameHash(hash, hash.slice(0, -2))).toBe(false)
    expect(sameHash('', '')).toBe(false)
    expect(sameHash('not hex', 'not hex')).toBe(false)
  })
})
