/** From a request that claims to be of a source to the message that it carries: verified, and named. Pure. */
import { type Arrival, type Verified, WEBHOOK_TOLERANCE_SECONDS } from '../signature.ts'
import { ID_HEADER, parseStandardKey, verifyStandard } from '../standard-signature.ts'
import { STRIPE_SIGNATURE_HEADER, verifyStripe } from '../stripe-signature.ts'
import { MESSAGE_ID } from './received.ts'
import type { SourceKind } from './source.ts'

type Headers = Readonly<Record<string, string | undefined>>

/** @param secrets as their owner gave them */
export function verifyMessage(
  kind: SourceKind,
  headers: Headers,
  arrival: Arrival,
  secrets: readonly string[],
): Verified {
  const tolerance = WEBHOOK_TOLERANCE_SECONDS
  switch (kind) {
    case 'stripe':
      return verifyStripe(headers[STRIPE_SIGNATURE_HEADER], arrival, secrets, tolerance)
    case 'standard-webhooks': {
      const keys = secrets.flatMap((secret) => parseStandardKey(secret) ?? [])
      return verifyStandard(headers, arrival, keys, tolerance)
    }
  }
}

export interface MessageName {
  readonly id: string
  /** Null when the message does not say. */
  readonly type: string | null
}

const MAX_TYPE_LENGTH = 200

/**
 * Stripe's id is in the body, that of Standard Webhooks in a header that is signed with it. Undefined for a message whose id
 * can't be one: nobody could tell it from the next.
 */
export function nameMessage(kind: SourceKind, headers: Headers, body: Uint8Array): MessageName | undefined {
  const { id: told, type } = fieldsOf(body)
  const id = kind === 'stripe' ? told : headers[ID_HEADER]
  if (typeof id !== 'string' || !MESSAGE_ID.test(id)) return undefined
  return { id, type: typeof type === 'string' && type.length <= MAX_TYPE_LENGTH ? type : null }
}

function fieldsOf(body: Uint8Array): { readonly id?: unknown; readonly type?: unknown } {
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString())
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    return {}
  }
}
