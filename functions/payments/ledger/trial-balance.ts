/** The trial balance: what stands on every account, and whether it adds up. Pure. */
import type { Account } from './ledger.ts'

/** Minor units of one currency. */
export interface AccountSums {
  readonly account: Account
  readonly debits: number
  readonly credits: number
  readonly entries: number
}

export interface CurrencyBalance {
  readonly currency: string
  /** Σ of all accounts; the two are equal unless something is wrong. */
  readonly debits: number
  readonly credits: number
  readonly accounts: readonly (AccountSums & { readonly balance: number })[]
  /** Undefined when the entries were not added up. */
  readonly recomputed?: boolean | undefined
}

/** @param again the sums of the entries themselves, to be compared */
export function currencyBalance(
  currency: string,
  stored: readonly AccountSums[],
  again?: readonly AccountSums[],
): CurrencyBalance {
  return {
    currency,
    debits: stored.reduce((sum, { debits }) => sum + debits, 0),
    credits: stored.reduce((sum, { credits }) => sum + credits, 0),
    accounts: stored.map((sums) => ({ ...sums, balance: sums.debits - sums.credits })),
    ...(again !== undefined && { recomputed: sameSums(stored, again) }),
  }
}

export const sameSums = (some: readonly AccountSums[], others: readonly AccountSums[]): boolean =>
  some.length === others.length &&
  some.every((sums, index) => {
    const other = others[index]
    return (['account', 'debits', 'credits', 'entries'] as const).every((name) => sums[name] === other?.[name])
  })

/** Nothing came from nowhere and nothing is lost. */
export const isBalanced = (balances: readonly CurrencyBalance[]): boolean =>
  balances.every(({ debits, credits, recomputed }) => debits === credits && recomputed !== false)
