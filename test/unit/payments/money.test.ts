import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { allocate } from '../../../functions/payments/money/allocation.ts'
import { checkAmount, checkPart, decimalText, formatMoney } from '../../../functions/payments/money/amount.ts'
import { CURRENCIES, exponentOf, MAX_AMOUNT, minimumOf, stepOf } from '../../../functions/payments/money/currency.ts'
import { processingFee } from '../../../functions/payments/money/fee.ts'

const currency = fc.constantFrom(...CURRENCIES)

describe('currencies', () => {
  it.each([
    ['usd', 2],
    ['jpy', 0],
    ['krw', 0],
    ['xof', 0],
    ['kwd', 3],
    ['tnd', 3],
    ['huf', 2],
    // Without minor units for years, and still written with two digits.
    ['isk', 2],
    ['ugx', 2],
  ])('%s has %i digits behind the point', (code, digits) => {
    expect(exponentOf(code)).toBe(digits)
  })

  it('are known by their code in lower case only', () => {
    for (const code of ['USD', 'xxx', '', 'us', '__proto__']) expect(() => exponentOf(code)).toThrow(RangeError)
    expect(new Set(CURRENCIES).size).toBe(CURRENCIES.length)
    expect(CURRENCIES.every((code) => /^[a-z]{3}$/.test(code))).toBe(true)
  })
})

describe('an amount', () => {
  it.each([
    [50, 'usd', undefined],
    [49, 'usd', 'amount_too_small'],
    [0, 'usd', 'amount_too_small'],
    [-1, 'usd', 'amount_too_small'],
    [99_999_999, 'usd', undefined],
    [100_000_000, 'usd', 'amount_too_large'],
    [0.5, 'usd', 'parameter_invalid_integer'],
    [Number.NaN, 'usd', 'parameter_invalid_integer'],
    [2 ** 53, 'usd', 'parameter_invalid_integer'],
    [50, 'jpy', undefined],
    [1_000, 'kwd', undefined],
    [1_005, 'kwd', 'invalid_charge_amount'],
    [200, 'isk', undefined],
    [250, 'isk', 'invalid_charge_amount'],
    [17_499, 'huf', 'amount_too_small'],
  ])('of %d %s is refused with %s', (amount, code, refusal) => {
    expect(checkAmount(amount, code)?.code).toBe(refusal)
  })

  it('in no currency is refused', () => {
    expect(checkAmount(100, 'zzz')).toMatchObject({ param: 'currency' })
  })

  it('of a part is whole, in steps, and more than nothing', () => {
    expect(checkPart(1, 'usd')).toBeUndefined()
    expect(checkPart(0, 'usd')?.code).toBe('parameter_invalid_integer')
    expect(checkPart(1.5, 'usd')?.code).toBe('parameter_invalid_integer')
    expect(checkPart(15, 'bhd')?.code).toBe('invalid_charge_amount')
  })

  it('has bounds that it can meet, in every currency', () => {
    for (const code of CURRENCIES) {
      expect(checkAmount(minimumOf(code), code)).toBeUndefined()
      expect(minimumOf(code) % stepOf(code)).toBe(0)
    }
  })
})

describe('for people', () => {
  it.each([
    [4_200, 'usd', '$42.00'],
    [5, 'usd', '$0.05'],
    [4_200, 'jpy', '¥4,200'],
    [123_450, 'eur', '€1,234.50'],
    [-100, 'usd', '-$1.00'],
    [1_234, 'kwd', 'KWD 1.234'],
  ])('%d of %s is %s', (amount, code, text) => {
    expect(formatMoney(amount, code).replaceAll('\u00a0', ' ')).toBe(text)
  })

  it('the text says exactly the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: -MAX_AMOUNT, max: MAX_AMOUNT }), currency, (amount, code) => {
        const text = decimalText(amount, code)
        expect(BigInt(text.replace('.', ''))).toBe(BigInt(amount))
        expect(text.split('.')[1]?.length ?? 0).toBe(exponentOf(code))
      }),
    )
  })
})

describe('the fee', () => {
  it.each([
    [10_000, 'usd', 320],
    [100, 'usd', 33],
    [50, 'usd', 31],
    [1_000, 'jpy', 29],
    [10_000, 'kwd', 590],
    [20, 'usd', 20],
  ])('of %d %s is %d', (amount, code, fee) => {
    expect(processingFee(amount, code)).toBe(fee)
  })

  it('is whole, never below nothing, never above the amount', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_AMOUNT }), currency, (amount, code) => {
        const fee = processingFee(amount, code)
        expect(Number.isSafeInteger(fee) && fee >= 0 && fee <= amount).toBe(true)
      }),
    )
  })
})

describe('allocation', () => {
  it.each([
    [100, [1, 1, 1], [34, 33, 33]],
    [5, [3, 7], [2, 3]],
    [0, [1, 2], [0, 0]],
    [10, [0, 1], [0, 10]],
    [101, [50, 50], [51, 50]],
  ])('%d by %j is %j', (total, weights, parts) => {
    expect(allocate(total, weights)).toEqual(parts)
  })

  it('loses nothing, and is never a whole unit away from the exact share', () => {
    const weights = fc
      .array(fc.integer({ min: 0, max: MAX_AMOUNT }), { minLength: 1, maxLength: 20 })
      .filter((all) => all.some((weight) => weight > 0))
    fc.assert(
      fc.property(fc.integer({ min: 0, max: MAX_AMOUNT }), weights, (total, all) => {
        const parts = allocate(total, all)
        expect(parts.reduce((sum, part) => sum + part, 0)).toBe(total)
        const sum = all.reduce((whole, weight) => whole + BigInt(weight), 0n)
        for (const [index, part] of parts.entries()) {
          const exact = BigInt(total) * BigInt(all[index] ?? 0)
          const off = BigInt(part) * sum - exact
          expect(off > -sum && off < sum).toBe(true)
        }
      }),
    )
  })

  it.each([
    ['no weights', 5, []],
    ['weights of nothing', 5, [0, 0]],
    ['a negative weight', 5, [1, -1]],
    ['a negative total', -5, [1]],
    ['a fraction', 0.5, [1]],
  ])('refuses %s', (_, total, weights) => {
    expect(() => allocate(total, weights)).toThrow(RangeError)
  })
})
