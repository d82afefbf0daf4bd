/** Whatever the order and however often messages come: orders and ledger are what the largest amounts say. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { applyFact } from '../../../../functions/payments/orders/facts.ts'
import { newOrder } from '../../../../functions/payments/orders/order.ts'
import { readMessage } from '../../../../functions/payments/webhooks/in/read-message.ts'
import { expectedOrders, paymentEvents, type SentEvent } from '../../../chaos/payment-events.ts'

const NOW = new Date('2026-11-21T12:00:00.000Z')
const bytesOf = (message: unknown) => ({ body: Buffer.from(JSON.stringify(message)) })

/** What becomes of each payment when its events come in this order; `posted` is what the ledger would be told. */
function outcome(events: readonly SentEvent[]) {
  const orders = new Map<string, { order: ReturnType<typeof newOrder>; captured: number; refunded: number }>()
  for (const event of events) {
    const told = readMessage('stripe', bytesOf(event))
    if (told.kind !== 'fact') continue
    const { externalId, fact } = told
    const made = { id: 'ord_1', workspaceId: 'wsp_1', currency: 'usd', source: 'src_1', externalId }
    const known = orders.get(externalId) ?? {
      order: newOrder({ ...made, amount: fact.total ?? fact.amount }, NOW),
      captured: 0,
      refunded: 0,
    }
    const applied = applyFact(known.order, fact, NOW)
    if (!applied.ok) throw new Error(applied.reason)
    const { movement } = applied
    orders.set(externalId, {
      order: movement?.order ?? known.order,
      captured: known.captured + (movement?.captured ?? 0),
      refunded: known.refunded + (movement?.refunded ?? 0),
    })
  }
  return orders
}

describe('webhooks of Stripe', () => {
  it('in any order, any number of times, come to the model', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), fc.infiniteStream(fc.nat()), (count, draws) => {
        const events = paymentEvents(count, 'run')
        const deck = [...events, ...events].map((event) => ({ event, at: draws.next().value ?? 0 }))
        const order = deck.toSorted((a, b) => a.at - b.at).map(({ event }) => event)
        const got = outcome(order)
        const expected = expectedOrders(events)
        expect(new Set(got.keys())).toEqual(new Set(expected.keys()))
        for (const [payment, { captured, refunded, status }] of expected) {
          const found = got.get(payment)
          expect(found?.order).toMatchObject({ captured, refunded, status })
          expect([found?.captured, found?.refunded]).toEqual([captured, refunded])
        }
      }),
    )
  })

  it('without one of them never come to more', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 40 }), fc.nat(), (count, lost) => {
        const events = paymentEvents(count, 'run')
        const some = events.filter((_, index) => index !== lost % count)
        for (const [payment, { order }] of outcome(some)) {
          const { captured = 0, refunded = 0 } = expectedOrders(events).get(payment) ?? {}
          expect(order.captured).toBeLessThanOrEqual(captured)
          expect(order.refunded).toBeLessThanOrEqual(refunded)
        }
      }),
    )
  })
})

describe('reading a message', () => {
  const intent = { id: 'pi_1', amount: 500, currency: 'usd', amount_received: 500 }
  const stripeMessage = (over: object) => ({ type: 'payment_intent.succeeded', data: { object: intent }, ...over })

  it.each([
    ['what is no JSON', Buffer.from('{'), { kind: 'unreadable', reason: 'malformed_body' }],
    ['what is no UTF-8', Buffer.from([0x22, 0xff, 0x22]), { kind: 'unreadable', reason: 'malformed_body' }],
    ['a text', Buffer.from('"x"'), { kind: 'unreadable', reason: 'malformed_body' }],
    ['another type', bytesOf(stripeMessage({ type: 'toString' })).body, { kind: 'nothing' }],
    ['live mode', bytesOf(stripeMessage({ livemode: true })).body, { kind: 'unreadable', reason: 'live_mode' }],
    [
      'half a cent',
      bytesOf(stripeMessage({ data: { object: { ...intent, amount_received: 0.5 } } })).body,
      { kind: 'unreadable', reason: 'malformed_body' },
    ],
    [
      'less than nothing',
      bytesOf(stripeMessage({ data: { object: { ...intent, amount: -1 } } })).body,
      { kind: 'unreadable', reason: 'malformed_body' },
    ],
    [
      'more than a number holds',
      Buffer.from(
        '{"type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","currency":"usd","amount":9007199254740993}}}',
      ),
      { kind: 'unreadable', reason: 'malformed_body' },
    ],
  ])('of Stripe: %s', (_, body, told) => {
    expect(readMessage('stripe', { body })).toEqual(told)
  })

  it('of Stripe: a session that is paid, and one that will be', () => {
    const session = { id: 'cs_1', payment_intent: 'pi_1', payment_status: 'paid', amount_total: 500, currency: 'usd' }
    const of = (over: object) =>
      readMessage('stripe', bytesOf({ type: 'checkout.session.completed', data: { object: { ...session, ...over } } }))
    expect(of({})).toMatchObject({ kind: 'fact', externalId: 'pi_1', fact: { kind: 'captured', amount: 500 } })
    expect(of({ payment_status: 'unpaid' })).toEqual({ kind: 'nothing' })
  })

  const money = (amount: number, currency = 'EUR') => ({ amount, currency })
  it.each([
    ['payment.captured', { payment: '7', amount: money(5) }, { kind: 'captured', amount: 5, currency: 'eur' }],
    ['payment.created', { payment: '7', amount: money(5) }, { kind: 'created', amount: 0, total: 5 }],
    [
      'payment.refunded',
      { payment: '7', amount: money(2), captured: money(5) },
      { kind: 'refunded', amount: 2, captured: 5 },
    ],
    [
      'order.paid',
      { id: '7', amount: money(5), captured: money(5), refunded: money(0) },
      { kind: 'captured', amount: 5, total: 5 },
    ],
    [
      'order.refunded',
      { id: '7', amount: money(5), captured: money(5), refunded: money(5) },
      { kind: 'refunded', amount: 5, captured: 5 },
    ],
  ])('of Standard Webhooks: %s', (type, data, fact) => {
    expect(readMessage('standard-webhooks', bytesOf({ type, data }))).toMatchObject({
      kind: 'fact',
      externalId: '7',
      fact,
    })
  })

  it('of Standard Webhooks: two currencies in one message', () => {
    const data = { payment: '7', amount: money(2), captured: money(5, 'USD') }
    expect(readMessage('standard-webhooks', bytesOf({ type: 'payment.refunded', data }))).toMatchObject({
      kind: 'unreadable',
    })
  })
})
