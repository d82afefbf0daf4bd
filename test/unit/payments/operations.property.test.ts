import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TornReadError } from '../../../functions/payments/changes/changes.ts'
import type { Operation } from '../../../functions/payments/changes/operation.ts'
import type { Charge } from '../../../functions/payments/intents/intent.ts'
import {
  authenticateIntent,
  cancelIntent,
  captureIntent,
  confirmIntent,
} from '../../../functions/payments/intents/operations.ts'
import { createRefund, failRefund, settleRefund } from '../../../functions/payments/intents/refund-operations.ts'
import { TEST_CARDS } from '../../../functions/payments/intents/test-cards.ts'
import { ACCOUNT_NAMES } from '../../../functions/payments/ledger/ledger.ts'
import { processingFee } from '../../../functions/payments/money/fee.ts'
import { World } from './payment-world.ts'

const AMOUNT = 10_000

type Command =
  | { readonly kind: 'confirm'; readonly card: string; readonly ask: boolean }
  | { readonly kind: 'authenticate'; readonly agreed: boolean }
  | { readonly kind: 'capture'; readonly amount: number | undefined }
  | { readonly kind: 'cancel' }
  | { readonly kind: 'refund'; readonly amount: number | undefined }
  | { readonly kind: 'failRefund'; readonly index: number }
  | { readonly kind: 'settleRefund'; readonly index: number }

const part = fc.option(fc.integer({ min: -1, max: AMOUNT + 1 }), { nil: undefined })
const cards = [...TEST_CARDS.map(({ name }) => name), 'pm_card_unknown']
const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('confirm' as const), card: fc.constantFrom(...cards), ask: fc.boolean() }),
  },
  fc.record({ kind: fc.constant('authenticate' as const), agreed: fc.boolean() }),
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('capture' as const), amount: part }) },
  fc.record({ kind: fc.constant('cancel' as const) }),
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('refund' as const), amount: part }) },
  fc.record({ kind: fc.constant('failRefund' as const), index: fc.nat(5) }),
  fc.record({ kind: fc.constant('settleRefund' as const), index: fc.nat(5) }),
)

/** Decides on what is stored at this moment; the changes are written later, or never. */
function decided(
  world: World,
  intentId: string,
  wanted: Command,
  payment = world.payment(intentId),
): Operation | undefined {
  const operation = world.operation()
  const { charge, order } = payment
  const act = (): { readonly ok: boolean } | undefined => {
    switch (wanted.kind) {
      case 'confirm': {
        const nextAction = wanted.ask ? { url: 'https://backlot.example/pay', returnUrl: null } : undefined
        return confirmIntent(operation, payment, { paymentMethod: wanted.card, nextAction })
      }
      case 'authenticate':
        return authenticateIntent(operation, payment, wanted.agreed)
      case 'capture':
        return captureIntent(operation, payment, wanted.amount)
      case 'cancel':
        return cancelIntent(operation, payment, null)
      case 'refund':
        return charge && createRefund(operation, { charge, order }, { amount: wanted.amount })
      case 'failRefund': {
        const refund = charge && world.refundsOf(charge.id)[wanted.index]
        return refund && failRefund(operation, { refund, charge, order }, 'unknown')
      }
      case 'settleRefund': {
        const refund = charge && world.refundsOf(charge.id)[wanted.index]
        return refund && settleRefund(operation, refund)
      }
    }
  }
  try {
    return act()?.ok ? operation : undefined
  } catch (error) {
    if (error instanceof TornReadError) return undefined
    throw error
  }
}

function expectInvariants(world: World, intentId: string): void {
  const { intent, order } = world.payment(intentId)
  const charges = world.of<Charge>('charge')
  const captured = charges.reduce((sum, charge) => sum + charge.amountCaptured, 0)
  const refunds = charges.flatMap(({ id }) => world.refundsOf(id))
  const given = refunds.filter(({ status }) => status !== 'failed').reduce((sum, { amount }) => sum + amount, 0)
  expect(captured).toBeLessThanOrEqual(AMOUNT)
  expect(given).toBeLessThanOrEqual(captured)
  expect(charges.reduce((sum, { amountRefunded }) => sum + amountRefunded, 0)).toBe(given)
  expect(intent.amountReceived).toBe(captured)
  expect({ captured: order.captured, refunded: order.refunded }).toEqual({ captured, refunded: given })
  expect(charges.filter(({ status }) => status === 'succeeded').length).toBeLessThanOrEqual(1)
  expectLedger(world, captured, given)
  expectEvents(world)
}

function expectLedger(world: World, captured: number, given: number): void {
  const fee = captured === 0 ? 0 : processingFee(captured, 'usd')
  expect(ACCOUNT_NAMES.reduce((sum, account) => sum + world.balance(account), 0)).toBe(0)
  expect(world.balance('assets:processor')).toBe(captured - given - fee)
  expect(world.balance('revenue:sales') + captured).toBe(0)
  expect(world.balance('contra:refunds')).toBe(given)
  expect(world.balance('expenses:fees')).toBe(fee)
}

/** In the order of their making, the versions of one object never fall. */
function expectEvents(world: World): void {
  const last = new Map<string, number>()
  for (const { objectId, sequence } of world.events) {
    expect(sequence).toBeGreaterThanOrEqual(last.get(objectId) ?? 0)
    last.set(objectId, sequence)
  }
}

describe('a payment', { timeout: 30_000 }, () => {
  it('adds up after any commands, whatever two of them decided on the same state', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('automatic' as const, 'manual' as const),
        fc.array(fc.tuple(command, fc.option(command, { nil: undefined })), { maxLength: 25 }),
        (captureMethod, pairs) => {
          const world = new World()
          const id = world.intent({ amount: AMOUNT, captureMethod })
          for (const [first, second] of pairs) {
            // Both are decided before either is written.
            const operations = [first, second].flatMap((each) => (each && decided(world, id, each)) ?? [])
            for (const { changes } of operations) world.commit(changes)
            expectInvariants(world, id)
          }
        },
      ),
      { numRuns: 200 },
    )
  })

  it('adds up when somebody wrote between the reads of its objects', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('automatic' as const, 'manual' as const),
        fc.array(fc.tuple(command, command), { maxLength: 25 }),
        (captureMethod, pairs) => {
          const world = new World()
          const id = world.intent({ amount: AMOUNT, captureMethod })
          for (const [first, second] of pairs) {
            const { intent, charge } = world.payment(id)
            const other = decided(world, id, first)
            if (other !== undefined) world.commit(other.changes)
            const torn = decided(world, id, second, { intent, charge, order: world.payment(id).order })
            if (torn !== undefined) world.commit(torn.changes)
            expectInvariants(world, id)
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  it('never leaves an end', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const world = new World()
        const id = world.intent({ amount: AMOUNT, captureMethod: 'manual' })
        let end: string | undefined
        for (const each of commands) {
          const operation = decided(world, id, each)
          if (operation !== undefined) world.commit(operation.changes)
          const { status } = world.payment(id).intent
          if (end !== undefined) expect(status).toBe(end)
          if (status === 'succeeded' || status === 'canceled') end = status
        }
      }),
    )
  })

  it('raises the version of its intent with every change', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 30 }), (commands) => {
        const world = new World()
        const id = world.intent()
        for (const each of commands) {
          const before = world.payment(id).intent
          const operation = decided(world, id, each)
          if (operation !== undefined) world.commit(operation.changes)
          const after = world.payment(id).intent
          const same = JSON.stringify(before) === JSON.stringify(after)
          expect(after.version).toBe(before.version + (same ? 0 : 1))
        }
      }),
    )
  })
})
