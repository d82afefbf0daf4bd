/** The page of the test bank: where 3-D Secure asks whether it is really you. Pure. */
import { html } from '#core/html.ts'
import type { RenderedPage } from '#core/page.ts'
import type { Intent } from '../intents/intent.ts'
import { lastFour, testCard } from '../intents/test-cards.ts'
import { formatMoney } from '../money/amount.ts'
import { checkoutPage, messagePage, NO_MERCHANT } from './frame.ts'
import { refreshTo } from './pay-page.ts'

export function bankPage(merchant: string, intent: Intent, action: string): RenderedPage {
  const card = intent.paymentMethod === null ? undefined : testCard(intent.paymentMethod)
  return checkoutPage({
    ...{ title: 'Your bank asks', merchant, narrow: true },
    body: html`<h1>Is this payment yours?</h1><p class="lead">This page stands for your bank (3-D Secure). Nothing is charged before you answer.</p>
<div class="card"><dl><dt>To</dt><dd>${merchant}</dd><dt>Amount</dt><dd>${formatMoney(intent.amount, intent.currency)}</dd>${
      card !== undefined && html`<dt>Card</dt><dd>•••• ${lastFour(card)}</dd>`
    }</dl>
<form method="post" action="${action}"><button name="answer" value="approve">Approve the payment</button><button class="quiet" name="answer" value="fail">Fail the authentication</button></form></div>`,
  })
}

/** After the answer, for an intent without a checkout page. Leads on where the merchant said where. */
export function answeredPage(merchant: string, approved: boolean, next: string | undefined): RenderedPage {
  const { body, headers } = messagePage(merchant, {
    title: approved ? 'Thank you' : 'The payment did not go through',
    lead: approved ? 'Your bank confirmed the payment.' : 'Nothing was charged.',
    more:
      next === undefined
        ? 'You can close this page.'
        : html`<a class="button" href="${next}" rel="noreferrer">Continue</a>`,
    good: approved,
  })
  return { body, headers: { ...headers, ...(next !== undefined && refreshTo(next)) } }
}

/** @param checkout where the payer sees how it ended */
export const nothingToAnswerPage = (checkout?: string): RenderedPage =>
  messagePage(NO_MERCHANT, {
    title: 'Your bank has no question',
    lead: `It was answered already, or another card was tried since. ${checkout === undefined ? 'The shop knows whether it is paid.' : 'The checkout says whether it is paid.'}`,
    more: checkout !== undefined && html`<a class="button" href="${checkout}">See the checkout</a>`,
  })

/** Stripe's parameters of a return address (https://docs.stripe.com/payments/3d-secure/authentication-flow). */
export function returnAddress({ id, clientSecret, nextAction }: Intent, succeeded: boolean): string | undefined {
  const url = nextAction?.returnUrl == null ? null : URL.parse(nextAction.returnUrl)
  if (url === null) return undefined
  url.searchParams.set('payment_intent', id)
  url.searchParams.set('payment_intent_client_secret', clientSecret)
  url.searchParams.set('redirect_status', succeeded ? 'succeeded' : 'failed')
  return url.href
}
