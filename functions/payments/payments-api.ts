/** The payments API as a whole. */
import type { ServiceDescription } from '#core/route.ts'
import { checkoutRoutes } from './checkout/checkout-routes.ts'
import { refundRoutes } from './intents/refund-routes.ts'
import { ledgerRoutes } from './ledger/ledger-routes.ts'
import { orderRoutes } from './orders/order-routes.ts'
import examples from './payments-examples.json' with { type: 'json' }
import type { PaymentsServices } from './payments-services.ts'
import { receiptRoutes } from './receipts/receipt-routes.ts'
import { endpointRoutes } from './webhooks/endpoints/endpoint-routes.ts'
import { receiveRoutes } from './webhooks/in/receive-description.ts'
import { receivedRoutes } from './webhooks/in/received-routes.ts'
import { sourceRoutes } from './webhooks/in/source-routes.ts'
import { deliveryRoutes } from './webhooks/out/delivery-routes.ts'

export const paymentsApi: ServiceDescription<PaymentsServices> = {
  service: 'payments',
  title: 'Payments',
  description: 'Orders, the ledger behind them, receipts, and webhooks in and out.',
  routes: [
    ...orderRoutes,
    ...ledgerRoutes,
    ...receiptRoutes,
    ...refundRoutes,
    ...sourceRoutes,
    ...receivedRoutes,
    ...endpointRoutes,
    ...deliveryRoutes,
  ],
  beside: checkoutRoutes,
  elsewhere: receiveRoutes,
  examples,
}
