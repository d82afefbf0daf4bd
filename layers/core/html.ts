/**
 * HTML by tagged template: every value is escaped unless it is HTML already, so that forgetting to escape is not
 * possible. Small enough for the redirect's bundle.
 */

/** Text that is safe to send as HTML. Made by `html` only. */
export class Html {
  readonly #text: string

  /** `text` must be escaped already: call `html` instead wherever a value comes from outside. */
  constructor(text: string) {
    this.#text = text
  }

  toString(): string {
    return this.#text
  }
}

/** Arrays are joined without a separator; undefined, null and false are nothing. */
export type HtmlValue = Html | string | number | undefined | null | false | readonly HtmlValue[]

/** `html`<p>${anything}</p>`` for content and double-quoted attributes, not for script, style or URLs' schemes. */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? render(values[index]) : ''))
  return new Html(parts.join(''))
}

function render(value: HtmlValue): string {
  if (value === undefined || value === null || value === false) return ''
  if (value instanceof Html) return value.toString()
  if (typeof value === 'object') return value.map(render).join('')
  return escapeText(String(value))
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}

const escapeText = (text: string): string => text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
