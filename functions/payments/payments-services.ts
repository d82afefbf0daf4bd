/** What the routes of the payments API work with. */
import type { Clock } from '#core/clock.ts'
import type { Cursors } from '#core/cursor.ts'
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ChangesStore } from './changes.store.ts'
import type { LedgerStore } from './ledger/ledger.store.ts'
import type { ObjectsStore } from './objects.store.ts'

export interface PaymentsServices {
  readonly objects: ObjectsStore
  readonly changes: ChangesStore
  readonly ledger: LedgerStore
  readonly ids: Ids
  readonly random: Random
  readonly cursors: Cursors
  readonly clock: Clock
}
