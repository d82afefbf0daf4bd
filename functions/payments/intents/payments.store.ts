/** Loads what an operation is decided on. */
import type { ObjectsStore } from '../objects/objects.store.ts'
import type { Order } from '../orders/order.ts'
import type { Charge, Intent, Refund } from './intent.ts'
import type { OrderedPayment } from './operations.ts'
import type { CapturedPayment } from './refund-operations.ts'

/** Undefined when the workspace has no such intent. */
export async function loadPayment(
  objects: ObjectsStore,
  workspaceId: string,
  intentId: string,
): Promise<OrderedPayment | undefined> {
  const intent = await objects.get<Intent>('payment_intent', workspaceId, intentId)
  if (intent === undefined) return undefined
  const [charge, order] = await Promise.all([
    intent.latestCharge === null ? undefined : objects.get<Charge>('charge', workspaceId, intent.latestCharge),
    objects.get<Order>('order', workspaceId, intent.orderId),
  ])
  if (order === undefined) throw new Error(`expected the order ${intent.orderId} of ${intentId}`)
  return { intent, charge, order }
}

/** Undefined when the workspace has no such charge. */
export async function loadCharge(
  objects: ObjectsStore,
  workspaceId: string,
  chargeId: string,
): Promise<CapturedPayment | undefined> {
  const charge = await objects.get<Charge>('charge', workspaceId, chargeId)
  if (charge === undefined) return undefined
  const order = await objects.get<Order>('order', workspaceId, charge.orderId)
  if (order === undefined) throw new Error(`expected the order ${charge.orderId} of ${chargeId}`)
  return { charge, order }
}

/** Undefined when the workspace has no such refund. */
export async function loadRefund(objects: ObjectsStore, workspaceId: string, refundId: string) {
  const refund = await objects.get<Refund>('refund', workspaceId, refundId)
  if (refund === undefined) return undefined
  const paid = await loadCharge(objects, workspaceId, refund.chargeId)
  if (paid === undefined) throw new Error(`expected the charge ${refund.chargeId} of ${refundId}`)
  return { refund, ...paid }
}
