import { describe, expect, it } from 'vitest'
import type { Operation } from '../../../functions/payments/changes/operation.ts'
import { AUTHORISATION_MS } from '../../../functions/payments/intents/intent.ts'
import {
  authenticateIntent,
  cancelIntent,
  captureIntent,
  confirmIntent,
  createIntent,
  expireAuthorisation,
  type OrderedPayment,
  updateIntent,
} from '../../../functions/payments/intents/operations.ts'
import { createRefund, failRefund, settleRefund } from '../../../functions/payments/intents/refund-operations.ts'
import { CARD, START, WORKSPACE, World } from './payment-world.ts'

const confirmWith =
  (paymentMethod: string, ask = true) =>
  (operation: Operation, payment: OrderedPayment) =>
    confirmIntent(operation, payment, {
      paymentMethod,
      nextAction: ask ? { url: 'https://backlot.example/pay', returnUrl: null } : undefined,
    })
const typesOf = (world: World) => world.events.map(({ type }) => type)

/** Runs and gives what is stored then. */
function stored(world: World, id: string, act: Parameters<World['run']>[1]) {
  const outcome = world.run(id, act)
  return { outcome, ...world.payment(id) }
}

describe('creating an intent', () => {
  it('makes an order of its own', () => {
    const world = new World()
    const { intent, order } = world.payment(world.intent({ description: 'A lamp', receiptEmail: 'a@example.com' }))
    expect(intent).toMatchObject({ status: 'requires_confirmation', orderId: order.id, version: 1 })
    expect(intent.clientSecret).toMatch(new RegExp(`^${intent.id}_secret_[\\w-]{24}$`))
    expect(order).toMatchObject({ status: 'open', amount: 10_000, externalId: intent.id, email: 'a@example.com' })
    expect(typesOf(world)).toEqual(['payment_intent.created'])
  })

  it.each([
    [{ amount: 49 }, 'amount_too_small', 'amount'],
    [{ currency: 'zzz' }, undefined, 'currency'],
    [{ paymentMethod: 'pm_card_none' }, 'resource_missing', 'payment_method'],
  ])('of %j is refused', (input, code, param) => {
    const operation = new World().operation()
    const whole = { amount: 100, currency: 'usd', ...input }
    expect(createIntent(operation, { workspaceId: WORKSPACE, input: whole })).toMatchObject({ ok: false, code, param })
    expect(operation.changes.isEmpty).toBe(true)
  })

  it('keeps its secret out of events', () => {
    const world = new World()
    const id = world.intent()
    world.run(id, confirmWith(CARD))
    const { clientSecret } = world.payment(id).intent
    expect(world.events.every(({ payload }) => !payload.includes(clientSecret))).toBe(true)
  })
})

describe('the price', () => {
  it('of a payment is 16 writes in one transaction, that of a refund 11', () => {
    const world = new World()
    const operation = world.operation()
    const input = { amount: 10_000, currency: 'usd', paymentMethod: CARD }
    const made = createIntent(operation, { workspaceId: WORKSPACE, input })
    if (!made.ok) throw new Error(made.message)
    const paid = confirmIntent(operation, made, {})
    expect(operation.changes.writes().length).toBe(16)
    if (!paid.ok || paid.charge === undefined) throw new Error('expected a charge')
    world.commit(operation.changes)
    const refunding = world.operation()
    createRefund(refunding, { charge: paid.charge, order: paid.order }, {})
    expect(refunding.changes.writes().length).toBe(11)
  })
})

