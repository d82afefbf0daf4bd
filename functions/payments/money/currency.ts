/**
 * Currencies, their minor units, and the bounds of a charge. https://docs.stripe.com/currencies. Pure.
 *
 * Codes are in lower case, as on Stripe's wire. The exponent says how many digits of an amount stand behind the point.
 */

/** What Stripe presents in cards, beside those with another exponent. */
const TWO_DECIMALS =
  'usd aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bmd bnd bob brl bsd bwp byn bzd cad cdf chf cny cop crc cve ' +
  'czk dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gtq gyd hkd hnl htg huf idr ils inr isk jmd kes kgs khr kyd kzt lak ' +
  'lbp lkr lrd lsl mad mdl mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd pab pen pgk php pkr pln qar ron ' +
  'rsd rub sar sbd scr sek sgd shp sle sos srd std szl thb tjs top try ttd twd tzs uah ugx uyu uzs wst xcd yer zar zmw'
const ZERO_DECIMALS = 'bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf'
const THREE_DECIMALS = 'bhd jod kwd omr tnd'

const EXPONENTS: ReadonlyMap<string, number> = new Map([
  ...TWO_DECIMALS.split(' ').map((code) => [code, 2] as const),
  ...ZERO_DECIMALS.split(' ').map((code) => [code, 0] as const),
  ...THREE_DECIMALS.split(' ').map((code) => [code, 3] as const),
])

/**
 * Amounts come in multiples of this. The krona and the Ugandan shilling have no minor unit any more, but are written with
 * two digits, which are 00; networks know two digits of the currencies with three.
 */
const STEPS: Readonly<Record<string, number>> = { isk: 100, ugx: 100, bhd: 10, jod: 10, kwd: 10, omr: 10, tnd: 10 }

/** Stripe's minimum charges, in minor units; elsewhere the smallest step. https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts */
const MINIMUMS: Readonly<Record<string, number>> = {
  ...{ usd: 50, aed: 200, aud: 50, bgn: 100, brl: 50, cad: 50, chf: 50, czk: 1_500, dkk: 250, eur: 50, gbp: 30 },
  ...{ hkd: 400, huf: 17_500, inr: 50, jpy: 50, mxn: 1_000, myr: 200, nok: 300, nzd: 50, pln: 200, ron: 200 },
  ...{ sek: 300, sgd: 50, thb: 1_000 },
}

export const CURRENCIES = [...EXPONENTS.keys()].sort() as readonly string[]
export const isCurrency = (code: string): boolean => EXPONENTS.has(code)

/** @throws RangeError for a code that `isCurrency` refuses */
export function exponentOf(currency: string): number {
  const exponent = EXPONENTS.get(currency)
  if (exponent === undefined) throw new RangeError(`expected a currency, got ${currency}`)
  return exponent
}
export const stepOf = (currency: string): number => STEPS[currency] ?? 1
export const minimumOf = (currency: string): number => MINIMUMS[currency] ?? stepOf(currency)

/** Stripe: eight digits, whatever the currency. */
export const MAX_AMOUNT = 99_999_999
