/**
 * The keys that the kit derives from its one secret by HKDF (RFC 5869): one for each purpose, so that none can be
 * used for another. Knows no storage: `kit-secret.store.ts` reads the secret.
 */
import { hkdf } from 'node:crypto'
import { promisify } from 'node:util'

/** HKDF's info, RFC 5869 §3.2: what a derived key is for. */
export type KeyPurpose =
  | 'api-key'
  | 'cursor'
  | 'password'
  | 'form'
  | 'mail-token'
  | 'oauth'
  | 'checkout'
  | 'webhook-secret'

export interface KitSecret {
  /** 32 bytes, always the same for one purpose. Throws the SDK's error when the secret can't be read; the next call tries again. */
  key(purpose: KeyPurpose): Promise<Uint8Array>
}

/** The output of SHA-256, the length that RFC 2104 §3 recommends for its HMAC keys. */
const KEY_BYTES = 32

const derive = promisify(hkdf)

/** `secret` is the text of the kit's secret. */
export async function deriveKey(secret: string, purpose: KeyPurpose): Promise<Uint8Array> {
  return new Uint8Array(await derive('sha256', secret, '', `backlot/${purpose}`, KEY_BYTES))
}
