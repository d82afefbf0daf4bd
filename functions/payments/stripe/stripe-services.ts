/** What the routes of `/v1` work with. */
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ChangesStore } from '../changes/changes.store.ts'
import type { PageAddresses } from '../checkout/page-address.ts'
import type { LedgerStore } from '../ledger/ledger.store.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import type { SecretBox } from '../webhooks/secrets.ts'
import type { IdempotencyStore } from './idempotency.ts'

export interface StripeServices {
  readonly objects: ObjectsStore
  readonly changes: ChangesStore
  readonly ledger: LedgerStore
  readonly idempotency: IdempotencyStore
  readonly ids: Ids
  readonly random: Random
  readonly pages: PageAddresses
  readonly secrets: SecretBox
  /** Whether webhooks may go to this machine. */
  readonly allowLoopback: boolean
  /** Scheme and host that users see. */
  readonly publicOrigin: string
}
