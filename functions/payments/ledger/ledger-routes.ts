/** The routes of the ledger. It is read here; it is written by what it is about. */
import { answerPage } from '#core/pagination.ts'
import { routeOf } from '#core/route.ts'
import { pageOfRows } from '../objects/listing.ts'
import type { PaymentsServices } from '../payments-services.ts'
import type { LedgerEntry, LedgerTransaction } from './ledger.ts'
import {
  entryListBody,
  entryListQuery,
  entryParams,
  transactionListBody,
  transactionListQuery,
  trialBalanceBody,
  trialBalanceQuery,
} from './ledger-schemas.ts'
import { readTrialBalance } from './read-trial-balance.ts'
import { isBalanced } from './trial-balance.ts'

const route = routeOf<PaymentsServices>()

const PATH = '/api/payments/ledger'

const readBalance = route({
  method: 'GET',
  path: `${PATH}/trial-balance`,
  operationId: 'readTrialBalance',
  summary: 'Read the trial balance',
  description: 'Every account in every currency. The accounts of one currency are read at one moment.',
  permission: 'payments:read',
  query: trialBalanceQuery,
  answers: { 200: { description: 'The balances.', body: trialBalanceBody } },
  async handle({ query, principal }, { ledger }) {
    const currencies = await readTrialBalance(ledger, principal.workspaceId, query.recompute === 'true')
    const wire = currencies.map((each) => ({ ...each, accounts: [...each.accounts] }))
    return { status: 200, body: { balanced: isBalanced(currencies), currencies: wire } }
  },
})

const listTransactions = route({
  method: 'GET',
  path: `${PATH}/transactions`,
  operationId: 'listLedgerTransactions',
  summary: 'List ledger transactions',
  description: 'Newest first. A new one may take a moment to show.',
  permission: 'payments:read',
  query: transactionListQuery,
  answers: { 200: { description: 'A page of transactions.', body: transactionListBody } },
  problems: ['invalid_cursor'],
  async handle({ query, principal }, { objects, cursors }) {
    const { workspaceId } = principal
    const { orderId } = query
    const { items, nextCursor } = await pageOfRows(
      cursors,
      ['listLedgerTransactions', workspaceId, orderId ?? ''],
      query,
      (range) => objects.rows<LedgerTransaction>('ledger', workspaceId, { ...range, ownerId: orderId }),
      ({ at, key }) => ({ createdAt: at, id: key }),
    )
    return { status: 200, body: { items: items.map(transactionView), nextCursor } }
  },
})

const transactionView = ({ id, key, description, orderId, at, postings }: LedgerTransaction) => ({
  ...{ id, key, description, orderId, at },
  postings: postings.map(({ account, side, amount, currency }) => ({ account, side, amount: { amount, currency } })),
})

const entryWire = ({ transactionId, key, description, orderId, at, side, amount }: LedgerEntry, currency: string) => ({
  ...{ transactionId, key, description, orderId, at, side },
  amount: { amount, currency },
})

const listEntries = route({
  method: 'GET',
  path: `${PATH}/accounts/{account}/entries`,
  operationId: 'listLedgerEntries',
  summary: 'List the entries of an account',
  description: 'In one currency, newest first.',
  permission: 'payments:read',
  params: entryParams,
  query: entryListQuery,
  answers: { 200: { description: 'A page of entries.', body: entryListBody } },
  problems: ['invalid_cursor'],
  async handle({ params, query, principal }, { ledger, cursors }) {
    const { workspaceId } = principal
    const { currency } = query
    const scope = ['listLedgerEntries', workspaceId, params.account, currency]
    const body = await answerPage(cursors, scope, query, async (limit, after) => {
      const { items, hasMore } = await ledger.entries(workspaceId, params.account, currency, { limit, after })
      return {
        items: items.map((entry) => entryWire(entry, currency)),
        next: hasMore ? items.at(-1)?.position : undefined,
      }
    })
    return { status: 200, body }
  },
})

export const ledgerRoutes = [readBalance, listTransactions, listEntries]
