/**
 * Writes what a decision changed, in one DynamoDB transaction on condition of everything that it was made on.
 *
 *   A  load v1 ── decide ── commit ✓ v2
 *   B  load v1 ── decide ─────────────── commit ✗ ── load v2 ── decide again ── commit ✓ v3, or refused
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { type DynamoDBDocumentClient, GetCommand, type TransactWriteCommandInput } from '@aws-sdk/lib-dynamodb'
import type { Random } from '#core/random.ts'
import { cancellationCodes, transact } from '#core/transact.store.ts'
import { difference, type LedgerTransaction } from '../ledger/ledger.ts'
import { isLedgerLabel, ledgerLabel } from '../ledger/ledger-writes.ts'
import { ledgerKey } from '../payments-keys.ts'
import { Changes, TornReadError } from './changes.ts'

export type Committed =
  | { readonly kind: 'committed' }
  /** Labels of the writes whose conditions did not hold; nothing was written. */
  | { readonly kind: 'conflict'; readonly over: readonly string[] }

export interface ChangesStore {
  commit(changes: Changes): Promise<Committed>
  /**
   * Loads, decides and commits; loads and decides anew while others were faster. What `attempt` returns is returned once
   * its changes are written, or at once when it collected none (a refusal).
   * @param attempt gets empty changes, and the labels over which the try before was lost
   */
  settle<Outcome>(attempt: (changes: Changes, lost: readonly string[]) => Promise<Outcome>): Promise<Outcome>
}

/** A hot object sees a few writers at once; every lost try means that one of them got through. */
const TRIES = 8
/** A transaction takes some 20 ms: the pause is up to this, doubled with each try. */
const FIRST_PAUSE_MS = 10
const MAX_PAUSE_MS = 320
const BYTE_VALUES = 256

export function createChangesStore(client: DynamoDBDocumentClient, table: string, random: Random): ChangesStore {
  const commit = async (changes: Changes): Promise<Committed> => {
    const writes = changes.writes()
    if (writes.length === 0) return { kind: 'committed' }
    try {
      await transact(
        client,
        writes.map(({ action }) => inTable(action, table)),
      )
      return { kind: 'committed' }
    } catch (error) {
      const codes = cancellationCodes(error)
      const over = writes.flatMap(({ label }, index) => (LOST.has(codes[index] ?? '') ? [label] : []))
      if (over.length === 0) throw error
      return { kind: 'conflict', over }
    }
  }
  return {
    commit,
    async settle(attempt) {
      let lost: readonly string[] = []
      for (let tries = 1; tries <= TRIES; tries += 1) {
        const changes = new Changes()
        try {
          const outcome = await attempt(changes, lost)
          const committed = await commit(changes)
          if (committed.kind === 'committed') return outcome
          lost = committed.over
          await assertNotReused(client, table, changes, lost)
        } catch (error) {
          // One that stays is no race: then the objects themselves don't fit.
          if (!(error instanceof TornReadError) || tries === TRIES) throw error
        }
        await sleep(pauseMs(tries, random))
      }
      throw contended(lost)
    },
  }
}

/**
 * A business key that was posted before, although nothing else of the changes was in the way, is no race: then what is
 * posted under it now must be what was posted then.
 */
async function assertNotReused(
  client: DynamoDBDocumentClient,
  table: string,
  changes: Changes,
  lost: readonly string[],
): Promise<void> {
  if (!lost.every(isLedgerLabel)) return
  for (const transaction of changes.transactions.filter(({ key }) => lost.includes(ledgerLabel(key)))) {
    const Key = ledgerKey(transaction.workspaceId, transaction.key)
    const { Item } = await client.send(new GetCommand({ TableName: table, Key, ConsistentRead: true }))
    const reason = Item && difference(Item as LedgerTransaction, transaction)
    if (reason !== undefined) throw new KeyReusedError(`expected ${transaction.key} to be posted once: ${reason}`)
  }
}

/** Another ledger transaction has the key: a fault of ours, which no further try mends. */
export class KeyReusedError extends Error {
  override readonly name = 'KeyReusedError'
}

/** Somebody else wrote first, or holds the item at this moment. */
const LOST: ReadonlySet<string> = new Set(['ConditionalCheckFailed', 'TransactionConflict'])

type TransactItem = NonNullable<TransactWriteCommandInput['TransactItems']>[number]

const inTable = (action: object, table: string): TransactItem =>
  Object.fromEntries(
    Object.entries(action).map(([verb, input]) => [verb, { TableName: table, ...input }]),
  ) as TransactItem

const pauseMs = (tries: number, random: Random): number =>
  (Math.min(FIRST_PAUSE_MS * 2 ** tries, MAX_PAUSE_MS) * (random.bytes(1)[0] ?? 0)) / BYTE_VALUES

/** Looks like throttling to whoever waits for the answer: the same request will pass. */
const contended = (over: readonly string[]): Error =>
  Object.assign(new Error(`expected to write ${over.join(', ')} within ${TRIES} tries, others were faster`), {
    name: 'TransactionConflictException',
  })
