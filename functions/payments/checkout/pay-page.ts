/** The hosted checkout page: what is to be paid, and the form for the card. Pure. */
import { type Html, html } from '#core/html.ts'
import type { RenderedPage } from '#core/page.ts'
import type { PaymentError } from '../intents/intent.ts'
import { formatMoney } from '../money/amount.ts'
import { CARD_FIELDS, type CardFaults, type CardField, type TypedCard } from './card-form.ts'
import { alert, checkoutPage, messagePage, NO_MERCHANT } from './frame.ts'
import { cancelAddress, type Session, type SubmitType, successAddress } from './session.ts'

export interface PayPage {
  readonly merchant: string
  readonly session: Session
  /** Where the form goes: the page's own path. */
  readonly action: string
  /** What was typed before; never the number or the security code. */
  readonly typed?: Partial<TypedCard>
  readonly faults?: CardFaults
  /** Why the last try to pay failed. */
  readonly declined?: PaymentError | undefined
  /** Where the bank still waits for an answer. */
  readonly bank?: string | undefined
}

const VERBS: Readonly<Record<SubmitType, string>> = { auto: 'Pay', pay: 'Pay', book: 'Book', donate: 'Donate' }

export function payPage(page: PayPage): RenderedPage {
  const { session, merchant } = page
  const back = cancelAddress(session)
  const total = formatMoney(session.amount, session.currency)
  const verb = VERBS[session.submitType ?? 'auto']
  return checkoutPage({
    title: page.faults === undefined && page.declined === undefined ? `${verb} ${total}` : `Error: ${verb} ${total}`,
    merchant,
    body: html`<div class="columns">
<section aria-labelledby="due"><h1 id="due">${verb} ${merchant}</h1><p class="amount">${total}</p>
${lineList(session)}
${back !== undefined && html`<p class="more"><a href="${back}" rel="noreferrer">← Back to the shop</a></p>`}</section>
<section class="card" aria-labelledby="with-card"><h2 id="with-card">Pay by card</h2>
${page.declined !== undefined && alert(declineText(page.declined))}
${page.faults !== undefined && alert(faultSummary(page.faults))}
${page.bank !== undefined && html`<p class="notice" role="status">Your bank still waits for your answer. <a href="${page.bank}">Answer your bank</a>, or pay with another card.</p>`}
${cardForm(page, `${verb} ${total}`)}
${TEST_CARD_TABLE}</section></div>`,
  })
}

function lineList({ lines, amount, currency }: Session): Html {
  const money = (value: number) => formatMoney(value, currency)
  return html`<ul class="lines">${lines.map(
    (line) =>
      html`<li><div>${line.description}${
        line.quantity > 1 && html`<small>${line.quantity} × ${money(line.unitAmount)}</small>`
      }</div><span>${money(line.amount)}</span></li>`,
  )}<li class="total"><div>Total due</div><span>${money(amount)}</span></li></ul>`
}

/** Stripe's sentence for a decline is for customers, that for a failed authentication for developers. */
const declineText = ({ type, message }: PaymentError): string =>
  type === 'card_error'
    ? `${message} Nothing was charged: please try again or use another card.`
    : 'Your bank did not confirm the payment. Nothing was charged: please try again or use another card.'

const NAMES: Readonly<Record<CardField, string>> = {
  email: 'email address',
  number: 'card number',
  expiry: 'expiry date',
  cvc: 'security code',
  name: 'name',
}

const faultSummary = (faults: CardFaults): string => {
  const names = CARD_FIELDS.filter((field) => faults[field] !== undefined).map((field) => NAMES[field])
  return `Please check: ${names.join(', ')}. Nothing was charged.`
}

interface Field {
  readonly label: string
  readonly attributes: Html
  readonly hint?: string
}

/** Longer than anything that is right, so that a browser never cuts off what it then sends. */
const FIELDS: Readonly<Record<CardField, Field>> = {
  email: {
    label: 'Email address',
    attributes: html`type="email" autocomplete="email" maxlength="254" required`,
    hint: 'For your receipt.',
  },
  number: {
    label: 'Card number',
    attributes: html`type="text" inputmode="numeric" autocomplete="cc-number" maxlength="30" placeholder="4242 4242 4242 4242" required`,
  },
  expiry: {
    label: 'Expiry date',
    attributes: html`type="text" inputmode="numeric" autocomplete="cc-exp" maxlength="10" placeholder="MM / YY" required`,
  },
  cvc: {
    label: 'Security code',
    attributes: html`type="text" inputmode="numeric" autocomplete="cc-csc" maxlength="4" placeholder="CVC" required`,
  },
  name: { label: 'Name on card (optional)', attributes: html`type="text" autocomplete="cc-name" maxlength="200"` },
}

