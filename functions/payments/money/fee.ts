/** What the processor of the test mode keeps of a charge: 2.9 % and 30 hundredths of the main unit, as Stripe's standard price. Pure. */
import { exponentOf } from './currency.ts'

const RATE_PER_MILLE = 29
const FIXED_HUNDREDTHS = 30
const PER_MILLE = 1_000
const HUNDREDTHS_EXPONENT = 2

/** Whole minor units, rounded half up, never more than the amount. */
export function processingFee(amount: number, currency: string): number {
  const share = Math.floor((amount * RATE_PER_MILLE + PER_MILLE / 2) / PER_MILLE)
  const fixed = Math.round(FIXED_HUNDREDTHS * 10 ** (exponentOf(currency) - HUNDREDTHS_EXPONENT))
  return Math.min(amount, share + fixed)
}
