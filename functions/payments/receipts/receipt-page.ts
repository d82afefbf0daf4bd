/** A receipt for people: as a page, and as a mail in text and HTML. Pure. */
import { type Html, html } from '#core/html.ts'
import { type RenderedPage, renderPage } from '#core/page.ts'
import { formatMoney } from '../money/amount.ts'
import type { Receipt } from './receipt.ts'

const PAGE_STYLE = `
main{width:min(100% - 2rem,38rem);margin:clamp(1rem,6vh,3rem) auto;padding:clamp(1.125rem,5vw,2rem);background:var(--surface);border:1px solid var(--line);border-radius:12px}
dl{display:grid;grid-template-columns:auto minmax(0,1fr);gap:.25rem 1.5rem;margin:1.5rem 0;color:var(--muted)}dd{margin:0;color:var(--ink);overflow-wrap:anywhere}
table{width:100%;border-collapse:collapse}th,td{text-align:start;padding:.6rem 0;vertical-align:top;overflow-wrap:anywhere;border-block-end:1px solid var(--line)}
th:not(:first-child),td:not(:first-child){text-align:end;padding-inline-start:.75rem;white-space:nowrap;font-variant-numeric:tabular-nums}tfoot td,tfoot th{border:0;font-weight:600}
`

const day = (at: string): string => at.slice(0, 'YYYY-MM-DD'.length)

export const receiptPage = (receipt: Receipt): RenderedPage =>
  renderPage({
    title: `Receipt ${receipt.number}`,
    style: PAGE_STYLE,
    body: html`<main><h1>Receipt ${receipt.number}</h1>${details(receipt)}${lines(receipt)}</main>`,
  })

const details = (receipt: Receipt): Html =>
  html`<dl>${facts(receipt).map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`

const facts = ({
  workspaceName,
  paidAt,
  orderId,
  email,
  externalId,
}: Receipt): readonly (readonly [string, string])[] => [
  ['From', workspaceName],
  ...(email === null ? [] : [['To', email] as const]),
  ['Paid on', day(paidAt)],
  ['Order', orderId],
  ['Payment', externalId],
]

function lines({ lines: all, currency, amount }: Receipt): Html {
  const rows = all.map(
    (line) =>
      html`<tr><td>${line.description}</td><td>${line.quantity}</td><td>${formatMoney(line.amount, currency)}</td></tr>`,
  )
  const head = html`<thead><tr><th scope="col">Item</th><th scope="col">Quantity</th><th scope="col">Amount</th></tr></thead>`
  const foot = html`<tfoot><tr><th scope="row" colspan="2">Paid</th><td>${formatMoney(amount, currency)}</td></tr></tfoot>`
  return html`<table>${head}<tbody>${rows}</tbody>${foot}</table>`
}

export interface ReceiptMail {
  readonly subject: string
  readonly text: string
  readonly html: string
}

const MAIL_STYLE = 'font:16px/1.6 system-ui,sans-serif;max-width:34em;margin:0 auto;padding:24px'
const TABLE_STYLE = 'width:100%;border-collapse:collapse;text-align:left'

export function receiptMail(receipt: Receipt): ReceiptMail {
  const { number, workspaceName, lines: all, currency, amount } = receipt
  const paid = formatMoney(amount, currency)
  const intro = `${workspaceName} received your payment of ${paid}. This is your receipt.`
  const rows = all.map(
    ({ description, quantity, amount: sum }) => `${quantity} × ${description}: ${formatMoney(sum, currency)}`,
  )
  const text = [intro, ...rows, `Paid: ${paid}`, ...facts(receipt).map(([name, value]) => `${name}: ${value}`)]
  // A subject is one line.
  const subject = `Receipt ${number} from ${workspaceName}`.replace(/\p{Cc}/gu, ' ')
  const body = html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1"><title>${subject}</title></head><body style="${MAIL_STYLE}"><h1>Receipt ${number}</h1><p>${intro}</p><table style="${TABLE_STYLE}">${all.map(
    (line) =>
      html`<tr><td>${line.quantity} × ${line.description}</td><td style="text-align:right">${formatMoney(line.amount, currency)}</td></tr>`,
  )}<tr><th>Paid</th><th style="text-align:right">${paid}</th></tr></table><p style="color:#6a6257">${facts(receipt).map(([name, value]) => html`${name}: ${value}<br>`)}</p></body></html>`
  return { subject, text: `${text.join('\n')}\n`, html: body.toString() }
}
