/**
 * Everything that one request or one message changes: objects, events about them, ledger transactions, and whatever else
 * has to be written with them (an idempotency record, a counter). Written by `changes.store.ts` in ONE transaction, so
 * that all of it holds or nothing. Pure: decides nothing and writes nothing.
 */
import { dueAtOf } from '../clock/due.ts'
import type { LedgerTransaction } from '../ledger/ledger.ts'
import { ledgerWrites } from '../ledger/ledger-writes.ts'
import type { StoredObject } from '../objects/objects.ts'
import { dueKeys, eventKey, indexKeys, objectKey } from '../payments-keys.ts'
import type { EventRow } from './stripe-event.ts'
import type { Write } from './write.ts'

/** https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_TransactWriteItems.html */
export const MAX_WRITES = 100

/**
 * Two objects that were read one after the other don't fit: somebody wrote in between. Nothing decided on them could be
 * written, as one of their versions is over; whoever decides throws this, and is asked again.
 */
export class TornReadError extends Error {
  override readonly name = 'TornReadError'
}

interface ObjectChange {
  /** The version that the table has; undefined for an object that is not there yet. */
  readonly before: number | undefined
  readonly after: StoredObject
}

const NEW = 'attribute_not_exists(pk)'
const UNCHANGED = 'version = :before'

export class Changes {
  readonly #objects = new Map<string, ObjectChange>()
  readonly #events: EventRow[] = []
  readonly #transactions = new Map<string, LedgerTransaction>()
  readonly #others: Write[] = []

  /** Condition `new`: nothing has this id yet. */
  create(object: StoredObject): void {
    if (this.#objects.has(object.id)) throw new Error(`expected ${object.id} to be created once`)
    this.#objects.set(object.id, { before: undefined, after: object })
  }

  /** Condition `unchanged since it was read`. Changing an object again within one commit keeps the first condition. */
  update(before: StoredObject, after: StoredObject): void {
    const known = this.#objects.get(before.id)
    if (known !== undefined && known.after.version !== before.version)
      throw new Error(`expected version ${known.after.version} of ${before.id}, got ${before.version}`)
    this.#objects.set(before.id, { before: known === undefined ? before.version : known.before, after })
  }

  /** Condition `unchanged since it was read`. */
  remove({ workspaceId, id, version }: StoredObject): void {
    const action = {
      Delete: {
        Key: { ...objectKey(workspaceId, id) },
        ConditionExpression: UNCHANGED,
        ExpressionAttributeValues: { ':before': version },
      },
    }
    this.also({ label: id, action })
  }

  tell(event: EventRow): void {
    this.#events.push(event)
  }

  /** Condition `its key was never posted`. */
  post(transaction: LedgerTransaction): void {
    if (this.#transactions.has(transaction.key)) throw new Error(`expected ${transaction.key} to be posted once`)
    this.#transactions.set(transaction.key, transaction)
  }

  also(write: Write): void {
    this.#others.push(write)
  }

  get isEmpty(): boolean {
    return this.writes().length === 0
  }

  /** What was collected of this object: the state that a further decision in the same commit is made on. */
  latest<T extends StoredObject>(object: T): T {
    return (this.#objects.get(object.id)?.after as T | undefined) ?? object
  }

  /** What was collected of an object by its id; undefined for what this commit leaves alone. */
  find(id: string): StoredObject | undefined {
    return this.#objects.get(id)?.after
  }

  get events(): readonly EventRow[] {
    return this.#events
  }

  get transactions(): readonly LedgerTransaction[] {
    return [...this.#transactions.values()]
  }

  /** @throws RangeError when they are more than one transaction takes; UnbalancedError for a ledger transaction that is not */
  writes(): readonly Write[] {
    const writes = [
      ...[...this.#objects.values()].map(objectWrite),
      ...this.#events.map(eventWrite),
      ...ledgerWrites(this.transactions),
      ...this.#others,
    ]
    if (writes.length > MAX_WRITES) throw new RangeError(`expected at most ${MAX_WRITES} writes, got ${writes.length}`)
    return writes
  }
}

/** An object whose state ends at a time stands in the index of what is due, for as long as it is in that state. */
function objectWrite({ before, after }: ObjectChange): Write {
  const dueAt = dueAtOf(after)
  const due = dueAt === undefined ? {} : dueKeys(after, dueAt)
  const Item = { ...objectKey(after.workspaceId, after.id), ...indexKeys(after), ...due, ...after }
  const condition =
    before === undefined
      ? { ConditionExpression: NEW }
      : { ConditionExpression: UNCHANGED, ExpressionAttributeValues: { ':before': before } }
  return { label: after.id, action: { Put: { Item, ...condition } } }
}

/** Listed with the workspace's events, and with those about its object. */
function eventWrite(event: EventRow): Write {
  const keys = indexKeys({ ...event, kind: 'event', ownerId: event.objectId })
  const Item = { ...eventKey(event.workspaceId, event.id), ...keys, ...event }
  return { label: event.id, action: { Put: { Item, ConditionExpression: NEW } } }
}
