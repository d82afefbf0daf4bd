/** A browser without a screen: keeps cookies, follows no redirect by itself, fills in the forms that pages give out. */
import assert from 'node:assert/strict'
import { answerCheck, committedDocument } from '../answers.ts'

export interface Page {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** Path and query of the next page, of a redirect. */
  readonly location: string | undefined
  /** Values of the hidden fields of the form with this action. */
  hidden(action: string): Record<string, string>
}

export interface Browser {
  readonly origin: string
  readonly cookies: Map<string, string>
  get(path: string): Promise<Page>
  /** Sends fields as the form on a page of ours does. */
  post(
    path: string,
    fields: Readonly<Record<string, string>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<Page>
  /** Reads the page at `path`, fills in its form with the action (default: the same path), and sends it. */
  fill(path: string, fields: Readonly<Record<string, string>>, action?: string): Promise<Page>
  /** Calls the API with the browser's cookies. */
  call(
    method: string,
    path: string,
    options?: {
      readonly body?: unknown
      readonly workspace?: string
      readonly headers?: Readonly<Record<string, string>>
    },
    // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  ): Promise<{ readonly status: number; readonly body: any; readonly headers: Headers }>
}

export function newBrowser(origin: string): Browser {
  const cookies = new Map<string, string>()
  const check = answerCheck(committedDocument())

  const send = async (method: string, path: string, body: string | undefined, headers: Record<string, string>) => {
    const answer = await fetch(new URL(path, origin), {
      method,
      redirect: 'manual',
      headers: {
        'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0',
        ...(cookies.size > 0 && { Cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    })
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const equals = pair.indexOf('=')
      const [name, value] = [pair.slice(0, equals), pair.slice(equals + 1)]
      if (/max-age=0(;|$)/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await answer.text()
    const asked = new URL(path, origin).pathname
    if (!asked.startsWith('/oauth2/') && !asked.startsWith('/.well-known/'))
      assert.deepEqual(
        check({ method, path: asked, status: answer.status, headers: answer.headers, body: text }),
        [],
        `${method} ${path} ${text.slice(0, 300)}`,
      )
    return { status: answer.status, headers: answer.headers, text }
  }

  const pageOf = (answer: { status: number; headers: Headers; text: string }): Page => ({
    ...answer,
    location: answer.headers.get('location') ?? undefined,
    hidden: (action) => hiddenFields(answer.text, action),
  })
  const post: Browser['post'] = async (path, fields, headers = {}) => {
    const type = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const ours = { Origin: new URL(origin).origin, 'Sec-Fetch-Site': 'same-origin' }
    return pageOf(await send('POST', path, new URLSearchParams(fields).toString(), { ...type, ...ours, ...headers }))
  }
  const get: Browser['get'] = async (path) => pageOf(await send('GET', path, undefined, { Accept: 'text/html' }))

  return {
    origin,
    cookies,
    get,
    post,
    async fill(path, fields, action = new URL(path, origin).pathname) {
      const shown = await get(path)
      return post(action, { ...shown.hidden(action), ...fields })
    },
    async call(method, path, { body, workspace, headers = {} } = {}) {
      const json = body === undefined ? undefined : JSON.stringify(body)
      const {
        status,
        text,
        headers: got,
      } = await send(method, path, json, {
        Origin: new URL(origin).origin,
        ...(json !== undefined && { 'Content-Type': 'application/json' }),
        ...(workspace !== undefined && { 'Backlot-Workspace': workspace }),
        ...headers,
      })
      return { status, headers: got, body: text === '' ? undefined : JSON.parse(text) }
    },
  }
}

function hiddenFields(page: string, action: string): Record<string, string> {
  const form = page.split('<form').find((part) => part.includes(`action="${action}"`)) ?? ''
  const fields = form.split('</form>')[0]?.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g) ?? []
  return Object.fromEntries([...fields].map(([, name = '', value = '']) => [name, unescaped(value)]))
}

const unescaped = (text: string): string =>
  text
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
