/** `/docs/problems`: every error code, what it means and what to do. Problem documents link here by `type`. Pure. */
import { STATUS_CODES } from 'node:http'
import { type Html, html } from '#core/html.ts'
import { MARK, type RenderedPage, renderPage } from '#core/page.ts'
import { PROBLEMS, type ProblemCode } from '#core/problem.ts'
import { PROBLEM_GUIDE } from '#core/problem-guide.ts'

const STYLE = `
main{max-width:46rem;margin:0 auto;padding:1.5rem 1.25rem 4rem}
.brand{display:inline-flex;align-items:center;gap:.5rem;color:var(--ink);font-weight:700;text-decoration:none}
.brand small{color:var(--muted);font-weight:400}
h1{font-size:clamp(1.75rem,1.5rem + 1.500vw,2.25rem);letter-spacing:-.025em;margin:2.5rem 0 .75rem}
.lead{color:var(--muted);font-size:1.0625rem}
h2{font-size:.75rem;font-weight:650;letter-spacing:.06em;text-transform:uppercase;color:var(--muted);margin:2.75rem 0 .5rem}
article{padding:1.25rem 0;border-top:1px solid var(--line)}
article:target{background:var(--accent-ground);margin:0 -1.25rem;padding:1.25rem;border-radius:10px;border-top-color:transparent}
h3{font:600 1rem var(--mono);letter-spacing:0}
h3 a{color:inherit;text-decoration:none}
h3 a:hover::after{content:' #';color:var(--accent)}
.title{font-weight:600;margin:.25rem 0}
.detail{color:var(--muted);font-size:.9375rem}
.detail code{background:var(--sunk);border:1px solid var(--line);border-radius:4px;padding:.0625rem .3125rem}
.remedy{margin-top:.375rem;font-size:.9375rem}
.meaning{font-size:.9375rem}
`

export function problemsPage(): RenderedPage {
  const byStatus = Map.groupBy(Object.keys(PROBLEMS) as ProblemCode[], (code) => PROBLEMS[code].status)
  return renderPage({
    title: 'Problems of the Backlot API',
    description: 'Every error code of the Backlot API: what it means and what to do.',
    style: STYLE,
    body: html`<main>
<a class="brand" href="/docs">${MARK}Backlot <small>API reference</small></a>
<h1>Problems</h1>
<p class="lead">Every error is answered as <code>application/problem+json</code> (RFC 9457). Its <code>code</code> is one of these and never changes its meaning; its <code>detail</code> is for people and may be worded anew.</p>
${[...byStatus].sort(([a], [b]) => a - b).map(([status, codes]) => statusView(status, codes))}
</main>`,
  })
}

const statusView = (status: number, codes: readonly ProblemCode[]): Html =>
  html`<section aria-labelledby="status-${status}"><h2 id="status-${status}">${status} ${STATUS_CODES[status]}</h2>${codes.map(codeView)}</section>`

function codeView(code: ProblemCode): Html {
  const { meaning, remedy, example } = PROBLEM_GUIDE[code]
  return html`<article id="${code}">
<h3><a href="#${code}">${code}</a></h3>
<p class="title">${PROBLEMS[code].title}.</p>
<p class="meaning">${meaning}</p>
<p class="remedy"><strong>What to do.</strong> ${remedy}</p>
<p class="detail">For example: <code>${example}</code></p>
</article>`
}
