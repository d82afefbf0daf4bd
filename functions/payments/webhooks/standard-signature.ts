/**
 * Standard Webhooks: three headers, and a signature over `<id>.<timestamp>.<body>`; several of them, separated by spaces.
 * `v1` is an HMAC-SHA256 in base64, `v1a` an Ed25519 signature (verified here, never made).
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md. Pure.
 */
import { createHmac, createPublicKey, type KeyObject, verify } from 'node:crypto'
import { type Arrival, anyEqual, refused, staleness, TIMESTAMP, type Verified } from './signature.ts'

export const ID_HEADER = 'webhook-id'
const TIMESTAMP_HEADER = 'webhook-timestamp'
const SIGNATURE_HEADER = 'webhook-signature'

export interface StandardHeaders {
  readonly [ID_HEADER]: string
  readonly [TIMESTAMP_HEADER]: string
  readonly [SIGNATURE_HEADER]: string
}

/** Of a shared secret the bytes, of a published key the key. */
export type StandardKey =
  | { readonly kind: 'hmac'; readonly key: Uint8Array }
  | { readonly kind: 'ed25519'; readonly key: KeyObject }

const SECRET = /^whsec_([A-Za-z0-9+/]+={0,2})$/
const PUBLIC_KEY = /^whpk_([A-Za-z0-9+/]+={0,2})$/
/** The specification: between 24 bytes (192 bits) and 64 bytes (512 bits). */
export const MIN_SECRET_BYTES = 24
export const MAX_SECRET_BYTES = 64
const ED25519_KEY_BYTES = 32
/** RFC 8410 §4: what stands before the 32 bytes of an Ed25519 key in its SubjectPublicKeyInfo. */
const ED25519_SPKI = Buffer.from('302a300506032b6570032100', 'hex')

/** Undefined for what is no `whsec_…` of 24 to 64 bytes and no `whpk_…` of an Ed25519 key. */
export function parseStandardKey(text: string): StandardKey | undefined {
  const secret = Buffer.from(SECRET.exec(text)?.[1] ?? '', 'base64')
  if (secret.length >= MIN_SECRET_BYTES && secret.length <= MAX_SECRET_BYTES) return { kind: 'hmac', key: secret }
  const key = Buffer.from(PUBLIC_KEY.exec(text)?.[1] ?? '', 'base64')
  if (key.length !== ED25519_KEY_BYTES) return undefined
  return {
    kind: 'ed25519',
    key: createPublicKey({ key: Buffer.concat([ED25519_SPKI, key]), format: 'der', type: 'spki' }),
  }
}

/** What is signed. The id has no dot, so no two messages have the same. */
const signedContent = (id: string, timestamp: string, body: Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body])

const hmac = (key: Uint8Array, content: Uint8Array): Buffer =>
  Buffer.from(createHmac('sha256', key).update(content).digest('base64'))

/** @param id the same on every try of a message; `at` is of the try */
export function signStandard(id: string, body: Uint8Array, secrets: readonly Uint8Array[], at: Date): StandardHeaders {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const content = signedContent(id, timestamp, body)
  return {
    [ID_HEADER]: id,
    [TIMESTAMP_HEADER]: timestamp,
    [SIGNATURE_HEADER]: secrets.map((secret) => `v1,${hmac(secret, content).toString()}`).join(' '),
  }
}

/** Believed when any signature fits any of the keys of its kind; versions that are not known are ignored. */
export function verifyStandard(
  headers: Readonly<Record<string, string | undefined>>,
  { body, at }: Arrival,
  keys: readonly StandardKey[],
  tolerance: number,
): Verified {
  const { [ID_HEADER]: id, [TIMESTAMP_HEADER]: timestamp, [SIGNATURE_HEADER]: signature } = headers
  if (!id || !timestamp || !signature) return refused('no_signature')
  const signatures = signature.split(' ').map((part) => {
    const comma = part.indexOf(',')
    return { version: part.slice(0, comma), text: part.slice(comma + 1) }
  })
  if (!TIMESTAMP.test(timestamp) || !signatures.some(({ version }) => version === 'v1' || version === 'v1a'))
    return refused('malformed_signature')
  const content = signedContent(id, timestamp, body)
  const of = (wanted: string) =>
    signatures.filter(({ version }) => version === wanted).map(({ text }) => Buffer.from(text))
  const byHmac = anyEqual(
    of('v1'),
    keys.flatMap((each) => (each.kind === 'hmac' ? [hmac(each.key, content)] : [])),
  )
  const byKey = keys.some(
    (each) =>
      each.kind === 'ed25519' &&
      of('v1a').some((text) => verify(null, content, each.key, Buffer.from(text.toString(), 'base64'))),
  )
  if (!byHmac && !byKey) return refused('no_match')
  const stale = staleness(Number(timestamp), at, tolerance)
  return stale === undefined ? { ok: true } : refused(stale)
}
