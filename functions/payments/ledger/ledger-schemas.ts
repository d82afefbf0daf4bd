/** The ledger as the API shows it. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { currency, money } from '../payments-schemas.ts'
import { ACCOUNT_NAMES } from './ledger.ts'

const account = z.enum(ACCOUNT_NAMES).meta({
  description:
    '`assets:processor`: held for the workspace. `revenue:sales`, `contra:refunds` and `expenses:fees`: what was sold, given ' +
    'back, and kept by the processor.',
})
const side = z.enum(['debit', 'credit'])
const about = {
  key: z
    .string()
    .meta({ description: 'What it is about; never posted twice.', examples: ['ch_01KDVDNA5T9M8F5B6C1D0E2R3Q:fee'] }),
  description: z.string().meta({ examples: ['captured'] }),
  orderId: z.string(),
  at: timestamp('When it was posted.'),
}

export const transactionListBody = pageOf(
  z
    .strictObject({
      id: z.string(),
      ...about,
      postings: z.array(z.strictObject({ account, side, amount: money('More than 0.') })),
    })
    .meta({
      id: 'LedgerTransaction',
      description: 'Debits and credits of one amount in each currency. Never changed.',
    }),
).meta({ id: 'LedgerTransactionList', description: 'Ledger transactions, newest first.' })

export const transactionListQuery = z.object({
  ...pageParameters,
  orderId: z.string().min(1).max(64).optional().meta({ description: 'Only those about this order.' }),
})

export const entryParams = z.object({ account })
export const entryListQuery = z.object({
  ...pageParameters,
  currency: z
    .string()
    .regex(/^[a-z]{3}$/)
    .default('usd')
    .meta({ description: 'ISO 4217, lower case.' }),
})
export const entryListBody = pageOf(
  z
    .strictObject({ transactionId: z.string(), ...about, side, amount: money('More than 0.') })
    .meta({ id: 'LedgerEntry', description: 'One posting, on its account.' }),
).meta({ id: 'LedgerEntryList', description: 'Entries of one account in one currency, newest first.' })

const units = (description: string) => z.int().meta({ description: `${description} In minor units.` })

export const trialBalanceQuery = z.object({
  recompute: z.enum(['true', 'false']).default('false').meta({
    description: 'Whether to add up every entry again, and compare: as slow as the ledger is long.',
  }),
})
export const trialBalanceBody = z
  .strictObject({
    balanced: z.boolean().meta({ description: 'Debits are credits in every currency, and the entries say the same.' }),
    currencies: z.array(
      z.strictObject({
        currency,
        debits: units('Σ of all accounts.'),
        credits: units('Σ of all accounts.'),
        recomputed: z
          .boolean()
          .optional()
          .meta({ description: 'The entries, added up again, are the stored balances.' }),
        accounts: z.array(
          z.strictObject({
            account,
            debits: units('Σ of its debits.'),
            credits: units('Σ of its credits.'),
            balance: units('Debits less credits.'),
            entries: z.int().min(0).meta({ description: 'How many there are.' }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'TrialBalance', description: 'What stands on every account.' })
