/** Reads the trial balance, currency by currency. */
import type { LedgerStore } from './ledger.store.ts'
import { type CurrencyBalance, currencyBalance, sameSums } from './trial-balance.ts'

/** While others post, the entries are ahead of the balances that were read: then both are read again. */
const TRIES = 4

/** @param recompute adds the entries up and compares, which reads every one of them */
export async function readTrialBalance(
  ledger: LedgerStore,
  workspaceId: string,
  recompute: boolean,
): Promise<readonly CurrencyBalance[]> {
  const currencies = await ledger.currencies(workspaceId)
  return Promise.all(
    currencies.map(async (currency) => {
      for (let tries = 1; ; tries += 1) {
        const stored = await ledger.balances(workspaceId, currency)
        if (!recompute) return currencyBalance(currency, stored)
        const again = await ledger.recomputed(workspaceId, currency)
        if (sameSums(stored, again) || tries >= TRIES) return currencyBalance(currency, stored, again)
      }
    }),
  )
}
