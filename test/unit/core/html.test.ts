import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Html, html } from '#core/html.ts'

const text = (value: Html) => value.toString()

describe('html', () => {
  it('escapes what would be markup, in content and in attributes', () => {
    expect(text(html`<p title="${'"><script>'}">${"<b>&'"}</p>`)).toBe(
      '<p title="&quot;&gt;&lt;script&gt;">&lt;b&gt;&amp;&#39;</p>',
    )
  })

  it('keeps HTML, joins arrays, leaves out nothing', () => {
    expect(text(html`${html`<i>${'<'}</i>`}${['a', [html`<b></b>`], undefined, null, false]}${0}`)).toBe(
      '<i>&lt;</i>a<b></b>0',
    )
  })

  it('lets no text open a tag, an entity or end an attribute', () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        const escaped = text(html`${value}`)
        expect(escaped).not.toMatch(/[<>"']/)
        expect(escaped.replace(/&(amp|lt|gt|quot|#39);/g, '')).not.toContain('&')
      }),
    )
  })
})
