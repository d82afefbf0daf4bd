/** The pages that visitors meet instead of a redirect. Static: nothing from a request gets into them. Pure. */
import { html } from '#core/html.ts'
import { MARK, type RenderedPage, renderPage } from '#core/page.ts'

const TEXTS = {
  home: [
    'Short links live here',
    'Put the name of a link behind this address to follow it.',
    html`To make links, see the <a href="/docs">API reference</a>.`,
  ],
  not_found: [
    'There is no such link',
    'The address may have been mistyped or cut off. Capital letters make no difference.',
    'If someone sent it to you, ask them for the whole link.',
  ],
  link_gone: ['This link was deleted', 'Whoever made it has taken it down, so it no longer leads anywhere.'],
  method_not_allowed: ['Links can only be followed', 'This address answers to GET and HEAD.'],
  internal_error: ['Something went wrong on our side', 'The link may well be fine. Please try again in a while.'],
  dependency_unavailable: [
    'This link can’t be looked up right now',
    'It may well be fine. Please try again in a few seconds.',
  ],
} as const

export type PageName = keyof typeof TEXTS

const STYLE = `
body{min-height:100vh;display:grid;place-content:center;padding:2rem}
main{max-width:34rem;display:grid;gap:1rem}
h1{font-size:2rem}
`

const rendered = new Map<PageName, RenderedPage>()

/** Rendered at first use: a cold start that redirects pays nothing for them. */
export function pageOf(name: PageName): RenderedPage {
  const known = rendered.get(name)
  if (known !== undefined) return known
  const [title, ...paragraphs] = TEXTS[name]
  const page = renderPage({
    title,
    style: STYLE,
    body: html`<main>${MARK}<h1>${title}</h1>${paragraphs.map((text) => html`<p>${text}</p>`)}</main>`,
  })
  rendered.set(name, page)
  return page
}
