/**
 * The frame of every page that a function renders: one look, light and dark, and a Content-Security-Policy that allows
 * this page's own style and script by their hashes and nothing else. No page loads anything from elsewhere.
 */
import { createHash } from 'node:crypto'
import { Html, html } from './html.ts'

export interface Page {
  readonly title: string
  /** For search engines and link previews. Without it the page asks not to be indexed. */
  readonly description?: string
  /** CSS behind the shared one. */
  readonly style?: string
  /** Runs once, at the end of the body. */
  readonly script?: string
  readonly body: Html
  /** Where the page's forms may lead, redirects included: `'self'` and origins. @default nowhere */
  readonly formAction?: readonly string[]
}

export interface RenderedPage {
  readonly body: string
  readonly headers: { readonly 'Content-Security-Policy': string; readonly 'Referrer-Policy': string }
}

/** Paper and ink by day, set lights by night. Every text colour has a contrast of 4.5 or more on its ground. */
const STYLE = `
:root{color-scheme:light dark;
--paper:light-dark(#fbf9f5,#171512);--surface:light-dark(#fff,#1f1c18);--sunk:light-dark(#f3efe7,#12100e);
--ink:light-dark(#231f1a,#ede7dc);--muted:light-dark(#6a6257,#a89e8f);--line:light-dark(#e4ddd0,#38332b);
--accent:light-dark(#b03a0c,#ffa25c);--accent-ground:light-dark(#fbe9df,#3a2414);
--sans:ui-sans-serif,system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif;
--mono:ui-monospace,'SF Mono','Cascadia Code',Menlo,Consolas,'DejaVu Sans Mono',monospace}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:1.5rem}
body{margin:0;background:var(--paper);color:var(--ink);font:1rem/1.6 var(--sans);overflow-wrap:break-word}
h1,h2,h3,h4{line-height:1.2;letter-spacing:-.015em;text-wrap:balance;margin:0}
p{margin:0;text-wrap:pretty}
a{color:var(--accent);text-decoration-thickness:1px;text-underline-offset:.2em}
code,pre{font-family:var(--mono);font-size:.875em}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px;border-radius:4px}
.mark{width:1.5em;height:1.5em;flex:none;color:var(--accent)}
`

/** Three flats of a set, one behind the other. */
const MARK_SHAPES =
  '<path d="M3 7l5-2v14H3z" opacity=".45"/><path d="M9.500 5l5-2v16h-5z" opacity=".7"/><path d="M16 3l5-2v18h-5z"/><path d="M2 21h20v1.500H2z"/>'

export const MARK = new Html(
  `<svg class="mark" viewBox="0 0 24 24" fill="currentColor" aria-hidden="true">${MARK_SHAPES}</svg>`,
)

const ICON = `data:image/svg+xml,${encodeURIComponent(
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="#d9541e">${MARK_SHAPES}</svg>`,
)}`

const hashOf = (text: string): string => `'sha256-${createHash('sha256').update(text).digest('base64')}'`

export function renderPage({
  title,
  description,
  style = '',
  script,
  body,
  formAction = ["'none'"],
}: Page): RenderedPage {
  const css = STYLE + style
  const head = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${title}</title>
${description === undefined ? html`<meta name="robots" content="noindex">` : html`<meta name="description" content="${description}">`}
<link rel="icon" href="${ICON}">
<style>${new Html(css)}</style>
</head>`
  const end = script === undefined ? '' : html`<script>${new Html(script)}</script>`
  return {
    body: html`${head}
<body>
${body}
${end === '' ? undefined : end}
</body>
</html>
`.toString(),
    headers: {
      'Content-Security-Policy': contentSecurityPolicy(css, script, formAction),
      // Other sites learn no address of ours. With `no-referrer` browsers would send a form of ours with `Origin: null`
      // (https://fetch.spec.whatwg.org/#append-a-request-origin-header), and it would look like a foreign one.
      'Referrer-Policy': 'same-origin',
    },
  }
}

const contentSecurityPolicy = (css: string, script: string | undefined, formAction: readonly string[]): string =>
  [
    "default-src 'none'",
    `style-src ${hashOf(css)}`,
    ...(script === undefined ? [] : [`script-src ${hashOf(script)}`]),
    'img-src data:',
    "base-uri 'none'",
    `form-action ${formAction.join(' ')}`,
    "frame-ancestors 'none'",
  ].join('; ')
