/** All routes of `/v1`. */
import { customerRoutes } from './catalog/customer-routes.ts'
import { priceRoutes } from './catalog/price-routes.ts'
import { productRoutes } from './catalog/product-routes.ts'
import { endpointRoutes } from './events/endpoint-routes.ts'
import { eventRoutes } from './events/event-routes.ts'
import { balanceRoutes } from './payments/balance-routes.ts'
import { chargeRoutes } from './payments/charge-routes.ts'
import { intentMoveRoutes } from './payments/intent-moves.ts'
import { intentRoutes } from './payments/intent-routes.ts'
import { refundRoutes } from './payments/refund-routes.ts'
import { sessionRoutes } from './payments/session-routes.ts'
import type { StripeRoute } from './stripe-route.ts'

export const stripeRoutes: readonly StripeRoute[] = [
  ...customerRoutes,
  ...productRoutes,
  ...priceRoutes,
  ...sessionRoutes,
  ...intentRoutes,
  ...intentMoveRoutes,
  ...chargeRoutes,
  ...refundRoutes,
  ...balanceRoutes,
  ...eventRoutes,
  ...endpointRoutes,
]
