/** Amounts are whole minor units; nothing here computes with fractions. Pure. */
import { type Refusal, refuse } from '../changes/refusal.ts'
import { exponentOf, isCurrency, MAX_AMOUNT, minimumOf, stepOf } from './currency.ts'

/** What an amount to be charged must be: whole, in the currency's steps, within its bounds. Undefined when it is. */
export function checkAmount(amount: number, currency: string, param = 'amount'): Refusal | undefined {
  if (!isCurrency(currency)) return refuse(undefined, `Invalid currency: ${currency.slice(0, 10)}`, 'currency')
  if (!Number.isSafeInteger(amount)) return refuse('parameter_invalid_integer', `Invalid integer: ${amount}`, param)
  if (amount > MAX_AMOUNT)
    return refuse('amount_too_large', `Amount must be no more than ${formatMoney(MAX_AMOUNT, currency)}`, param)
  if (amount < minimumOf(currency))
    return refuse('amount_too_small', `Amount must be at least ${formatMoney(minimumOf(currency), currency)}`, param)
  return checkStep(amount, currency, param)
}

/** What a part of a charged amount must be: whole, in the currency's steps, more than nothing. */
export function checkPart(amount: number, currency: string, param = 'amount'): Refusal | undefined {
  if (!Number.isSafeInteger(amount)) return refuse('parameter_invalid_integer', `Invalid integer: ${amount}`, param)
  if (amount < 1) return refuse('parameter_invalid_integer', 'This value must be greater than or equal to 1.', param)
  return checkStep(amount, currency, param)
}

function checkStep(amount: number, currency: string, param: string): Refusal | undefined {
  const step = stepOf(currency)
  if (amount % step === 0) return undefined
  return refuse('invalid_charge_amount', `Amounts in ${currency} must be multiples of ${step}, got ${amount}`, param)
}

/** Minor units as decimal text of the main unit: 4200 of `usd` is `42.00`. Exact, whatever the size. */
export function decimalText(amount: number, currency: string): string {
  const exponent = exponentOf(currency)
  const digits = String(Math.abs(amount)).padStart(exponent + 1, '0')
  const sign = amount < 0 ? '-' : ''
  if (exponent === 0) return `${sign}${digits}`
  return `${sign}${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`
}

const formats = new Map<string, Intl.NumberFormat>()

/** For people: `$42.00`, `¥4,200`, `€1,234.50`. */
export function formatMoney(amount: number, currency: string): string {
  const exponent = exponentOf(currency)
  const format =
    formats.get(currency) ??
    new Intl.NumberFormat('en-US', {
      style: 'currency',
      currency: currency.toUpperCase(),
      minimumFractionDigits: exponent,
      maximumFractionDigits: exponent,
    })
  formats.set(currency, format)
  return format.format(decimalText(amount, currency) as Intl.StringNumericLiteral)
}
