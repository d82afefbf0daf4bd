import { describe, expect, it } from 'vitest'
import { type Body, expanded } from '../../../../functions/payments/stripe/expand.ts'

const OBJECTS: Readonly<Record<string, Body>> = {
  cus_1: { id: 'cus_1', object: 'customer' },
  ch_1: { id: 'ch_1', object: 'charge', payment_intent: 'pi_1', customer: null },
  pi_1: { id: 'pi_1', object: 'payment_intent', customer: 'cus_1', latest_charge: 'ch_1' },
}
const load = {
  object: async (id: string) => OBJECTS[id],
  part: async (_: Body, name: string) => ({ object: 'list', name, data: [{ object: 'refund', charge: 'ch_1' }] }),
}
const expand = (body: Body | undefined, ...paths: string[]) => expanded(body ?? {}, paths, load)

describe('expansion', () => {
  it('puts objects in the place of their ids, along a path', async () => {
    const intent = OBJECTS['pi_1']
    expect(await expand(intent)).toEqual(intent)
    expect(await expand(intent, 'customer', 'latest_charge.payment_intent')).toEqual({
      ...{ ...intent, customer: OBJECTS['cus_1'] },
      latest_charge: { ...OBJECTS['ch_1'], payment_intent: intent },
    })
  })

  it('goes into lists, and shows parts that are only shown on request', async () => {
    const list = { object: 'list', data: [OBJECTS['pi_1'], { object: 'payment_intent', customer: null }] }
    expect(await expand(list, 'data.customer')).toMatchObject({
      data: [{ customer: { id: 'cus_1' } }, { customer: null }],
    })
    expect(await expand(OBJECTS['ch_1'], 'refunds.data.charge')).toMatchObject({
      refunds: { data: [{ charge: { id: 'ch_1' } }] },
    })
  })

  it('leaves an object that is gone as its id, and nothing as nothing', async () => {
    const charge = { object: 'charge', payment_intent: 'pi_gone', customer: null }
    expect(await expand(charge, 'payment_intent', 'customer')).toEqual(charge)
  })

  it.each(['nothing', 'data.customer', 'customer.nothing', 'id', 'latest_charge.payment_intent.customer.x'])(
    '%s leads nowhere',
    async (path) => {
      await expect(expand(OBJECTS['pi_1'], path)).rejects.toMatchObject({ fields: { status: 400, param: 'expand[0]' } })
    },
  )

  it('ends after four levels', async () => {
    const deep = ['latest_charge', 'payment_intent', 'latest_charge', 'payment_intent']
    await expect(expand(OBJECTS['pi_1'], deep.join('.'))).resolves.toBeDefined()
    await expect(expand(OBJECTS['pi_1'], [...deep, 'customer'].join('.'))).rejects.toThrow('more than 4 levels')
  })
})