describe('confirming', () => {
  it('with a good card takes the money', () => {
    const world = new World()
    const { intent, charge, order } = stored(world, world.intent(), confirmWith(CARD))
    expect(intent).toMatchObject({ status: 'succeeded', amountReceived: 10_000, latestCharge: charge?.id })
    expect(charge).toMatchObject({
      captured: true,
      amountCaptured: 10_000,
      transactionId: expect.stringMatching(/^txn_/),
    })
    expect(order).toMatchObject({ status: 'paid', paidAt: START.toISOString() })
    expect(typesOf(world)).toEqual([
      'payment_intent.created',
      'order.paid',
      'charge.succeeded',
      'payment_intent.succeeded',
    ])
  })

  it('with a card that is declined leaves a failed charge and asks for another card', () => {
    const world = new World()
    const id = world.intent()
    const { intent, charge, order } = stored(world, id, confirmWith('pm_card_chargeDeclinedInsufficientFunds'))
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      paymentMethod: null,
      lastError: {
        code: 'card_declined',
        declineCode: 'insufficient_funds',
        message: 'Your card has insufficient funds.',
      },
    })
    expect(charge).toMatchObject({ status: 'failed', captured: false, transactionId: null })
    expect(order.status).toBe('open')
    expect(world.ledger.size).toBe(0)
    expect(typesOf(world).slice(1)).toEqual(['charge.failed', 'payment_intent.payment_failed'])
    expect(stored(world, id, confirmWith(CARD)).intent).toMatchObject({ status: 'succeeded', lastError: null })
  })

  it('with a card that asks sends the customer to their bank', () => {
    const world = new World()
    const id = world.intent()
    const asked = stored(world, id, confirmWith('pm_card_authenticationRequired'))
    expect(asked.intent).toMatchObject({
      status: 'requires_action',
      nextAction: { url: 'https://backlot.example/pay' },
    })
    const agreed = stored(world, id, (operation, payment) => authenticateIntent(operation, payment, true))
    expect(agreed.intent).toMatchObject({ status: 'succeeded', nextAction: null })
    expect(world.run(id, (operation, payment) => authenticateIntent(operation, payment, true)).ok).toBe(false)
  })

  it('that the customer denied asks for another card', () => {
    const world = new World()
    const id = world.intent()
    world.run(id, confirmWith('pm_card_authenticationRequired'))
    const { intent, charge } = stored(world, id, (operation, payment) => authenticateIntent(operation, payment, false))
    expect(intent).toMatchObject({
      status: 'requires_payment_method',
      lastError: { code: 'payment_intent_authentication_failure' },
    })
    expect(charge).toBeUndefined()
  })

  it('without the customer at hand declines what would ask', () => {
    const world = new World()
    const { intent } = stored(world, world.intent(), confirmWith('pm_card_authenticationRequired', false))
    expect(intent.lastError?.code).toBe('authentication_required')
  })

  it('without a card is refused', () => {
    const world = new World()
    const id = world.intent({ paymentMethod: null })
    const refused = world.run(id, (operation, payment) => confirmIntent(operation, payment, {}))
    expect(refused).toMatchObject({ ok: false, code: 'parameter_missing', param: 'payment_method' })
  })
})

describe('manual capture', () => {
  const held = () => {
    const world = new World()
    const id = world.intent({ captureMethod: 'manual' })
    world.run(id, confirmWith(CARD))
    return { world, id }
  }
  const captureOf = (amount?: number) => (operation: Operation, payment: OrderedPayment) =>
    captureIntent(operation, payment, amount)

  it('holds the amount, then takes a part of it', () => {
    const { world, id } = held()
    expect(world.payment(id)).toMatchObject({
      intent: { status: 'requires_capture', amountCapturable: 10_000 },
      charge: { captured: false, captureBefore: new Date(START.getTime() + AUTHORISATION_MS).toISOString() },
      order: { status: 'open', authorized: 10_000 },
    })
    expect(world.ledger.size).toBe(0)
    const { intent, charge, order } = stored(world, id, captureOf(4_000))
    expect(intent).toMatchObject({ status: 'succeeded', amountReceived: 4_000, amountCapturable: 0 })
    expect(charge).toMatchObject({ captured: true, amountCaptured: 4_000, captureBefore: null })
    expect(order).toMatchObject({ status: 'paid', captured: 4_000 })
  })

  it.each([
    [0, 'parameter_invalid_integer'],
    [-1, 'parameter_invalid_integer'],
    [10_001, 'amount_too_large'],
  ])('of %i is refused', (amount, code) => {
    const { world, id } = held()
    expect(world.run(id, captureOf(amount))).toMatchObject({ ok: false, code, param: 'amount_to_capture' })
  })

  it('is possible to the last moment of seven days', () => {
    const { world, id } = held()
    world.now = new Date(START.getTime() + AUTHORISATION_MS - 1)
    expect(world.run(id, expireAuthorisation)).toMatchObject({ ok: false, code: 'charge_not_expired' })
    world.now = new Date(START.getTime() + AUTHORISATION_MS)
    expect(world.run(id, captureOf())).toMatchObject({ ok: false, code: 'charge_expired_for_capture' })
    const { intent, charge, order } = stored(world, id, expireAuthorisation)
    expect(intent).toMatchObject({ status: 'canceled', cancellationReason: 'automatic' })
    expect(charge).toMatchObject({ released: true })
    expect(order.status).toBe('canceled')
    expect(typesOf(world).slice(-2)).toEqual(['charge.expired', 'payment_intent.canceled'])
  })

  it('is not possible after it was cancelled, nor the other way round', () => {
    const { world, id } = held()
    world.run(id, (operation, payment) => cancelIntent(operation, payment, 'abandoned'))
    expect(world.run(id, captureOf())).toMatchObject({ ok: false, code: 'payment_intent_unexpected_state' })
    const other = held()
    other.world.run(other.id, captureOf())
    const cancelled = other.world.run(other.id, (operation, payment) => cancelIntent(operation, payment, null))
    expect(cancelled).toMatchObject({ ok: false, code: 'payment_intent_unexpected_state' })
  })
})

