/**
 * An order that was paid → its receipt → its mail. Whatever comes twice, or stopped half way, ends the same: the receipt's id
 * comes from the order's, and the mail's task from the receipt's.
 *
 *     message ── receipt and number, one transaction ── task email.send
 *     again     (there already) ───────────────────── the same task, which is there already
 */
import type { Workspace } from '#core/access.store.ts'
import type { TaskCommand } from '#core/task-command.ts'
import type { ChangesStore } from '../changes.store.ts'
import type { PaidMessage } from '../messages.ts'
import type { ObjectsStore } from '../objects.store.ts'
import type { Order } from '../orders/order.ts'
import { type CountersStore, counterWrite } from './counters.store.ts'
import { counterName, newReceipt, numberOf, type Receipt, receiptIdOf } from './receipt.ts'
import { receiptMail } from './receipt-page.ts'

export interface IssueServices {
  readonly objects: Pick<ObjectsStore, 'get'>
  readonly changes: Pick<ChangesStore, 'settle'>
  readonly counters: CountersStore
  readonly findWorkspace: (id: string) => Promise<Workspace | undefined>
  readonly enqueueTask: (command: TaskCommand) => Promise<void>
}

/** Undefined for an order that is not there, or was not paid after all. */
export async function issueReceipt(
  { workspaceId, orderId, traceparent }: PaidMessage,
  services: IssueServices,
  now: Date,
): Promise<Receipt | undefined> {
  const { objects, changes, counters, findWorkspace, enqueueTask } = services
  const order = await objects.get<Order>('order', workspaceId, orderId)
  if (order === undefined || order.captured === 0) return undefined
  const name = counterName(now)
  const receipt = await changes.settle(async (collected) => {
    const issued = await objects.get<Receipt>('receipt', workspaceId, receiptIdOf(orderId))
    if (issued !== undefined) return issued
    const [count, workspace] = await Promise.all([counters.value(workspaceId, name), findWorkspace(workspaceId)])
    const made = newReceipt(order, numberOf(count + 1, now), workspace?.name ?? workspaceId, now)
    collected.create(made)
    collected.also(counterWrite(workspaceId, name, count))
    return made
  })
  if (receipt.email !== null) await enqueueTask(mailCommand(receipt, receipt.email, traceparent))
  return receipt
}

function mailCommand(receipt: Receipt, to: string, traceparent: string): TaskCommand {
  const input = { to: [to], ...receiptMail(receipt), tags: { kind: 'receipt' } }
  return { id: `receipt#${receipt.id}`, workspaceId: receipt.workspaceId, name: 'email.send', input, traceparent }
}
