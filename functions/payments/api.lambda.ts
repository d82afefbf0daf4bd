/** The payments API: entry and wiring. Its routes are listed in `payments-api.ts`. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from './changes.store.ts'
import { apiEnvironment } from './environment.ts'
import { createLedgerStore } from './ledger/ledger.store.ts'
import { createObjectsStore } from './objects.store.ts'
import { paymentsApi } from './payments-api.ts'
import type { PaymentsServices } from './payments-services.ts'

const environment = apiEnvironment.read()
const kit = createKit(environment, { clock: systemClock, random: systemRandom })

export const handler = httpHandler<PaymentsServices>({
  description: paymentsApi,
  services: {
    objects: createObjectsStore(kit.dynamo, environment.PAYMENTS_TABLE),
    changes: createChangesStore(kit.dynamo, environment.PAYMENTS_TABLE, systemRandom),
    ledger: createLedgerStore(kit.dynamo, environment.PAYMENTS_TABLE),
    ids: kit.ids,
    random: systemRandom,
    cursors: kit.cursors,
    clock: systemClock,
  },
  kit,
})
