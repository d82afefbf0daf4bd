/**
 * Passwords: what is a good one, and argon2id (RFC 9106) in PHC format
 * (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md). The kit's derived key is argon2's own secret
 * input ("pepper"): a stolen table alone can't be tried out. Never stores, never logs.
 */
import { argon2, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import type { Random } from '#core/random.ts'
import { isCommonPassword } from './common-password.ts'

/** NIST SP 800-63B-4 §3.1.1.2 asks for 8 and advises 15; no rules of composition. */
export const MIN_PASSWORD_CHARACTERS = 10
/** Room for any passphrase; hashing must not be made slow by its input. */
export const MAX_PASSWORD_BYTES = 1_024

/** OWASP's second recommendation: 19 MiB, two passes, one lane. About 40 ms of one core. */
const PARAMETERS = { memory: 19_456, passes: 2, parallelism: 1 } as const
const SALT_BYTES = 16
const TAG_BYTES = 32
/** Which pepper, so that it can be changed some day: base64 of `k1`. */
const KEY_ID = 'azE'

export type PasswordFault = 'too_short' | 'too_long' | 'is_address' | 'common'

/** The whole of it counts, spaces too. `email` is normalised. */
export function passwordFault(password: string, email: string): PasswordFault | undefined {
  const text = password.normalize('NFC')
  if (Buffer.byteLength(text) > MAX_PASSWORD_BYTES) return 'too_long'
  if (Array.from(text).length < MIN_PASSWORD_CHARACTERS) return 'too_short'
  if (text.toLowerCase().includes(email)) return 'is_address'
  return isCommonPassword(text) ? 'common' : undefined
}

export interface Passwords {
  /** PHC text. */
  hash(password: string): Promise<string>
  /** Undefined as the stored hash: nobody has such an account, and the answer takes the same time. */
  verify(password: string, stored: string | undefined): Promise<boolean>
}

interface Phc {
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly tag: Buffer
}

const PHC = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+),keyid=azE\$([A-Za-z0-9+/]+)\$([A-Za-z0-9+/]+)$/

/** Undefined for a text that `hash` did not make. */
export function parsePhc(text: string): Phc | undefined {
  const [, memory, passes, parallelism, salt, tag] = PHC.exec(text) ?? []
  if (memory === undefined || salt === undefined || tag === undefined) return undefined
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    tag: Buffer.from(tag, 'base64'),
  }
}

const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '')

export const formatPhc = ({ memory, passes, parallelism, salt, tag }: Phc): string =>
  `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism},keyid=${KEY_ID}$${unpadded(salt)}$${unpadded(tag)}`

/** Of nobody: no password has the tag of zeros. */
const NOBODY: Phc = { ...PARAMETERS, salt: Buffer.alloc(SALT_BYTES), tag: Buffer.alloc(TAG_BYTES) }

const derive = promisify(argon2)

/** `pepper` gives the key derived for the purpose `password`. */
export function passwords(random: Random, pepper: () => Promise<Uint8Array>): Passwords {
  const tagOf = async (password: string, { memory, passes, parallelism, salt, tag }: Phc) =>
    derive('argon2id', {
      message: Buffer.from(password.normalize('NFC')),
      nonce: salt,
      secret: await pepper(),
      memory,
      passes,
      parallelism,
      tagLength: tag.length,
    })
  return {
    async hash(password) {
      const phc = { ...NOBODY, salt: Buffer.from(random.bytes(SALT_BYTES)) }
      return formatPhc({ ...phc, tag: await tagOf(password, phc) })
    },
    async verify(password, stored) {
      const phc = stored === undefined ? NOBODY : parsePhc(stored)
      if (phc === undefined) throw new Error('expected a stored password hash in PHC format')
      if (Buffer.byteLength(password) > MAX_PASSWORD_BYTES) return false
      return timingSafeEqual(await tagOf(password, phc), phc.tag)
    },
  }
}
