/** What every hosted page looks like. No script: everything works by links and forms. Pure. */
import { type Html, type HtmlValue, html } from '#core/html.ts'
import { type RenderedPage, renderPage } from '#core/page.ts'

const STYLE = `
:root{--field:light-dark(#8d8475,#7d7365);--fault:light-dark(#b3261e,#ff8f85);--fault-ground:light-dark(#fdecea,#3b1512);--good:light-dark(#256029,#8fd694);--good-ground:light-dark(#e8f3e6,#16301a)}
body{min-height:100vh;display:grid;grid-template-rows:auto 1fr auto}
header,footer{padding:1.125rem 1.25rem;display:flex;gap:.75rem;align-items:center;justify-content:space-between}
header strong{font-size:1.0625rem;letter-spacing:-.01em;min-width:0;overflow-wrap:anywhere}
footer{color:var(--muted);font-size:.875rem;justify-content:center}
.badge{flex:none;font-size:.75rem;font-weight:700;letter-spacing:.03em;border-radius:99px;padding:.125rem .625rem;background:var(--accent-ground);color:var(--accent)}
main{width:min(100% - 2.5rem,58rem);margin:clamp(1rem,5vh,3.5rem) auto 3rem}
main.narrow{width:min(100% - 2.5rem,27rem)}
.columns{display:grid;gap:2rem;grid-template-columns:minmax(0,1fr)}
@media (min-width:52rem){.columns{grid-template-columns:minmax(0,5fr) minmax(0,6fr);gap:4rem;align-items:start}}
h1{font-size:1.0625rem;font-weight:600;color:var(--muted);letter-spacing:0}
main.narrow h1{font-size:1.75rem;font-weight:700;letter-spacing:-.025em;color:var(--ink);margin-bottom:.5rem}
.amount{font-size:clamp(2.25rem,7vw,3rem);font-weight:700;letter-spacing:-.035em;line-height:1.15;margin:.25rem 0 1.5rem;font-variant-numeric:tabular-nums;overflow-wrap:anywhere}
.lines{list-style:none;margin:0;padding:0;border-top:1px solid var(--line)}
.lines li{display:flex;gap:1rem;justify-content:space-between;padding:.75rem 0;border-bottom:1px solid var(--line)}
.lines div{min-width:0}
.lines small{display:block;color:var(--muted);font-size:.875rem}
.lines span{flex:none;font-variant-numeric:tabular-nums}
.lines .total{font-weight:700;border-bottom:0}
.card{background:var(--surface);border:1px solid var(--line);border-radius:14px;padding:clamp(1.125rem,4vw,1.75rem)}
h2{font-size:1.125rem;margin-bottom:1rem}
form{display:grid;gap:1rem}
.pair{display:grid;gap:1rem;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));align-items:start}
.field{display:grid;gap:.375rem}
label{font-weight:600;font-size:.9375rem}
.hint{color:var(--muted);font-size:.875rem}
input{font:inherit;color:inherit;background:var(--paper);border:1px solid var(--field);border-radius:8px;padding:.625rem .75rem;width:100%;min-height:2.875rem}
input::placeholder{color:var(--muted);opacity:1}
input:focus-visible{outline-offset:0}
input[aria-invalid=true]{border-color:var(--fault);border-width:2px}
.fault{color:var(--fault);font-size:.875rem}
.notice{border-radius:8px;padding:.75rem 1rem;margin-bottom:1.25rem;background:var(--good-ground)}
.notice.bad{background:var(--fault-ground)}
button,.button{font:inherit;font-weight:650;cursor:pointer;text-align:center;text-decoration:none;border-radius:8px;padding:.75rem 1.125rem;min-height:3rem;border:1px solid transparent;background:var(--accent);color:light-dark(#fff,#231304)}
.button{display:inline-block}
button.quiet{background:none;border-color:var(--field);color:var(--ink)}
.lead{color:var(--muted);margin-bottom:1.5rem}
.more{margin-top:1.25rem;color:var(--muted);font-size:.9375rem}
details{margin-top:1.25rem;font-size:.875rem;color:var(--muted)}
summary{cursor:pointer;font-weight:600}
table{border-collapse:collapse;width:100%;margin-top:.5rem}
th{text-align:left;font-weight:500;padding:.25rem .75rem .25rem 0}
td{text-align:right;padding:.25rem 0;font-family:var(--mono);white-space:nowrap}
dl{display:grid;grid-template-columns:auto 1fr;gap:.5rem 1.5rem;margin:0 0 1.5rem}
dt{color:var(--muted)}dd{margin:0;text-align:right;font-weight:600;overflow-wrap:anywhere;min-width:0}
.mark-good{width:3rem;height:3rem;border-radius:50%;display:grid;place-items:center;background:var(--good-ground);color:var(--good);font-size:1.5rem;margin-bottom:1.25rem}
`

export interface CheckoutPage {
  readonly title: string
  /** Who is paid. */
  readonly merchant: string
  readonly body: Html
  readonly narrow?: boolean
}

export const checkoutPage = ({ title, merchant, body, narrow = false }: CheckoutPage): RenderedPage =>
  renderPage({
    title: `${title} · ${merchant}`,
    style: STYLE,
    // Forms end on pages of ours, which then lead on: a merchant's own redirects would break a list of origins.
    formAction: ["'self'"],
    body: html`<header><strong>${merchant}</strong><span class="badge">TEST MODE</span></header>
<main${narrow && html` class="narrow"`}>
${body}
</main>
<footer>Payments by Backlot. No real money moves.</footer>`,
  })

/** Read out at once, because the page is there because of it. */
export const alert = (text: HtmlValue): Html => html`<p class="notice bad" role="alert" id="alert">${text}</p>`

/** A page that says one thing. */
export const messagePage = (
  merchant: string,
  {
    title,
    lead,
    more,
    good = false,
  }: { readonly title: string; readonly lead: HtmlValue; readonly more?: HtmlValue; readonly good?: boolean },
): RenderedPage =>
  checkoutPage({
    ...{ title, merchant, narrow: true },
    body: html`${good && html`<div class="mark-good" aria-hidden="true">✓</div>`}<h1>${title}</h1><p class="lead">${lead}</p>${more && html`<p>${more}</p>`}`,
  })

/** Of a page that belongs to no workspace that we know. */
export const NO_MERCHANT = 'Backlot'
