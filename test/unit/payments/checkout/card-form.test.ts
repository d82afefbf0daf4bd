import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { hasCheckDigit, readCard, type TypedCard } from '../../../../functions/payments/checkout/card-form.ts'
import { TEST_CARDS } from '../../../../functions/payments/intents/test-cards.ts'

const NOW = new Date('2026-11-21T12:00:00.000Z')
const TYPED: TypedCard = {
  email: 'ada@example.com',
  number: '4242 4242 4242 4242',
  expiry: '12/34',
  cvc: '123',
  name: '',
}
const faultsOf = (change: Partial<TypedCard>) => {
  const read = readCard({ ...TYPED, ...change }, NOW)
  return read.ok ? [] : Object.keys(read.faults)
}

describe('what was typed on the page', () => {
  it.each(TEST_CARDS.map((card) => [card.name, card] as const))('%s is known by its number', (_, card) => {
    expect(hasCheckDigit(card.number)).toBe(true)
    const spaced = card.number.replaceAll(/(.{4})/g, '$1 ')
    const read = readCard({ ...TYPED, number: spaced, cvc: card.brand === 'amex' ? '1234' : '123' }, NOW)
    expect(read).toMatchObject({ ok: true, card: { number: card.number }, name: null })
  })

  it.each([
    [{ email: 'ada' }, ['email']],
    [{ number: '' }, ['number']],
    [{ number: '4242424242424241' }, ['number']],
    [{ number: '4111111111111111' }, ['number']],
    [{ number: '4242-4242-4242-4242' }, []],
    [{ cvc: '1234' }, ['cvc']],
    [{ cvc: '12a' }, ['cvc']],
    [{ number: '3782 822463 10005' }, ['cvc']],
    [{ number: '3782 822463 10005', cvc: '1234' }, []],
    [{ expiry: '13/30' }, ['expiry']],
    [{ expiry: '10/26' }, ['expiry']],
    [{ expiry: '11/26' }, []],
    [{ expiry: '1 / 2027' }, []],
    [{ expiry: '1127' }, []],
    [{ email: '', number: '', expiry: '', cvc: '' }, ['email', 'number', 'expiry', 'cvc']],
  ])('%j has these faults: %j', (change, faults) => {
    expect(faultsOf(change)).toEqual(faults)
  })

  it('never says a number or a security code back', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^\d{5,19}$/), fc.stringMatching(/^\d{4,9}$/), (number, cvc) => {
        const said = JSON.stringify(readCard({ ...TYPED, number, cvc, expiry: '' }, NOW))
        fc.pre(!'4242 4242 4242 4242'.includes(number) && !'12 / 34'.includes(cvc))
        expect(said.includes(number) || said.includes(cvc)).toBe(false)
      }),
    )
  })

  it('a check digit shows every single wrong digit', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEST_CARDS), fc.nat(11), fc.integer({ min: 1, max: 9 }), ({ number }, at, by) => {
        const digit = (Number(number[at]) + by) % 10
        expect(hasCheckDigit(`${number.slice(0, at)}${digit}${number.slice(at + 1)}`)).toBe(false)
      }),
    )
  })
})
