/** The Stripe-compatible API: entry and wiring. Its routes are listed in `stripe/stripe-api.ts`. */
import { systemClock } from '#core/clock.ts'
import { createKit } from '#core/kit.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { pageAddresses } from './checkout/page-address.ts'
import { stripeEnvironment } from './environment.ts'
import { createLedgerStore } from './ledger/ledger.store.ts'
import { createObjectsStore } from './objects/objects.store.ts'
import { createIdempotencyStore } from './stripe/idempotency.store.ts'
import { stripeRoutes } from './stripe/stripe-api.ts'
import { stripeHandler } from './stripe/stripe-handler.ts'
import { createSecretBox } from './webhooks/secrets.ts'

const environment = stripeEnvironment.read()
const [clock, random] = [systemClock, systemRandom]
const { PAYMENTS_TABLE: table } = environment
const { access, dynamo, ids, secret, publicOrigin } = createKit(environment, { clock, random })

export const handler = stripeHandler({
  routes: stripeRoutes,
  services: {
    objects: createObjectsStore(dynamo, table),
    changes: createChangesStore(dynamo, table, random),
    ledger: createLedgerStore(dynamo, table),
    idempotency: createIdempotencyStore(dynamo, table),
    pages: pageAddresses(() => secret.key('checkout'), random, publicOrigin),
    secrets: createSecretBox(() => secret.key('webhook-secret'), random),
    allowLoopback: environment.ALLOW_LOOPBACK === 'on',
    ...{ ids, random, publicOrigin },
  },
  access,
  clock,
  random,
})
