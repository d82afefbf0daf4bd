/** What ends by itself, and what races with it: every order of reads and writes of the clock and of those who pay or capture. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HOUR } from '#core/clock.ts'
import { pay } from '../../../../functions/payments/checkout/pay.ts'
import type { Session } from '../../../../functions/payments/checkout/session.ts'
import { openSession } from '../../../../functions/payments/checkout/session-operations.ts'
import { expireDueAuthorisation, expireDueSession } from '../../../../functions/payments/clock/expire.ts'
import { AUTHORISATION_MS, type Charge, type Intent } from '../../../../functions/payments/intents/intent.ts'
import { cancelIntent, captureIntent, confirmIntent } from '../../../../functions/payments/intents/operations.ts'
import { loadPayment } from '../../../../functions/payments/intents/payments.store.ts'
import type { Order } from '../../../../functions/payments/orders/order.ts'
import { CARD, START, WORKSPACE, World } from '../payment-world.ts'

type Pause = () => Promise<unknown>

const END = new Date(START.getTime() + HOUR)
const LATER = new Date(START.getTime() + AUTHORISATION_MS)
const just = (before: Date) => new Date(before.getTime() - 1)
const typesOf = (world: World) => world.events.map(({ type }) => type)

function sessionIn(world: World, captureMethod: 'automatic' | 'manual' = 'automatic'): string {
  const operation = world.operation()
  const id = operation.ids('cs_test')
  const at = START.toISOString()
  const session: Session = {
    ...{ id, workspaceId: WORKSPACE, kind: 'checkout.session', version: 1, createdAt: at, updatedAt: at },
    ...{ status: 'open', paymentStatus: 'unpaid', currency: 'usd', amount: 10_000, lines: [] },
    ...{ orderId: operation.ids('ord'), intentId: null, customer: null, customerEmail: null, paidBy: null },
    ...{
      clientReferenceId: null,
      metadata: {},
      successUrl: 'https://shop.example/',
      cancelUrl: null,
      submitType: null,
    },
    ...{ expiresAt: END.toISOString(), url: 'https://pay.example/pay/x', captureMethod, description: null },
    ...{ receiptEmail: null, intentMetadata: {} },
  }
  openSession(operation, session)
  world.commit(operation.changes)
  return id
}

const servicesOf = (world: World, pause?: Pause) => {
  const { ids, random } = world.operation()
  return { ...world.stores(pause), ids, random, traceparent: '' }
}
const ref = (id: string) => ({ workspaceId: WORKSPACE, id })
const causeAt = (now: Date) => ({ now, requestId: null, idempotencyKey: null, traceparent: '' })

function paying(world: World, sessionId: string, now: Date, paymentMethod = CARD, pause?: Pause) {
  const pages = { ofAuthentication: async () => 'https://pay.example/pay/authenticate/x' }
  const services = { ...servicesOf(world, pause), pages } as unknown as Parameters<typeof pay>[0]
  const payer = { email: 'ada@example.com', name: null, paymentMethod }
  return pay(services, { workspaceId: WORKSPACE, sessionId }, payer, causeAt(now))
}

function authorised(world: World): { readonly intentId: string; readonly chargeId: string } {
  const intentId = world.intent({ captureMethod: 'manual' })
  world.run(intentId, (operation, payment) => confirmIntent(operation, payment, {}))
  return { intentId, chargeId: world.payment(intentId).charge?.id ?? '' }
}

describe('a checkout session', () => {
  it('ends at its time, not before, with its event and its order', async () => {
    const world = new World()
    const id = sessionIn(world)
    expect(await expireDueSession(ref(id), servicesOf(world), just(END))).toEqual({})
    expect(await expireDueSession(ref(id), servicesOf(world), END)).toEqual({ expiredSessions: 1 })
    expect(await expireDueSession(ref(id), servicesOf(world), END)).toEqual({})
    const { status, orderId } = world.object<Session>(id)
    expect([status, world.object<Order>(orderId).status]).toEqual(['expired', 'expired'])
    expect(typesOf(world)).toEqual(['order.expired', 'checkout.session.expired'])
  })

  it('whose card was declined takes its intent along; no authorisation ended with it', async () => {
    const world = new World()
    const id = sessionIn(world)
    await paying(world, id, START, 'pm_card_chargeDeclined')
    await expireDueSession(ref(id), servicesOf(world), END)
    const intent = world.object<Intent>(world.object<Session>(id).intentId ?? '')
    expect(intent).toMatchObject({ status: 'canceled', cancellationReason: 'automatic' })
    expect(typesOf(world)).not.toContain('charge.expired')
    expect(typesOf(world).slice(-3)).toEqual(['payment_intent.canceled', 'order.expired', 'checkout.session.expired'])
  })

  it('is paid or ends, never both, whoever reads and writes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = new World()
        const id = sessionIn(world)
        const pause = () => scheduler.schedule(Promise.resolve())
        const all = Promise.all([
          paying(world, id, just(END), CARD, pause),
          expireDueSession(ref(id), servicesOf(world, pause), END),
          expireDueSession(ref(id), servicesOf(world, pause), END),
          paying(world, id, END, CARD, pause),
        ])
        await scheduler.waitFor(all)
        const session = world.object<Session>(id)
        const order = world.object<Order>(session.orderId)
        const paid = session.status === 'complete'
        expect([session.paymentStatus, order.status]).toEqual(paid ? ['paid', 'paid'] : ['unpaid', 'expired'])
        const ends = typesOf(world).filter((type) => type.startsWith('checkout.session.'))
        expect(ends).toEqual([`checkout.session.${paid ? 'completed' : 'expired'}`])
        expect(world.balance('revenue:sales')).toBe(paid ? -10_000 : 0)
        expect(world.of<Charge>('charge')).toHaveLength(paid ? 1 : 0)
      }),
      { numRuns: 200 },
    )
  })
})

describe('an authorisation', () => {
  it('of a session that is complete closes its order too', async () => {
    const world = new World()
    const id = sessionIn(world, 'manual')
    await paying(world, id, START)
    const session = world.object<Session>(id)
    const chargeId = world.object<Intent>(session.intentId ?? '').latestCharge ?? ''
    expect(await expireDueAuthorisation(ref(chargeId), servicesOf(world), just(LATER))).toEqual({})
    expect(await expireDueAuthorisation(ref(chargeId), servicesOf(world), LATER)).toEqual({ expiredAuthorisations: 1 })
    expect(world.object<Intent>(session.intentId ?? '')).toMatchObject({
      ...{ status: 'canceled', cancellationReason: 'automatic', amountCapturable: 0 },
    })
    expect(world.object<Order>(session.orderId).status).toBe('canceled')
    expect(world.object<Session>(id).status).toBe('complete')
  })

  it('is captured, cancelled or ends, one of the three, whoever reads and writes first', async () => {
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), async (scheduler) => {
        const world = new World()
        const { intentId, chargeId } = authorised(world)
        const pause = () => scheduler.schedule(Promise.resolve())
        const { objects, changes } = world.stores(pause)
        const moving = (act: 'capture' | 'cancel') =>
          changes.settle(async (collected) => {
            const payment = await loadPayment(objects, WORKSPACE, intentId)
            if (payment === undefined) throw new Error('expected a payment')
            const operation = { ...world.operation(), changes: collected, cause: causeAt(just(LATER)) }
            return act === 'capture'
              ? captureIntent(operation, payment, undefined)
              : cancelIntent(operation, payment, 'abandoned')
          })
        const expiring = () => expireDueAuthorisation(ref(chargeId), servicesOf(world, pause), LATER)
        const all = Promise.all([moving('capture'), expiring(), moving('cancel'), expiring()])
        const outcomes = await scheduler.waitFor(all)
        const won = outcomes.filter((outcome) => ('ok' in outcome ? outcome.ok : outcome.expiredAuthorisations === 1))
        expect(won).toHaveLength(1)
        const { intent, charge, order } = world.payment(intentId)
        const captured = intent.status === 'succeeded'
        expect([order.status, charge?.released]).toEqual(captured ? ['paid', false] : ['canceled', true])
        expect(world.balance('revenue:sales')).toBe(captured ? -10_000 : 0)
        const ends = typesOf(world).filter((type) => /^payment_intent\.(succeeded|canceled)$/.test(type))
        expect(ends).toEqual([`payment_intent.${intent.status}`])
      }),
      { numRuns: 200 },
    )
  })
})
