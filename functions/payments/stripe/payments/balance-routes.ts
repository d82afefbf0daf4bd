/** `/v1/balance`: what the processor holds, by the ledger. */
import { stripeRoute } from '../stripe-route.ts'

const getBalance = stripeRoute({
  method: 'GET',
  path: '/v1/balance',
  operationId: 'stripeGetBalance',
  summary: 'Read what the processor holds, in each currency',
  permission: 'payments:read',
  async handle({ principal: { workspaceId } }, { ledger }) {
    const currencies = await ledger.currencies(workspaceId)
    const available = await Promise.all(
      currencies.toSorted().map(async (currency) => {
        const accounts = await ledger.balances(workspaceId, currency)
        const held = accounts.find(({ account }) => account === 'assets:processor')
        const amount = (held?.debits ?? 0) - (held?.credits ?? 0)
        return { amount, currency, source_types: { card: amount } }
      }),
    )
    // Test money is there at once: nothing is ever pending.
    return { body: { object: 'balance', available, livemode: false, pending: [] } }
  },
})

export const balanceRoutes = [getBalance]
