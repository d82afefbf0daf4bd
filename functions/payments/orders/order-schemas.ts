/** Orders as the API shows them. */
import * as z from 'zod'
import { pageOf, pageParameters } from '#core/pagination.ts'
import { timestamp } from '#core/timestamp.ts'
import { money, paymentsId } from '../payments-schemas.ts'
import { ORDER_STATUSES } from './order.ts'

export const orderLine = z.strictObject({
  description: z.string(),
  quantity: z.int().min(1),
  unitAmount: money('Of one.'),
  amount: money('What the line adds to the order.'),
})

export const orderSchema = z
  .strictObject({
    id: paymentsId('ord', 'Sorts by the time the order was made.'),
    object: z.literal('order'),
    status: z.enum(ORDER_STATUSES).meta({
      description:
        '`open`: nothing was taken yet. `paid`, `partially_refunded` and `refunded` follow the amounts. `canceled` and ' +
        '`expired` are ends without money.',
    }),
    amount: money('What is to be paid.'),
    authorized: money('Held or taken, so far.'),
    captured: money('Taken, so far.'),
    refunded: money('Given back or on its way back, so far.'),
    email: z.string().nullable().meta({ description: 'Where the receipt goes.' }),
    customer: z.string().nullable().meta({ description: 'The customer, if it is known.' }),
    description: z.string().nullable(),
    lines: z.array(orderLine),
    source: z.string().meta({ description: '`backlot`, or the id of the webhook source that told of it.' }),
    externalId: z
      .string()
      .meta({ description: 'Of the checkout session, the payment intent, or the payment elsewhere.' }),
    version: z.int().min(1),
    createdAt: timestamp('When it was made, or first heard of.'),
    updatedAt: timestamp('When anything of it last changed.'),
    paidAt: timestamp('When money was first taken.').nullable(),
  })
  .meta({ id: 'Order', description: 'What somebody wants to pay, or paid.' })

export const orderListBody = pageOf(orderSchema).meta({ id: 'OrderList', description: 'Orders, newest first.' })
export const orderListQuery = z.object({
  ...pageParameters,
  externalId: z
    .string()
    .min(1)
    .max(255)
    .optional()
    .meta({ description: 'Only those of this session, payment intent or payment elsewhere.' }),
})
