/** The parameters of a price, wherever one is made: by itself, with its product, or in a checkout session's line. */
import * as z from 'zod'
import type { Operation } from '../../changes/operation.ts'
import { checkPart } from '../../money/amount.ts'
import { isCurrency, MAX_AMOUNT } from '../../money/currency.ts'
import { newObject } from '../object-changes.ts'
import { boolean, changedMetadata, integer, metadata, text } from '../parameters.ts'
import { refusalFields, StripeError } from '../stripe-error.ts'
import type { Price } from './price.ts'

/** ISO 4217 in any case. */
export const currency = z
  .string()
  .transform((code) => code.toLowerCase())
  .refine(isCurrency, { error: 'must be one of https://docs.stripe.com/currencies' })

const MAX_LOOKUP_KEY = 200

export const priceFields = {
  currency,
  unit_amount: integer(0, MAX_AMOUNT),
  active: boolean.optional(),
  nickname: text().optional(),
  lookup_key: text(MAX_LOOKUP_KEY).optional(),
  metadata: metadata.optional(),
}

/** Without what says which product it is of. */
export const priceData = z.strictObject({
  currency,
  unit_amount: integer(0, MAX_AMOUNT),
  metadata: metadata.optional(),
})

type PriceParameters = z.output<z.ZodObject<typeof priceFields>>

interface PriceOf extends PriceParameters {
  readonly product: string
  readonly workspaceId: string
}

/** Throws 400 for an amount that the currency does not have. */
export function newPrice(
  operation: Pick<Operation, 'ids' | 'cause'>,
  { workspaceId, product, ...params }: PriceOf,
): Price {
  const refusal = params.unit_amount === 0 ? undefined : checkPart(params.unit_amount, params.currency, 'unit_amount')
  if (refusal !== undefined) throw new StripeError(refusalFields(refusal))
  return newObject<Price>(operation, {
    ...{ kind: 'price', workspaceId, product, ownerId: product, active: params.active ?? true },
    ...{ currency: params.currency, unitAmount: params.unit_amount },
    ...{ nickname: params.nickname ?? null, lookupKey: params.lookup_key ?? null },
    metadata: changedMetadata({}, params.metadata),
  })
}