describe('updating', () => {
  it('changes what is to be paid as long as nobody was charged', () => {
    const world = new World()
    const id = world.intent()
    const { intent, order } = stored(world, id, (operation, payment) =>
      updateIntent(operation, payment, { amount: 700, metadata: { lamp: 'yes' } }),
    )
    expect(intent).toMatchObject({ amount: 700, metadata: { lamp: 'yes' }, version: 2 })
    expect(order).toMatchObject({ amount: 700 })
    world.run(id, confirmWith(CARD))
    const late = world.run(id, (operation, payment) => updateIntent(operation, payment, { amount: 900 }))
    expect(late).toMatchObject({ ok: false, code: 'payment_intent_unexpected_state' })
    const described = world.run(id, (operation, payment) => updateIntent(operation, payment, { description: 'A lamp' }))
    expect(described.ok).toBe(true)
  })
})

describe('refunds', () => {
  const paid = (paymentMethod = CARD) => {
    const world = new World()
    const id = world.intent({ paymentMethod })
    world.run(id, (operation, payment) => confirmIntent(operation, payment, {}))
    const give = (amount?: number) => {
      const operation = world.operation()
      const { charge, order } = world.payment(id)
      if (charge === undefined) throw new Error('expected a charge')
      const outcome = createRefund(operation, { charge, order }, { amount })
      if (outcome.ok) world.commit(operation.changes)
      return outcome
    }
    return { world, id, give }
  }

  it('give back parts until nothing is left', () => {
    const { world, id, give } = paid()
    expect(give(4_000)).toMatchObject({ ok: true, refund: { status: 'succeeded', amount: 4_000 } })
    expect(give(6_001)).toMatchObject({ ok: false, param: 'amount' })
    expect(give()).toMatchObject({ ok: true, refund: { amount: 6_000 } })
    expect(give()).toMatchObject({ ok: false, code: 'charge_already_refunded' })
    expect(world.payment(id).order.status).toBe('refunded')
    expect(typesOf(world).filter((type) => type.startsWith('order.'))).toEqual([
      'order.paid',
      'order.partially_refunded',
      'order.refunded',
    ])
  })

  it('of a charge that was not captured are refused', () => {
    const world = new World()
    const id = world.intent({ captureMethod: 'manual' })
    world.run(id, confirmWith(CARD))
    const { charge, order } = world.payment(id)
    if (charge === undefined) throw new Error('expected a charge')
    const refused = createRefund(world.operation(), { charge, order }, {})
    expect(refused).toMatchObject({ ok: false, code: 'charge_not_refundable' })
  })

  it('on their way arrive once, or come back', () => {
    const { world, id, give } = paid('pm_card_pendingRefund')
    const made = give(3_000)
    if (!made.ok) throw new Error(made.message)
    expect(made.refund.status).toBe('pending')
    const arriving = world.operation()
    const settled = settleRefund(arriving, made.refund)
    if (!settled.ok) throw new Error(settled.message)
    world.commit(arriving.changes)
    expect(settleRefund(world.operation(), settled.refund).ok).toBe(false)
    const failing = world.operation()
    const { charge = made.charge, order } = world.payment(id)
    const failed = failRefund(failing, { refund: settled.refund, charge, order }, 'expired_or_canceled_card')
    if (!failed.ok) throw new Error(failed.message)
    world.commit(failing.changes)
    expect(failed.refund).toMatchObject({ status: 'failed', failureReason: 'expired_or_canceled_card' })
    expect(world.balance('contra:refunds')).toBe(0)
    expect(world.payment(id)).toMatchObject({ charge: { amountRefunded: 0 }, order: { status: 'paid', refunded: 0 } })
  })
})
