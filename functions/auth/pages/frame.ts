/** What every page of this service looks like. No script: everything works by links and forms. Pure. */
import { type Html, type HtmlValue, html } from '#core/html.ts'
import { MARK, type RenderedPage, renderPage } from '#core/page.ts'

const STYLE = `
body{display:grid;min-height:100vh;grid-template-rows:auto 1fr}
header{padding:1.25rem 1.5rem}
.brand{display:inline-flex;align-items:center;gap:.5rem;color:var(--ink);font-weight:700;text-decoration:none}
main{width:min(100% - 2.5rem,25rem);margin:clamp(1rem,8vh,6rem) auto 4rem}
main.wide{width:min(100% - 2.5rem,44rem);margin-top:2rem}
h1{font-size:1.75rem;letter-spacing:-.025em;margin-bottom:.5rem}
h2{font-size:1.125rem;margin:2.5rem 0 .75rem}
.lead{color:var(--muted);margin-bottom:1.5rem}
form{display:grid;gap:1rem}
form.inline{display:inline}
.field{display:grid;gap:.375rem}
label{font-weight:600;font-size:.9375rem}
.hint{color:var(--muted);font-size:.875rem}
input[type=text],input[type=email],input[type=password]{font:inherit;color:inherit;background:var(--surface);border:1px solid var(--field);border-radius:8px;padding:.625rem .75rem;width:100%}
input:focus-visible{outline-offset:0}
input[aria-invalid=true]{border-color:var(--fault)}
:root{--field:light-dark(#8d8475,#7d7365);--fault:light-dark(#b3261e,#ff8f85);--fault-ground:light-dark(#fdecea,#3b1512);--good-ground:light-dark(#e8f3e6,#16301a)}
.fault{color:var(--fault);font-size:.875rem}
h1+.notice{margin-top:1rem}
h1+form{margin-top:1.25rem}
main.wide form>button{justify-self:start}
.choices{display:flex;flex-wrap:wrap;gap:.75rem;margin-top:1.5rem}
.choices form{display:block}
.choices button,.choices button.quiet{padding:.625rem 1.125rem;font-size:1rem}
.notice{border-radius:8px;padding:.75rem 1rem;margin-bottom:1.25rem;background:var(--good-ground)}
.notice.bad{background:var(--fault-ground)}
button{font:inherit;font-weight:600;cursor:pointer;border-radius:8px;padding:.625rem 1.125rem;border:1px solid transparent;background:var(--accent);color:light-dark(#fff,#231304)}
button.quiet{background:none;border-color:var(--field);color:var(--ink);font-weight:500;padding:.375rem .75rem;font-size:.9375rem}
.more{margin-top:1.5rem;color:var(--muted);font-size:.9375rem;display:grid;gap:.375rem}
ul.list{list-style:none;margin:0;padding:0;border:1px solid var(--line);border-radius:10px;background:var(--surface)}
ul.list>li{display:flex;gap:.25rem 1rem;align-items:center;justify-content:space-between;padding:.875rem 1rem;flex-wrap:wrap}
ul.list>li+li{border-top:1px solid var(--line)}
ul.list p+p{color:var(--muted);font-size:.875rem}
ul.list div{min-width:0}
.tag{font-size:.75rem;font-weight:600;border:1px solid var(--line);background:var(--sunk);border-radius:99px;padding:.0625rem .5rem;white-space:nowrap}
`

export interface AuthPage {
  readonly title: string
  readonly body: Html
  readonly wide?: boolean
  /** The page is there again because something was wrong: said first to whoever hears its title. */
  readonly fault?: boolean
  /** Origins beside our own where a form of the page may end, by redirects. */
  readonly leadsTo?: readonly string[]
}

export const authPage = ({ title, body, wide = false, fault = false, leadsTo = [] }: AuthPage): RenderedPage =>
  renderPage({
    title: `${fault ? 'Error: ' : ''}${title} · Backlot`,
    style: STYLE,
    formAction: ["'self'", ...leadsTo],
    body: html`<header><a class="brand" href="/auth/account">${MARK}Backlot</a></header>
<main${wide && html` class="wide"`}>
${body}
</main>`,
  })

/** Read out at once, because the page is there because of it; fields point to it by its id. */
export const ALERT_ID = 'alert'
export const alert = (text: HtmlValue): Html => html`<p class="notice bad" role="alert" id="${ALERT_ID}">${text}</p>`
export const notice = (text: HtmlValue): Html => html`<p class="notice" role="status">${text}</p>`

export interface Field {
  readonly name: string
  readonly label: string
  readonly type: 'text' | 'email' | 'password'
  readonly autocomplete: string
  readonly value?: string
  readonly hint?: string
  readonly fault?: string | undefined
  readonly maxLength?: number
  /** The page's alert is about it. */
  readonly alerted?: boolean
}

/** What is wrong has the focus, with what is wrong as its description. */
export function field({ name, label, type, autocomplete, value, hint, fault, maxLength = 254, alerted }: Field): Html {
  const described = [hint && `${name}-hint`, fault && `${name}-fault`, alerted && ALERT_ID].filter(Boolean).join(' ')
  return html`<div class="field"><label for="${name}">${label}</label>
${hint && html`<p class="hint" id="${name}-hint">${hint}</p>`}
<input id="${name}" name="${name}" type="${type}" autocomplete="${autocomplete}" maxlength="${maxLength}" required${
    value !== undefined && html` value="${value}"`
  }${described !== '' && html` aria-describedby="${described}"`}${(fault || alerted) && html` aria-invalid="true" autofocus`}>
${fault && html`<p class="fault" id="${name}-fault">${fault}</p>`}</div>`
}

export const hidden = (name: string, value: string): Html => html`<input type="hidden" name="${name}" value="${value}">`

export interface Form {
  readonly action: string
  readonly token: string
  readonly fields: HtmlValue
  readonly submit: string
  readonly quiet?: boolean
}

export const form = ({ action, token, fields, submit, quiet = false }: Form): Html =>
  html`<form method="post" action="${action}"${quiet && html` class="inline"`}>${hidden('form', token)}${fields}<button${
    quiet && html` class="quiet"`
  }>${submit}</button></form>`

/** A page that only says something. */
export const messagePage = (title: string, lead: HtmlValue, more?: HtmlValue): RenderedPage =>
  authPage({
    title,
    body: html`<h1>${title}</h1><p class="lead">${lead}</p>${more && html`<div class="more">${more}</div>`}`,
  })
