/**
 * Test cards: the one table from what a caller sends (`pm_card_…` or a card number) to what then happens. Numbers are only
 * looked up here; what is stored is the name. https://docs.stripe.com/testing. Pure.
 */
import type { PaymentError } from './intent.ts'

export type CardOutcome =
  | { readonly kind: 'succeeds' }
  | { readonly kind: 'declines'; readonly error: PaymentError }
  /** The bank asks its customer first; `ifAgreed` is what happens when they agree. */
  | { readonly kind: 'asks'; readonly ifAgreed: Exclude<CardOutcome, { readonly kind: 'asks' }> }

export type RefundOutcome = 'succeeds' | 'pends' | 'fails'

export interface TestCard {
  /** `pm_card_visa`: what is stored, and shown as the id of the payment method. */
  readonly name: string
  readonly number: string
  readonly brand: 'visa' | 'mastercard' | 'amex' | 'discover' | 'diners' | 'jcb' | 'unionpay'
  readonly funding: 'credit' | 'debit'
  readonly outcome: CardOutcome
  readonly refund: RefundOutcome
}

const SUCCEEDS = { kind: 'succeeds' } as const
const MESSAGES: Readonly<Record<string, string>> = {
  card_declined: 'Your card was declined.',
  insufficient_funds: 'Your card has insufficient funds.',
  expired_card: 'Your card has expired.',
  incorrect_cvc: "Your card's security code is incorrect.",
  processing_error: 'An error occurred while processing your card. Try again in a little bit.',
}

function declines(code: string, declineCode?: string) {
  const message = MESSAGES[declineCode ?? ''] ?? MESSAGES[code] ?? 'Your card was declined.'
  const error: PaymentError = { type: 'card_error', code, message, declineCode: declineCode ?? null }
  return { kind: 'declines', error } as const
}

const card = (
  name: string,
  number: string,
  outcome: CardOutcome = SUCCEEDS,
  rest: Partial<Pick<TestCard, 'brand' | 'funding' | 'refund'>> = {},
): TestCard => ({
  name: `pm_card_${name}`,
  number,
  outcome,
  brand: 'visa',
  funding: 'credit',
  refund: 'succeeds',
  ...rest,
})

export const TEST_CARDS: readonly TestCard[] = [
  card('visa', '4242424242424242'),
  card('visa_debit', '4000056655665556', SUCCEEDS, { funding: 'debit' }),
  card('mastercard', '5555555555554444', SUCCEEDS, { brand: 'mastercard' }),
  card('mastercard_debit', '5200828282828210', SUCCEEDS, { brand: 'mastercard', funding: 'debit' }),
  card('amex', '378282246310005', SUCCEEDS, { brand: 'amex' }),
  card('discover', '6011111111111117', SUCCEEDS, { brand: 'discover' }),
  card('diners', '3056930009020004', SUCCEEDS, { brand: 'diners' }),
  card('jcb', '3566002020360505', SUCCEEDS, { brand: 'jcb' }),
  card('unionpay', '6200000000000005', SUCCEEDS, { brand: 'unionpay' }),
  card('chargeDeclined', '4000000000000002', declines('card_declined', 'generic_decline')),
  card('chargeDeclinedInsufficientFunds', '4000000000009995', declines('card_declined', 'insufficient_funds')),
  card('chargeDeclinedLostCard', '4000000000009987', declines('card_declined', 'lost_card')),
  card('chargeDeclinedStolenCard', '4000000000009979', declines('card_declined', 'stolen_card')),
  card('chargeDeclinedFraudulent', '4100000000000019', declines('card_declined', 'fraudulent')),
  card('chargeDeclinedExpiredCard', '4000000000000069', declines('expired_card')),
  card('chargeDeclinedIncorrectCvc', '4000000000000127', declines('incorrect_cvc')),
  card('chargeDeclinedProcessingError', '4000000000000119', declines('processing_error')),
  card('chargeDeclinedVelocityLimitExceeded', '4000000000006975', declines('card_declined', 'card_velocity_exceeded')),
  card('authenticationRequired', '4000002500003155', { kind: 'asks', ifAgreed: SUCCEEDS }),
  card('authenticationRequiredOnSetup', '4000002760003184', { kind: 'asks', ifAgreed: SUCCEEDS }),
  card('threeDSecure2Required', '4000000000003220', { kind: 'asks', ifAgreed: SUCCEEDS }),
  card('threeDSecureRequiredChargeDeclined', '4000008400001629', {
    kind: 'asks',
    ifAgreed: declines('card_declined', 'generic_decline'),
  }),
  card('authenticationRequiredChargeDeclinedInsufficientFunds', '4000008260003178', {
    kind: 'asks',
    ifAgreed: declines('card_declined', 'insufficient_funds'),
  }),
  card('pendingRefund', '4000000000007726', SUCCEEDS, { refund: 'pends' }),
  card('refundFail', '4000000000005126', SUCCEEDS, { refund: 'fails' }),
]

const BY_NAME = new Map(TEST_CARDS.map((each) => [each.name, each]))
// A number that two names have is the later one's.
const BY_NUMBER = new Map(TEST_CARDS.map((each) => [each.number, each]))

/** By the name that is stored and sent as `payment_method`. */
export const testCard = (name: string): TestCard | undefined => BY_NAME.get(name)

/** By the number that somebody typed, spaces and hyphens allowed. */
export const testCardByNumber = (number: string): TestCard | undefined => BY_NUMBER.get(number.replaceAll(/[\s-]/g, ''))

const LAST = 4
export const lastFour = ({ number }: TestCard): string => number.slice(-LAST)
