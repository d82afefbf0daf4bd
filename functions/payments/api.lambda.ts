/** The payments API: entry and wiring. Its routes are listed in `payments-api.ts`. */
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { queueClient } from '#core/queue-client.store.ts'
import { systemRandom } from '#core/random.ts'
import { createEnqueueTask } from '#core/task-commands.store.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { apiEnvironment } from './environment.ts'
import { createLedgerStore } from './ledger/ledger.store.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { paymentsApi } from './payments-api.ts'
import type { PaymentsServices } from './payments-services.ts'
import { createFindWebhook } from './webhooks/in/received.store.ts'
import { createSourcesStore } from './webhooks/in/sources.store.ts'
import { createDeliveriesStore } from './webhooks/out/deliveries.store.ts'
import { createSecretBox } from './webhooks/secrets.ts'

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
    sources: createSourcesStore(kit.dynamo, environment.PAYMENTS_TABLE),
    findWebhook: createFindWebhook(kit.dynamo, environment.PAYMENTS_TABLE),
    deliveries: createDeliveriesStore(kit.dynamo, environment.PAYMENTS_TABLE),
    secrets: createSecretBox(() => kit.secret.key('webhook-secret'), systemRandom),
    enqueueTask: createEnqueueTask(queueClient(), environment.TASK_COMMANDS_QUEUE_URL),
    allowLoopback: environment.ALLOW_LOOPBACK === 'on',
    publicOrigin: kit.publicOrigin,
  },
  kit,
})
