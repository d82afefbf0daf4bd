/**
 * The form of the hosted page: what was typed, what is wrong with it, and which test card it is. A card's number is only
 * looked up: it is neither kept, nor logged, nor shown again. Pure.
 */
import { type TestCard, testCardByNumber } from '../intents/test-cards.ts'

export interface TypedCard {
  readonly email: string
  readonly number: string
  /** `MM / YY`. */
  readonly expiry: string
  readonly cvc: string
  readonly name: string
}

export const CARD_FIELDS = ['email', 'number', 'expiry', 'cvc', 'name'] as const
export type CardField = (typeof CARD_FIELDS)[number]

/** For each wrong field a sentence for whoever typed it. */
export type CardFaults = Readonly<Partial<Record<CardField, string>>>

export type ReadCard =
  | { readonly ok: true; readonly card: TestCard; readonly email: string; readonly name: string | null }
  | { readonly ok: false; readonly faults: CardFaults }

const EMAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
/** ISO/IEC 7812 has at most 19 digits, the shortest cards in use 12. */
const NUMBER = /^\d{12,19}$/
const EXPIRY = /^(0?[1-9]|1[0-2])\s*[/.-]?\s*(?:20)?(\d{2})$/
const CENTURY = 2_000
/** American Express prints four digits, all others three. */
const AMEX_CVC_DIGITS = 4
const CVC_DIGITS = 3

export function readCard(typed: TypedCard, now: Date): ReadCard {
  const number = typed.number.replaceAll(/[\s-]/g, '')
  const card = testCardByNumber(number)
  const email = typed.email.trim()
  const faults: CardFaults = {
    ...(!EMAIL.test(email) && { email: 'Please type an address like name@example.com.' }),
    ...numberFault(number, card),
    ...expiryFault(typed.expiry, now),
    ...cvcFault(typed.cvc, card),
  }
  if (card === undefined || Object.keys(faults).length > 0) return { ok: false, faults }
  return { ok: true, card, email, name: typed.name.trim() || null }
}

function numberFault(number: string, card: TestCard | undefined): CardFaults {
  if (number === '') return { number: 'Please type the card number.' }
  if (!NUMBER.test(number) || !hasCheckDigit(number))
    return { number: 'Your card number is invalid. Please check its digits.' }
  if (card !== undefined) return {}
  return { number: 'This is test mode, which takes test cards only: try 4242 4242 4242 4242.' }
}

function expiryFault(expiry: string, now: Date): CardFaults {
  const [, month, year] = EXPIRY.exec(expiry.trim()) ?? []
  if (month === undefined || year === undefined) return { expiry: 'Please type month and year, like 12 / 34.' }
  // A card is good until its month is over everywhere on earth; months count from 0, so this is the next one's first day.
  const end = Date.UTC(CENTURY + Number(year), Number(month), 1)
  return end <= now.getTime() ? { expiry: 'Your card has expired.' } : {}
}

function cvcFault(cvc: string, card: TestCard | undefined): CardFaults {
  const digits = card?.brand === 'amex' ? AMEX_CVC_DIGITS : CVC_DIGITS
  const typed = cvc.trim()
  const fits =
    /^\d+$/.test(typed) && (typed.length === digits || (card === undefined && typed.length === AMEX_CVC_DIGITS))
  return fits ? {} : { cvc: `Please type the ${digits} digits of the security code.` }
}

/** ISO/IEC 7812-1, annex B: the formula of Luhn. */
export function hasCheckDigit(number: string): boolean {
  const sum = number
    .split('')
    .toReversed()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 0 ? 1 : 2)
      return total + (value > 9 ? value - 9 : value)
    }, 0)
  return sum % 10 === 0
}
