import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE } from '#core/clock.ts'
import { TornReadError } from '../../../functions/payments/changes/changes.ts'
import { applyFact, FACT_KINDS, type Fact, takeBackRefund } from '../../../functions/payments/orders/facts.ts'
import { newOrder, type Order, OWN_SOURCE } from '../../../functions/payments/orders/order.ts'
import { START, WORKSPACE } from './payment-world.ts'

const orderOf = (source: string, amount = 1_000): Order =>
  newOrder({ id: 'ord_1', workspaceId: WORKSPACE, amount, currency: 'usd', source, externalId: 'pay_1' }, START)
/** As it is when the first fact about it comes. */
const elsewhere = orderOf('src_shop', 0)

/** Applies facts one after the other, and adds up what was to be posted. */
function applied(order: Order, facts: readonly Fact[]) {
  let current = order
  const posted = { captured: 0, refunded: 0 }
  for (const fact of facts) {
    const outcome = applyFact(current, fact, START)
    if (!outcome.ok) throw new Error(outcome.reason)
    if (outcome.movement === undefined) continue
    current = outcome.movement.order
    posted.captured += outcome.movement.captured
    posted.refunded += outcome.movement.refunded
  }
  return { order: current, posted }
}

const fact = (kind: Fact['kind'], amount = 0, more: Partial<Fact> = {}): Fact => ({
  kind,
  amount,
  currency: 'usd',
  ...more,
})

describe('facts', () => {
  it('move an order by what is new', () => {
    const { order, posted } = applied(elsewhere, [
      fact('captured', 300),
      fact('captured', 1_000),
      fact('refunded', 400),
    ])
    expect(order).toMatchObject({ status: 'partially_refunded', captured: 1_000, refunded: 400, version: 4 })
    expect(posted).toEqual({ captured: 1_000, refunded: 400 })
  })

  it('that are known already change nothing', () => {
    const { order } = applied(elsewhere, [fact('captured', 1_000)])
    for (const again of [fact('captured', 1_000), fact('captured', 400), fact('authorized', 1_000), fact('created')])
      expect(applyFact(order, again, START)).toEqual({ ok: true, movement: undefined })
  })

  it('of a refund imply what was captured', () => {
    const { order, posted } = applied(elsewhere, [fact('refunded', 400, { captured: 1_000 })])
    expect(order).toMatchObject({ captured: 1_000, refunded: 400, status: 'partially_refunded' })
    expect(posted).toEqual({ captured: 1_000, refunded: 400 })
  })

  it('of money outweigh that the order was given up', () => {
    expect(applied(elsewhere, [fact('canceled')]).order.status).toBe('canceled')
    expect(applied(elsewhere, [fact('canceled'), fact('captured', 1_000)]).order.status).toBe('paid')
    expect(applied(elsewhere, [fact('captured', 1_000), fact('canceled')]).order.status).toBe('paid')
  })

  it.each([
    ['another currency', fact('captured', 1_000, { currency: 'eur' }), 'currency_mismatch'],
    ['more than the order', fact('captured', 1_001), 'amount_mismatch'],
    ['another total', fact('captured', 500, { total: 999 }), 'amount_mismatch'],
    ['a negative amount', fact('captured', -1), 'invalid_amount'],
    ['a fraction', fact('captured', 0.5), 'invalid_amount'],
  ])('of %s are refused for an order of ours', (_, wrong, reason) => {
    expect(applyFact(orderOf(OWN_SOURCE), wrong, START)).toEqual({ ok: false, reason })
  })

  it('keep the latest of what was told, whichever comes first', () => {
    const at = (minute: number) => new Date(START.getTime() + minute * MINUTE).toISOString()
    const early = fact('created', 0, { email: 'old@example.com', at: at(1) })
    const late = fact('captured', 1_000, { email: 'new@example.com', at: at(2) })
    const untimed = fact('created', 0, { email: 'zed@example.com' })
    for (const facts of [
      [early, late, untimed],
      [late, untimed, early],
      [untimed, early, late, early],
    ])
      expect(applied(elsewhere, facts).order).toMatchObject({ email: 'new@example.com', paidAt: at(2) })
  })

  it('of an end by wish outweigh that its time was over', () => {
    for (const kinds of [['expired', 'canceled'] as const, ['canceled', 'expired'] as const])
      expect(
        applied(
          elsewhere,
          kinds.map((kind) => fact(kind)),
        ).order.status,
      ).toBe('canceled')
  })

  it('end the same in every order, however often they come', () => {
    const text = fc.option(fc.constantFrom('ada@example.com', 'bob@example.com', 'cy@example.com'), { nil: undefined })
    const anyFact = fc.record({
      kind: fc.constantFrom(...FACT_KINDS),
      amount: fc.integer({ min: 0, max: 2_000 }),
      currency: fc.constant('usd'),
      at: fc.option(
        fc.integer({ min: -2, max: 2 }).map((hours) => new Date(START.getTime() + hours * HOUR).toISOString()),
        { nil: undefined },
      ),
      captured: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
      total: fc.option(fc.integer({ min: 0, max: 2_000 }), { nil: undefined }),
      email: text,
      description: text,
    })
    const shuffled = fc
      .array(anyFact, { minLength: 1, maxLength: 12 })
      .chain((facts) =>
        fc.tuple(
          fc.shuffledSubarray([...facts, ...facts], { minLength: facts.length * 2 }),
          fc.shuffledSubarray([...facts], { minLength: facts.length }),
        ),
      )
    fc.assert(
      fc.property(shuffled, ([doubled, once]) => {
        const some = applied(elsewhere, doubled)
        const others = applied(elsewhere, once)
        const { version: _a, ...first } = some.order
        const { version: _b, ...second } = others.order
        expect(first).toEqual(second)
        expect(some.posted).toEqual(others.posted)
        expect(some.posted).toEqual({ captured: some.order.captured, refunded: some.order.refunded })
        expect(some.order.refunded).toBeLessThanOrEqual(some.order.captured)
      }),
      { numRuns: 1_000 },
    )
  })

  it('never let an amount fall', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...FACT_KINDS), fc.nat(2_000)), { maxLength: 20 }), (facts) => {
        let order = elsewhere
        for (const [kind, amount] of facts) {
          const outcome = applyFact(order, fact(kind, amount), START)
          if (!outcome.ok || outcome.movement === undefined) continue
          const after = outcome.movement.order
          for (const field of ['authorized', 'captured', 'refunded', 'amount'] as const)
            expect(after[field]).toBeGreaterThanOrEqual(order[field])
          expect(after.version).toBe(order.version + 1)
          order = after
        }
      }),
    )
  })
})

describe('a failed refund', () => {
  it('gives back what it took', () => {
    const { order } = applied(elsewhere, [fact('captured', 1_000), fact('refunded', 1_000)])
    expect(takeBackRefund(order, 1_000, START)).toMatchObject({ status: 'paid', refunded: 0 })
    expect(takeBackRefund(order, 400, START)).toMatchObject({ status: 'partially_refunded', refunded: 600 })
    expect(() => takeBackRefund(order, 1_001, START)).toThrow(TornReadError)
  })
})
