import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { html } from '#core/html.ts'
import { renderPage } from '#core/page.ts'

const hashOf = (text: string | undefined) =>
  `'sha256-${createHash('sha256')
    .update(text ?? '')
    .digest('base64')}'`
const policy = (page: ReturnType<typeof renderPage>) =>
  Object.fromEntries(
    page.headers['Content-Security-Policy'].split('; ').map((directive) => {
      const [name = '', ...values] = directive.split(' ')
      return [name, values.join(' ')]
    }),
  )

describe('renderPage', () => {
  const page = renderPage({
    title: 'A & B',
    style: 'p{margin:0}',
    script: 'let a = 1 < 2',
    body: html`<p>${'<x>'}</p>`,
  })

  it('allows its own style and script by the hash of what the browser sees, and nothing else', () => {
    expect(policy(page)).toEqual({
      'default-src': "'none'",
      'style-src': hashOf(/<style>(.*)<\/style>/s.exec(page.body)?.[1]),
      'script-src': hashOf(/<script>(.*)<\/script>/s.exec(page.body)?.[1]),
      'img-src': 'data:',
      'base-uri': "'none'",
      'form-action': "'none'",
      'frame-ancestors': "'none'",
    })
  })

  it('allows no script where there is none', () => {
    expect(policy(renderPage({ title: 'A', body: html`` }))).not.toHaveProperty('script-src')
  })

  it('lets browsers name their origin when they send a form of it', () => {
    expect(page.headers['Referrer-Policy']).toBe('same-origin')
  })

  it('escapes the title and the body', () => {
    expect(page.body).toContain('<title>A &amp; B</title>')
    expect(page.body).toContain('<p>&lt;x&gt;</p>')
    expect(page.body).toContain('p{margin:0}</style>')
  })

  it('asks not to be indexed unless it has a description', () => {
    expect(page.body).toContain('name="robots" content="noindex"')
    expect(renderPage({ title: 'A', description: 'B', body: html`` }).body).not.toContain('noindex')
  })
})
