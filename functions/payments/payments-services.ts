/** What the routes of the payments API work with. */
import type { Clock } from '#core/clock.ts'
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { EnqueueTask } from '#core/task-commands.store.ts'
import type { ChangesStore } from './changes/changes.store.ts'
import type { LedgerStore } from './ledger/ledger.store.ts'
import type { ObjectsStore } from './objects/objects.store.ts'
import type { FindWebhook } from './webhooks/in/received.store.ts'
import type { SourcesStore } from './webhooks/in/sources.store.ts'
import type { DeliveriesStore } from './webhooks/out/deliveries.store.ts'
import type { SecretBox } from './webhooks/secrets.ts'

export interface PaymentsServices {
  readonly objects: ObjectsStore
  readonly changes: ChangesStore
  readonly ledger: LedgerStore
  readonly ids: Ids
  readonly random: Random
  readonly cursors: Cursors
  readonly clock: Clock
  readonly sources: SourcesStore
  readonly findWebhook: FindWebhook
  readonly deliveries: DeliveriesStore
  readonly secrets: SecretBox
  readonly enqueueTask: EnqueueTask
  /** Whether webhooks may go to this machine. */
  readonly allowLoopback: boolean
  /** Scheme and host that users see: the addresses of webhook sources are there. */
  readonly publicOrigin: string
}
