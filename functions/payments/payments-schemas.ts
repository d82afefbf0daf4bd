/** What several routes of the payments API take and show. */
import * as z from 'zod'
import { pageParameters } from '#core/pagination.ts'

export const currency = z
  .string()
  .meta({ description: 'ISO 4217, lower case as on the wire of Stripe.', examples: ['usd'] })

/** @param min of the amount; balances can be below 0 */
export const money = (description: string, min = 0) =>
  z
    .strictObject({
      amount: z
        .int()
        .min(min)
        .meta({ description: 'Minor units: cents of a dollar.', examples: [4200] }),
      currency,
    })
    .meta({ description })

export const paymentsId = (prefix: string, description: string) =>
  z.string().meta({ description, examples: [`${prefix}_01KDVDNA5T9M8F5B6C1D0E2R3Q`] })

export const idParams = z.object({ id: z.string().meta({ description: 'The id of the object.' }) })
export const pageQuery = z.object(pageParameters)
