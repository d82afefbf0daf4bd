/** The inbox of a local cloud as pages. Pure. */
import { html } from '#core/html.ts'
import { MARK, type RenderedPage, renderPage } from '#core/page.ts'

export interface ReceivedMail {
  readonly id: string
  readonly from: string
  readonly to: string[]
  readonly subject: string
  readonly text: string
  readonly html: string
  /** RFC 3339, UTC. */
  readonly sentAt: string
}

const STYLE = `
main{max-width:56rem;margin:0 auto;padding:2.5rem 1.25rem 4rem}
header{display:flex;align-items:center;gap:.6rem;margin-bottom:1.75rem}
h1{font-size:1.5rem}
.lead{color:var(--muted);margin-bottom:1.5rem}
ol{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:10px;background:var(--surface);overflow:hidden}
li+li{border-top:1px solid var(--line)}
details>summary{display:grid;gap:.15rem 1rem;padding:.8rem 1rem;cursor:pointer;list-style:none}
@media (min-width:40rem){details>summary{grid-template-columns:minmax(0,1fr) auto}}
details>summary:hover{background:var(--sunk)}
details[open]>summary{border-bottom:1px solid var(--line)}
summary *{min-width:0}
summary span,summary time{color:var(--muted);font-size:.875rem}
.mail{padding:1rem}
.mail pre{white-space:pre-wrap;margin:0 0 1rem;font-size:.875rem}
.empty{padding:2rem 1rem;color:var(--muted);text-align:center;border:1px dashed var(--line);border-radius:10px}
`

/** All mails, newest first, each with its text and a way to its HTML. */
export function inboxPage(mails: readonly ReceivedMail[]): RenderedPage {
  const items = mails.map(
    (mail, index) => html`<li><details${index === 0 ? html` open` : ''}>
<summary><strong>${mail.subject}</strong><time datetime="${mail.sentAt}">${timeOf(mail)}</time><span>to ${mail.to.join(', ')}</span></summary>
<div class="mail"><pre>${linked(mail.text)}</pre>${mail.html === '' ? '' : html`<a href="/inbox/${encodeURIComponent(mail.id)}">Show as HTML</a>`}</div>
</details></li>`,
  )
  return renderPage({
    title: 'Inbox',
    style: STYLE,
    body: html`<main>
<header>${MARK}<h1>Inbox</h1></header>
<p class="lead">Every mail that this local cloud would have sent. Nothing leaves the machine.</p>
${mails.length === 0 ? html`<p class="empty">No mail yet.</p>` : html`<ol>${items}</ol>`}
</main>`,
  })
}

const timeOf = ({ sentAt }: ReceivedMail): string => `${sentAt.slice(0, 10)} ${sentAt.slice(11, 19)} UTC`

const LINK = /(https?:\/\/[^\s<>"]+)/

/** Addresses of the web become links: most mails are there to be clicked. Every second part of the split is one. */
const linked = (text: string) =>
  text.split(LINK).map((part, index) => (index % 2 === 1 ? html`<a href="${part}">${part}</a>` : part))

/**
 * What a mail's own HTML may do on our origin: look like itself and be clicked. It is shown as if from an origin of its
 * own, so that it can read nothing of ours.
 */
export const MAIL_POLICY =
  "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation; default-src 'none'; " +
  "style-src 'unsafe-inline'; img-src data: https:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
