/**
 * Orders that were paid → their receipts → their mails. Whatever comes twice, or stopped half way, ends the same: the receipt's id
 * comes from the order's, and the mail's task from the receipt's.
 *
 *     message ── receipt and number, one transaction ── task email.send
 *     again     (there already) ───────────────────── the same task, which is there already
 */
import type { Workspace } from '#core/access.store.ts'
import type { TaskCommand } from '#core/task-command.ts'
import type { ChangesStore } from '../changes/changes.store.ts'
import type { PaidMessage } from '../forwarding/messages.ts'
import type { ObjectsStore } from '../objects/objects.store.ts'
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

/**
 * The receipts of orders of one workspace, issued now or before. All of them take their numbers in one transaction, because
 * they all want the next one. Orders that are not there, or were not paid after all, get none.
 */
export async function issueReceipts(
  workspaceId: string,
  paid: readonly PaidMessage[],
  services: IssueServices,
  now: Date,
): Promise<readonly Receipt[]> {
  const { objects, enqueueTask } = services
  const traces = new Map(paid.map(({ orderId, traceparent }) => [orderId, traceparent]))
  const found = await Promise.all([...traces.keys()].map((id) => objects.get<Order>('order', workspaceId, id)))
  const orders = found.filter((order) => order !== undefined && order.captured > 0) as readonly Order[]
  if (orders.length === 0) return []
  const receipts = await numbered(workspaceId, orders, services, now)
  await Promise.all(
    receipts.map(async (receipt) => {
      if (receipt.email === null) return
      await enqueueTask(mailCommand(receipt, receipt.email, traces.get(receipt.orderId) ?? ''))
    }),
  )
  return receipts
}

function numbered(
  workspaceId: string,
  orders: readonly Order[],
  { objects, changes, counters, findWorkspace }: IssueServices,
  now: Date,
): Promise<readonly Receipt[]> {
  const name = counterName(now)
  return changes.settle(async (collected) => {
    const known = await Promise.all(
      orders.map(({ id }) => objects.get<Receipt>('receipt', workspaceId, receiptIdOf(id))),
    )
    const issued = known.filter((receipt) => receipt !== undefined)
    const waiting = orders.filter((_, index) => known[index] === undefined)
    if (waiting.length === 0) return issued
    const [count, workspace] = await Promise.all([counters.value(workspaceId, name), findWorkspace(workspaceId)])
    const from = workspace?.name ?? workspaceId
    const made = waiting.map((order, index) => newReceipt(order, numberOf(count + 1 + index, now), from, now))
    for (const receipt of made) collected.create(receipt)
    collected.also(counterWrite(workspaceId, name, count, made.length))
    return [...issued, ...made]
  })
}

function mailCommand(receipt: Receipt, to: string, traceparent: string): TaskCommand {
  const input = { to: [to], ...receiptMail(receipt), tags: { kind: 'receipt' } }
  return { id: `receipt#${receipt.id}`, workspaceId: receipt.workspaceId, name: 'email.send', input, traceparent }
}
