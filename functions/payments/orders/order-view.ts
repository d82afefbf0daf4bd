/** An order as the API and events show it. Pure. */
import type { Order } from './order.ts'

const money = (amount: number, currency: string) => ({ amount, currency })

export const orderBody = (order: Order) => ({
  id: order.id,
  object: 'order' as const,
  status: order.status,
  amount: money(order.amount, order.currency),
  authorized: money(order.authorized, order.currency),
  captured: money(order.captured, order.currency),
  refunded: money(order.refunded, order.currency),
  email: order.email,
  customer: order.customer,
  description: order.description,
  lines: order.lines.map(({ description, quantity, unitAmount, amount }) => ({
    description,
    quantity,
    unitAmount: money(unitAmount, order.currency),
    amount: money(amount, order.currency),
  })),
  source: order.source,
  externalId: order.externalId,
  version: order.version,
  createdAt: order.createdAt,
  updatedAt: order.updatedAt,
  paidAt: order.paidAt,
})
