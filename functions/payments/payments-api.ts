/** The payments API as a whole. */
import type { ServiceDescription } from '#core/route.ts'
import examples from './payments-examples.json' with { type: 'json' }
import type { PaymentsServices } from './payments-services.ts'

export const paymentsApi: ServiceDescription<PaymentsServices> = {
  service: 'payments',
  title: 'Payments',
  description: 'Orders, the ledger behind them, receipts, and webhooks in and out.',
  routes: [],
  examples,
}
