/** ECDSA signatures: KMS gives ASN.1 (RFC 3279 §2.2.3), JOSE wants r and s one after the other (RFC 7518 §3.4). Pure. */

const SEQUENCE = 0x30
const INTEGER = 0x02
/** Of P-256. */
const COORDINATE_BYTES = 32

/** 64 bytes. Throws for anything but the DER form of a P-256 signature. */
export function rawSignature(der: Uint8Array): Buffer {
  const bytes = Buffer.from(der)
  // A P-256 signature has at most 72 bytes, so every length is one byte.
  if (bytes[0] !== SEQUENCE || bytes[1] !== bytes.length - 2) throw malformed()
  const r = integerAt(bytes, 2)
  const s = integerAt(bytes, r.end)
  if (s.end !== bytes.length) throw malformed()
  return Buffer.concat([r.value, s.value])
}

function integerAt(bytes: Buffer, at: number): { readonly value: Buffer; readonly end: number } {
  const length = bytes[at + 1] ?? 0
  const end = at + 2 + length
  if (bytes[at] !== INTEGER || length === 0 || end > bytes.length) throw malformed()
  // A leading zero says that the number is positive; leading zeros of its own are left out.
  const digits = bytes.subarray(bytes[at + 2] === 0 ? at + 3 : at + 2, end)
  if (digits.length > COORDINATE_BYTES) throw malformed()
  return { value: Buffer.concat([Buffer.alloc(COORDINATE_BYTES - digits.length), digits]), end }
}

const malformed = (): Error => new Error('expected an ECDSA signature of P-256 in DER')
