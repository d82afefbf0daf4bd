/**
 * Double-entry bookkeeping: a transaction is a set of postings whose debits and credits are equal in each currency. It is
 * never changed; what was wrong is put right by another one. Pure.
 */

/** The chart of accounts. A workspace has each of them once for each currency. */
export const ACCOUNTS = {
  'assets:processor': 'What the processor holds for the workspace.',
  'revenue:sales': 'What was sold.',
  'contra:refunds': 'What was given back of the sales.',
  'expenses:fees': 'What the processor keeps for its work.',
} as const
export type Account = keyof typeof ACCOUNTS
export const ACCOUNT_NAMES = Object.keys(ACCOUNTS) as readonly Account[]

export type Side = 'debit' | 'credit'

export interface Posting {
  readonly account: Account
  readonly side: Side
  /** Minor units, more than zero. */
  readonly amount: number
  /** ISO 4217, lower case as on Stripe's wire. */
  readonly currency: string
}

export interface LedgerTransaction {
  /** `txn_…`. */
  readonly id: string
  readonly workspaceId: string
  /** What it is about, once: `<object id>:captured:<cumulative amount>`. The same key is never posted twice. */
  readonly key: string
  readonly description: string
  readonly postings: readonly Posting[]
  readonly orderId: string
  readonly at: string
  readonly traceparent: string
}

/** One side of one posting, as an account lists it. */
export interface LedgerEntry extends Posting {
  readonly transactionId: string
  readonly key: string
  readonly description: string
  readonly orderId: string
  readonly at: string
}

/** A transaction that may not be posted: a fault of ours, so it throws. */
export class UnbalancedError extends Error {
  override readonly name = 'UnbalancedError'
}

/** @throws UnbalancedError unless Σ debits = Σ credits > 0 in every currency, in whole positive minor units */
export function assertBalanced({ key, postings }: Pick<LedgerTransaction, 'key' | 'postings'>): void {
  const sums = new Map<string, bigint>()
  for (const { amount, side, currency, account } of postings) {
    if (!Number.isSafeInteger(amount) || amount <= 0)
      throw new UnbalancedError(`expected positive minor units on ${account} of ${key}, got ${amount}`)
    sums.set(currency, (sums.get(currency) ?? 0n) + (side === 'debit' ? BigInt(amount) : -BigInt(amount)))
  }
  if (sums.size === 0) throw new UnbalancedError(`expected postings in ${key}, got none`)
  for (const [currency, sum] of sums)
    if (sum !== 0n)
      throw new UnbalancedError(`expected ${key} to balance in ${currency}, got debits − credits = ${sum}`)
}

/** Two postings of one amount. */
export const transfer = (debit: Account, credit: Account, amount: number, currency: string): readonly Posting[] => [
  { account: debit, side: 'debit', amount, currency },
  { account: credit, side: 'credit', amount, currency },
]

const COMPARED = ['description', 'orderId'] as const
const POSTING_FIELDS = ['account', 'side', 'amount', 'currency'] as const

/**
 * What differs between a transaction and the one that already has its key, as TigerBeetle tells it; undefined when they
 * say the same. Ids and times are of whoever posts, not of what is posted.
 */
export function difference(before: LedgerTransaction, again: LedgerTransaction): string | undefined {
  const field = COMPARED.find((name) => before[name] !== again[name])
  if (field !== undefined) return `exists_with_different_${field}`
  if (before.postings.length !== again.postings.length) return 'exists_with_different_postings'
  for (const [index, posting] of before.postings.entries()) {
    const other = again.postings[index]
    const differs = POSTING_FIELDS.find((name) => posting[name] !== other?.[name])
    if (differs !== undefined) return `exists_with_different_${differs}`
  }
  return undefined
}
