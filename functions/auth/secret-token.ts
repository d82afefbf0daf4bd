/**
 * Secrets that are sent to somebody and come back: links in mails, session cookies. 256 bits; stored is only their
 * SHA-256, which needs no salt because nobody can guess what it is of. Pure.
 */
import { createHash, createHmac } from 'node:crypto'
import type { Random } from '#core/random.ts'

const SECRET_BYTES = 32
const SECRET = '[A-Za-z0-9_-]{43}'

export const newSecret = (random: Random): string => Buffer.from(random.bytes(SECRET_BYTES)).toString('base64url')

/** Hex. */
export const hashSecret = (secret: string): string => createHash('sha256').update(secret).digest('hex')

export type MailPurpose = 'registration' | 'reset' | 'invitation'

/**
 * The secret of a mail's link, made from the id of the request for it: a mail that is prepared twice holds the same
 * link, and no queue ever holds one. `key` is derived for the purpose `mail-token`.
 */
export const mailSecret = (key: Uint8Array, purpose: MailPurpose, requestId: string): string =>
  createHmac('sha256', key).update(`${purpose}:${requestId}`).digest('base64url')

/** `<subject>.<secret>`; the subject (base64url) tells where the hash is kept. */
export const formatToken = (subject: string, secret: string): string =>
  `${Buffer.from(subject).toString('base64url')}.${secret}`

const TOKEN = new RegExp(`^([A-Za-z0-9_-]{1,500})\\.(${SECRET})$`)

/** Undefined for anything that `formatToken` did not write. */
export function parseToken(text: string): { readonly subject: string; readonly secret: string } | undefined {
  const [, encoded, secret] = TOKEN.exec(text) ?? []
  if (encoded === undefined || secret === undefined) return undefined
  const subject = Buffer.from(encoded, 'base64url').toString()
  return formatToken(subject, secret) === text ? { subject, secret } : undefined
}
