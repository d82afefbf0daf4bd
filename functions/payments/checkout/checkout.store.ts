/** Loads a checkout session with what it led to: what a try to pay is decided on. */
import { loadPayment } from '../intents/payments.store.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
import type { Order } from '../orders/order.ts'
import type { Session } from './session.ts'
import type { OpenCheckout } from './session-operations.ts'

/** Undefined when the workspace has no such session. */
export async function loadCheckout(
  objects: ObjectsStore,
  workspaceId: string,
  sessionId: string,
): Promise<OpenCheckout | undefined> {
  const session = await objects.get<Session>('checkout.session', workspaceId, sessionId)
  if (session === undefined) return undefined
  const [payment, order] = await Promise.all([
    session.intentId === null ? undefined : loadPayment(objects, workspaceId, session.intentId),
    objects.get<Order>('order', workspaceId, session.orderId),
  ])
  if (order === undefined) throw new Error(`expected the order ${session.orderId} of ${sessionId}`)
  return { session, order, payment }
}