function cardForm(page: PayPage, submit: string): Html {
  const focused = focusOf(page)
  const field = (name: CardField) => fieldOf(name, page, name === focused)
  return html`<form method="post" action="${page.action}">
${field('email')}
${field('number')}
<div class="pair">${field('expiry')}${field('cvc')}</div>
${field('name')}
<button>${submit}</button></form>`
}

/** After a failure the place where it can be put right; else wherever the browser begins. */
const focusOf = ({ faults, declined }: PayPage): CardField | undefined =>
  declined === undefined ? CARD_FIELDS.find((name) => faults?.[name] !== undefined) : 'number'

function fieldOf(name: CardField, { typed = {}, faults = {}, declined }: PayPage, focused: boolean): Html {
  const { label, attributes, hint } = FIELDS[name]
  const fault = faults[name]
  const described = [
    hint !== undefined && `${name}-hint`,
    fault !== undefined && `${name}-fault`,
    declined !== undefined && name === 'number' && 'alert',
  ].filter((id) => id !== false)
  const value = typed[name]
  return html`<div class="field"><label for="${name}">${label}</label>
<input id="${name}" name="${name}" ${attributes}${value !== undefined && value !== '' && html` value="${value}"`}${
    described.length > 0 && html` aria-describedby="${described.join(' ')}"`
  }${fault !== undefined && html` aria-invalid="true"`}${focused && html` autofocus`}>
${hint !== undefined && html`<p class="hint" id="${name}-hint">${hint}</p>`}${
  fault !== undefined && html`<p class="fault" id="${name}-fault">${fault}</p>`
}</div>`
}

/** Those that people try first; the whole table is in `intents/test-cards.ts`. */
const SHOWN_CARDS = [
  ['Succeeds', '4242 4242 4242 4242'],
  ['Asks the bank (3-D Secure)', '4000 0025 0000 3155'],
  ['Is declined', '4000 0000 0000 0002'],
  ['Has insufficient funds', '4000 0000 0000 9995'],
  ['Has expired', '4000 0000 0000 0069'],
] as const

const TEST_CARD_TABLE = html`<details><summary>Test cards</summary><p>With any date to come and any security code.</p>
<table>${SHOWN_CARDS.map(([what, number]) => html`<tr><th scope="row">${what}</th><td>${number}</td></tr>`)}</table></details>`

/** Seconds: at once. The page is there for browsers that stay, and for shops that do not answer. */
const LEAD_ON_SECONDS = 0

/** @param leadOn right after paying: the browser goes on by itself */
export function paidPage(merchant: string, session: Session, leadOn: boolean): RenderedPage {
  const next = successAddress(session)
  const { body, headers } = messagePage(merchant, {
    title: 'Thank you',
    lead: `Your payment of ${formatMoney(session.amount, session.currency)} ${session.paymentStatus === 'paid' ? 'went through' : 'is authorised'}.`,
    more: html`<a class="button" href="${next}" rel="noreferrer">Continue</a>`,
    good: true,
  })
  return { body, headers: { ...headers, ...(leadOn && refreshTo(next)) } }
}

/** Works without scripts, and unlike a redirect of a form's answer wherever the merchant's own pages lead. */
export const refreshTo = (address: string) => ({
  Refresh: `${LEAD_ON_SECONDS}; url=${URL.parse(address)?.href ?? address}`,
})

export function expiredPage(merchant: string, session: Session): RenderedPage {
  const back = cancelAddress(session)
  return messagePage(merchant, {
    title: 'This checkout has expired',
    lead: 'Nothing was charged. Please start again in the shop.',
    more: back !== undefined && html`<a class="button" href="${back}" rel="noreferrer">Back to the shop</a>`,
  })
}

export const unknownPage = (): RenderedPage =>
  messagePage(NO_MERCHANT, {
    title: 'There is no such checkout',
    lead: 'The address is not complete, or was never given out. Please follow the link of the shop again.',
  })

export const foreignFormPage = (): RenderedPage =>
  messagePage(NO_MERCHANT, {
    title: 'That form is not from this page',
    lead: 'Nothing was charged. Please go back to the shop and start again.',
  })

export const tooManyPage = (): RenderedPage =>
  messagePage(NO_MERCHANT, {
    title: 'Too many tries',
    lead: 'Please wait a minute and try again. Nothing was charged.',
  })
