/**
 * Stripe's scheme: `Stripe-Signature: t=<epoch seconds>,v1=<hex>,v1=<hex>`, an HMAC-SHA256 over `<t>.<body>` with the text
 * of the secret as its key; two v1 while a secret is rolled. https://docs.stripe.com/webhooks#verify-manually. Pure.
 */
import { createHmac } from 'node:crypto'
import { type Arrival, anyEqual, refused, staleness, TIMESTAMP, type Verified } from './signature.ts'

export const STRIPE_SIGNATURE_HEADER = 'stripe-signature'

/** SHA-256 in hex. */
const DIGEST = /^[0-9a-f]{64}$/

const digest = (secret: string, timestamp: string, body: Uint8Array): Buffer =>
  createHmac('sha256', secret).update(`${timestamp}.`).update(body).digest()

/** @returns the header's value, with one signature for each secret */
export function signStripe(body: Uint8Array, secrets: readonly string[], at: Date): string {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  return [`t=${timestamp}`, ...secrets.map((secret) => `v1=${digest(secret, timestamp, body).toString('hex')}`)].join(
    ',',
  )
}

/** Believed when any v1 fits any of the secrets; other schemes (`v0`) are ignored. */
export function verifyStripe(
  header: string | undefined,
  { body, at }: Arrival,
  secrets: readonly string[],
  tolerance: number,
): Verified {
  if (header === undefined || header === '') return refused('no_signature')
  const { timestamp, signatures } = parse(header)
  if (timestamp === undefined || signatures.length === 0) return refused('malformed_signature')
  const expected = secrets.map((secret) => digest(secret, timestamp, body))
  if (!anyEqual(signatures, expected)) return refused('no_match')
  const stale = staleness(Number(timestamp), at, tolerance)
  return stale === undefined ? { ok: true } : refused(stale)
}

function parse(header: string): { readonly timestamp: string | undefined; readonly signatures: readonly Buffer[] } {
  const fields = header.split(',').map((field) => {
    const equals = field.indexOf('=')
    return { name: field.slice(0, equals).trim(), value: field.slice(equals + 1).trim() }
  })
  const times = fields.filter(({ name }) => name === 't').map(({ value }) => value)
  const [timestamp = ''] = times
  return {
    timestamp: times.length === 1 && TIMESTAMP.test(timestamp) ? timestamp : undefined,
    signatures: fields
      .filter(({ name, value }) => name === 'v1' && DIGEST.test(value))
      .map(({ value }) => Buffer.from(value, 'hex')),
  }
}
