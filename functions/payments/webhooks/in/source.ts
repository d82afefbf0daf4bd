/** A source of webhooks: somebody whose messages we believe because they are signed. Pure. */
import { ULID_PATTERN } from '#core/ids.ts'
import type { StoredSecret } from '../secrets.ts'
import { parseStandardKey } from '../standard-signature.ts'

export const SOURCE_KINDS = ['stripe', 'standard-webhooks'] as const
export type SourceKind = (typeof SOURCE_KINDS)[number]

/** While the sender rolls its secret there are two; more are of several senders. */
export const MAX_SECRETS = 5
export const MAX_SECRET_LENGTH = 200
/** Each may be sent to by anybody who knows its address. */
export const MAX_SOURCES = 50

export interface WebhookSource {
  readonly id: string
  readonly workspaceId: string
  readonly name: string
  readonly kind: SourceKind
  /** A message is believed when it is signed with any of them. */
  readonly secrets: readonly StoredSecret[]
  readonly version: number
  readonly createdAt: string
  readonly updatedAt: string
}

export const SOURCE_PREFIX = 'src'

/** Keeps what is no id away from the table. */
export const isSourceId = (id: string): boolean =>
  id.startsWith(`${SOURCE_PREFIX}_`) && ULID_PATTERN.test(id.slice(SOURCE_PREFIX.length + 1))

/** Stripe takes the text of its secrets as it is: printable, and long enough not to be guessed. */
const STRIPE_SECRET = /^[\x21-\x7e]{16,200}$/

/** What is wrong with a secret; undefined when nothing is. */
export function secretFault(kind: SourceKind, text: string): string | undefined {
  if (kind === 'stripe')
    return STRIPE_SECRET.test(text) ? undefined : 'expected the signing secret of the endpoint, whsec_…'
  if (parseStandardKey(text) !== undefined) return undefined
  return 'expected whsec_ and 24 to 64 bytes in base64, or whpk_ and an Ed25519 key in base64'
}

/** The body is kept with the message: DynamoDB's items have at most 400 KB, Stripe's events some 10 kB. */
export const MAX_WEBHOOK_BYTES = 256 * 1024
