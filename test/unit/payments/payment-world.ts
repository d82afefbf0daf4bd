/**
 * A table in memory that takes changes as DynamoDB does: all or nothing, on condition of versions and unused ledger keys.
 * For tests of operations, and of what concurrent ones can do to each other.
 */
import type { ChangesStore } from '../../../functions/payments/changes/changes.store.ts'
import { type Changes, Changes as NewChanges, TornReadError } from '../../../functions/payments/changes/changes.ts'
import type { Operation } from '../../../functions/payments/changes/operation.ts'
import type { EventRow } from '../../../functions/payments/changes/stripe-event.ts'
import type { Charge, Intent, IntentInput, Refund } from '../../../functions/payments/intents/intent.ts'
import { createIntent, type OrderedPayment, type Outcome } from '../../../functions/payments/intents/operations.ts'
import type { LedgerTransaction } from '../../../functions/payments/ledger/ledger.ts'
import type { ObjectsStore } from '../../../functions/payments/objects/objects.store.ts'
import type { StoredObject } from '../../../functions/payments/objects/objects.ts'
import type { Order } from '../../../functions/payments/orders/order.ts'
import { rowOf } from '../../../functions/payments/payments-keys.ts'

export const WORKSPACE = 'ws_00000000000000000000000000'
export const START = new Date('2026-11-21T10:00:00.000Z')
export const CARD = 'pm_card_visa'

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

export class World {
  readonly objects = new Map<string, StoredObject>()
  readonly events: EventRow[] = []
  readonly ledger = new Map<string, LedgerTransaction>()
  now = START
  #ids = 0

  operation(): Operation {
    return {
      changes: new NewChanges(),
      ids: (prefix) => {
        this.#ids += 1
        const number = Array.from(String(this.#ids), (digit) => ALPHABET[Number(digit)]).join('')
        return `${prefix}_${number.padStart(26, '0')}`
      },
      random: { bytes: (count) => new Uint8Array(count).fill(7) },
      cause: { now: this.now, requestId: 'req_test', idempotencyKey: null, traceparent: '' },
    }
  }

  /** False when somebody else was faster; nothing is written then. */
  commit(changes: Changes): boolean {
    const writes = changes.writes()
    const puts = writes.flatMap(({ label, action }) =>
      'Put' in action && action.Put.Item['sk'] === 'OBJECT'
        ? [{ label, item: action.Put.Item, before: action.Put.ExpressionAttributeValues?.[':before'] }]
        : [],
    )
    const holds = puts.every(({ label, before }) => this.objects.get(label)?.version === before)
    if (!holds || changes.transactions.some(({ key }) => this.ledger.has(key))) return false
    for (const { label, item } of puts) this.objects.set(label, rowOf<StoredObject>(item))
    for (const transaction of changes.transactions) this.ledger.set(transaction.key, transaction)
    this.events.push(...changes.events)
    return true
  }

  /** The stores of operations that load by themselves. `pause` comes before every read and write: others get in between. */
  stores(pause: () => Promise<unknown> = async () => {}): {
    readonly objects: ObjectsStore
    readonly changes: Pick<ChangesStore, 'settle'>
  } {
    const get: ObjectsStore['get'] = async <T extends StoredObject>(
      _kind: T['kind'],
      _workspaceId: string,
      id: string,
    ) => {
      await pause()
      return this.objects.get(id) as T | undefined
    }
    const settle: ChangesStore['settle'] = async (attempt) => {
      for (;;) {
        const changes = new NewChanges()
        try {
          const outcome = await attempt(changes, [])
          await pause()
          if (this.commit(changes)) return outcome
        } catch (error) {
          if (!(error instanceof TornReadError)) throw error
        }
      }
    }
    return { objects: { get } as ObjectsStore, changes: { settle } }
  }

  object<T extends StoredObject>(id: string): T {
    const found = this.objects.get(id)
    if (found === undefined) throw new Error(`expected an object ${id}`)
    return found as T
  }

  payment(intentId: string): OrderedPayment {
    const intent = this.object<Intent>(intentId)
    const charge = intent.latestCharge === null ? undefined : this.object<Charge>(intent.latestCharge)
    return { intent, charge, order: this.object<Order>(intent.orderId) }
  }

  /** Loads, decides and writes with nobody else about. */
  run(intentId: string, act: (operation: Operation, payment: OrderedPayment) => Outcome): Outcome {
    const operation = this.operation()
    const outcome = act(operation, this.payment(intentId))
    if (outcome.ok && !this.commit(operation.changes)) throw new Error('expected nobody else to write')
    return outcome
  }

  intent(input: Partial<IntentInput> = {}): string {
    const operation = this.operation()
    const made = createIntent(operation, {
      workspaceId: WORKSPACE,
      input: { amount: 10_000, currency: 'usd', paymentMethod: CARD, ...input },
    })
    if (!made.ok) throw new Error(made.message)
    this.commit(operation.changes)
    return made.intent.id
  }

  of<T extends StoredObject>(kind: T['kind']): readonly T[] {
    return [...this.objects.values()].filter((object): object is T => object.kind === kind)
  }

  /** Debits less credits, in minor units. */
  balance(account: string, currency = 'usd'): number {
    const postings = [...this.ledger.values()].flatMap((transaction) => transaction.postings)
    return postings
      .filter((posting) => posting.account === account && posting.currency === currency)
      .reduce((sum, { side, amount }) => sum + (side === 'debit' ? amount : -amount), 0)
  }

  refundsOf(chargeId: string): readonly Refund[] {
    return this.of<Refund>('refund').filter((refund) => refund.chargeId === chargeId)
  }
}
