/**
 * API keys: `bk_<id>_<secret><checksum>`. The id is a ULID and public, the secret 160 random bits, the checksum a CRC-32
 * of all before it, so that a typing error or a truncated paste is told apart without a look-up, and a scanner for
 * leaked secrets has no false alarms. Stored is only an HMAC-SHA-256 under a key that is not in the table.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'
import type { Clock } from './clock.ts'
import { newUlid, ULID_LENGTH } from './ids.ts'
import type { Random } from './random.ts'

/** Crockford's base32: no look-alikes, and a double click selects the whole key. */
const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
const BITS_PER_CHARACTER = 5
/** 160 bits: beyond any guessing, with room over the 128 that RFC 6749 §10.10 asks for. */
const SECRET_BYTES = 20
const SECRET_LENGTH = (SECRET_BYTES * 8) / BITS_PER_CHARACTER
/** 32 bits in characters of five. */
const CHECKSUM_LENGTH = 7

const API_KEY = new RegExp(
  `^bk_([${ALPHABET}]{${ULID_LENGTH}})_([${ALPHABET}]{${SECRET_LENGTH}})([${ALPHABET}]{${CHECKSUM_LENGTH}})$`,
)

export interface ApiKey {
  readonly id: string
  readonly secret: string
}

/** The only moment at which the whole key is known. Show `text` once, store `hashApiKey(…)`. */
export function generateApiKey(clock: Clock, random: Random): ApiKey & { readonly text: string } {
  const id = newUlid(clock, random)
  const secret = base32(random.bytes(SECRET_BYTES))
  const body = `bk_${id}_${secret}`
  return { id, secret, text: body + checksum(body) }
}

/** Undefined for anything that can't be a key of ours. */
export function parseApiKey(text: string): ApiKey | undefined {
  const [, id, secret, sum] = API_KEY.exec(text) ?? []
  if (id === undefined || secret === undefined || sum !== checksum(`bk_${id}_${secret}`)) return undefined
  return { id, secret }
}

/** Hex. Binds the id, so that a hash copied to another key's item does not open it. */
export const hashApiKey = (key: ApiKey, hmacKey: Uint8Array): string =>
  createHmac('sha256', hmacKey).update(`${key.id}.${key.secret}`).digest('hex')

/** Takes the same time whether or not, and where, the hashes differ. */
export function sameHash(expectedHex: string, actualHex: string): boolean {
  const expected = Buffer.from(expectedHex, 'hex')
  const actual = Buffer.from(actualHex, 'hex')
  return expected.length > 0 && expected.length === actual.length && timingSafeEqual(expected, actual)
}

function checksum(body: string): string {
  const sum = Buffer.alloc(5)
  sum.writeUInt32BE(crc32(body), 1)
  return base32(sum).slice(-CHECKSUM_LENGTH)
}

/** `bytes` is a multiple of five long, so no padding arises (RFC 4648 §6 with Crockford's alphabet). */
function base32(bytes: Uint8Array): string {
  const digits: string[] = []
  let bits = 0
  let value = 0
  for (const byte of bytes) {
    value = (value << 8) | byte
    bits += 8
    while (bits >= BITS_PER_CHARACTER) {
      bits -= BITS_PER_CHARACTER
      digits.push(ALPHABET[(value >>> bits) & 31] ?? '')
      value &= (1 << bits) - 1
    }
  }
  return digits.join('')
}
