/** The pages that visitors meet instead of a redirect. Static: nothing from a request gets into them. Pure. */
import { createHash } from 'node:crypto'

const STYLE = `
:root { color-scheme: light dark; font: 1.125rem/1.6 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-content: center; padding: 2rem; box-sizing: border-box;
  color: #1c2430; background: #f7f8fa; }
main { max-width: 34rem; }
h1 { font-size: 2rem; line-height: 1.2; margin: 0 0 1rem; }
p { margin: 0 0 1rem; }
a { color: #0b57d0; }
@media (prefers-color-scheme: dark) { body { color: #e6e9ee; background: #14181f; } a { color: #9ec1ff; } }
`

const page = (title: string, ...paragraphs: readonly string[]): string =>
  `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
${paragraphs.map((text) => `<p>${text}</p>`).join('\n')}
</main>
</body>
</html>
`

/** Allows the style above by its hash, and nothing else. */
export const PAGE_CONTENT_SECURITY_POLICY =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; ` +
  `base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export const PAGES = {
  home: page(
    'Short links live here',
    'Put the name of a link behind this address to follow it.',
    'To make links, see the <a href="/docs">API reference</a>.',
  ),
  not_found: page(
    'There is no such link',
    'The address may have been mistyped or cut off. Capital letters make no difference.',
    'If someone sent it to you, ask them for the whole link.',
  ),
  link_gone: page('This link was deleted', 'Whoever made it has taken it down, so it no longer leads anywhere.'),
  method_not_allowed: page('Links can only be followed', 'This address answers to GET and HEAD.'),
  internal_error: page('Something went wrong on our side', 'The link may well be fine. Please try again in a while.'),
  dependency_unavailable: page(
    'We can’t look up this link right now',
    'The link may well be fine. Please try again in a few seconds.',
  ),
} as const satisfies Record<string, string>
