/** Text that only we can read back: AES-256-GCM under a key that the kit derives for one purpose. Pure but for `random`. */
import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from './random.ts'

/** NIST SP 800-38D §8.2.2: 96 random bits. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** Base64url of nonce, text and tag. `context` must be the same when it is opened. */
export function seal(text: string, context: string, key: Uint8Array, random: Random): string {
  const nonce = random.bytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]).toString('base64url')
}

/** Throws for anything that `seal` did not make with this key and context. */
export function unseal(sealed: string, context: string, key: Uint8Array): string {
  const bytes = Buffer.from(sealed, 'base64url')
  const [nonce, tag] = [bytes.subarray(0, NONCE_BYTES), bytes.subarray(-TAG_BYTES)]
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context)).setAuthTag(tag)
  return Buffer.concat([decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]).toString()
}
