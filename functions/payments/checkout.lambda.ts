/** The hosted pages of checkout: entry and wiring. Routes are listed in `checkout/checkout-routes.ts`. */
import { cached } from '#core/cached.ts'
import { systemClock } from '#core/clock.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { systemRandom } from '#core/random.ts'
import { createChangesStore } from './changes/changes.store.ts'
import { type CheckoutServices, checkoutRoutes } from './checkout/checkout-routes.ts'
import { NO_MERCHANT } from './checkout/frame.ts'
import { pageAddresses } from './checkout/page-address.ts'
import { checkoutEnvironment } from './environment.ts'
import { createObjectsStore } from './objects/objects.store.ts'

const environment = checkoutEnvironment.read()
const [clock, random] = [systemClock, systemRandom]
const { PAYMENTS_TABLE: table } = environment
const kit = createKit(environment, { clock, random })
const { access, accessStore, dynamo, ids, secret, publicOrigin } = kit
const findWorkspace = cached((id: string) => accessStore.findWorkspace(id), clock)

export const handler = httpHandler<CheckoutServices>({
  description: {
    service: 'payments',
    title: 'Checkout',
    description: 'The pages on which customers pay.',
    routes: checkoutRoutes,
  },
  name: 'payments/checkout',
  services: {
    objects: createObjectsStore(dynamo, table),
    changes: createChangesStore(dynamo, table, random),
    pages: pageAddresses(() => secret.key('checkout'), random, publicOrigin),
    merchantOf: async (workspaceId) => (await findWorkspace(workspaceId))?.name ?? NO_MERCHANT,
    limiter: access.limiter,
    ...{ ids, random, publicOrigin },
  },
  kit,
})
