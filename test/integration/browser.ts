/**
 * People at a real browser, for tests of pages. `it` gives `newVisitor`: a browser with an empty profile on the smallest
 * screen that pages promise to fit. Whatever goes wrong while a test has it open fails that test: an error in the
 * console, a violated Content-Security-Policy, a form sent without our origin.
 */
import { join } from 'node:path'
import type { BrowserContext, Locator, Page } from 'playwright-core'
import { expect, inject, test } from 'vitest'
import { SECOND } from '#core/clock.ts'
import { mailTo } from './auth-cloud.ts'
import { findBrowser, launchBrowser } from './chromium.ts'
import { startReceiver } from './tasks-cloud.ts'

export interface Visitor {
  readonly page: Page
  readonly context: BrowserContext
  /** To a path of the edge, or a whole address. */
  readonly goTo: (address: string) => Promise<void>
  /** Waits for the page with this heading, and holds it to what every page owes its readers. */
  readonly sees: (heading: string) => Promise<void>
  /** Waits until the focus is on the field, and gives what a screen reader then says of it behind its name. */
  readonly focusDescription: (field: Locator) => Promise<string>
  /** Opens the inbox once the mail is there, and gives its place on the page, unfolded. */
  readonly opensMail: (to: string, subject: RegExp) => Promise<Locator>
}

export interface VisitorOptions {
  /** @default true */
  readonly scripts?: boolean
  /** CSS pixels. @default 320, to which WCAG 2.2 §1.4.10 asks pages to reflow */
  readonly width?: number
  readonly userAgent?: string
  /** What the browser is meant to complain about. @default nothing */
  readonly complaint?: RegExp
}

const NARROWEST_PX = 320
const HEIGHT_PX = 640
/** Below the deadline of a test, so that what was waited for is what is reported. */
const PATIENCE_MS = 20 * SECOND
/** A folder; a picture of each page that is seen is kept there when it is set. */
const PICTURES = process.env['PAGE_PICTURES']
/** The beginning of a long page is enough to look at. */
const PICTURE = { x: 0, y: 0, height: 2_000 }

/** What every page owes its readers; evaluates to one sentence for each fault. Text, because it runs in the page. */
const READER_FAULTS = `(() => {
  const all = (selector) => [...document.querySelectorAll(selector)]
  const shown = (element) => element.outerHTML.slice(0, 120)
  const nameOf = (element) => element.getAttribute('aria-label') ?? element.textContent.trim()
  const ids = all('[id]').map(({ id }) => id)
  const references = all('[for], [aria-describedby], [aria-labelledby], [aria-controls]').flatMap((element) =>
    ['for', 'aria-describedby', 'aria-labelledby', 'aria-controls'].flatMap((name) =>
      (element.getAttribute(name) ?? '').split(' ').filter((id) => id !== '' && !ids.includes(id))))
  const { scrollWidth, clientWidth, lang } = document.documentElement
  return [
    ...(lang === 'en' ? [] : ['no language']),
    ...(document.title.trim() === '' ? ['no title'] : []),
    ...(all('h1').length === 1 ? [] : [all('h1').length + ' h1']),
    ...(all('main').length === 1 ? [] : [all('main').length + ' main']),
    ...(scrollWidth > clientWidth ? ['scrolls sideways: ' + scrollWidth + ' px in ' + clientWidth] : []),
    ...all('input:not([type=hidden], [hidden]), select, textarea')
      .filter((field) => ![...field.labels].some((label) => nameOf(label) !== ''))
      .map((field) => 'no label: ' + shown(field)),
    ...all('a, button, summary').filter((element) => nameOf(element) === '').map((element) => 'no name: ' + shown(element)),
    ...ids.filter((id, index) => ids.indexOf(id) !== index).map((id) => 'twice the id ' + id),
    ...references.map((id) => 'a reference to a missing id ' + id),
  ]
})()`

/** The texts that describe what has the focus; runs in the page too. */
const FOCUS_DESCRIPTION = `(document.activeElement?.getAttribute('aria-describedby') ?? '')
  .split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ')`

const ELSEWHERE = `<!doctype html><html lang="en"><title>Elsewhere</title><link rel="icon" href="data:,">
<main><h1>Elsewhere</h1></main></html>`

const browsing = test
  .extend('found', { scope: 'file' }, findBrowser)
  .extend('stage', { scope: 'file' }, async ({ found }, { onCleanup }) => {
    const browser = found.installed && (await launchBrowser(found.installed))
    const elsewhere = await startReceiver((_, response) =>
      response.setHeader('Content-Type', 'text/html; charset=utf-8').end(ELSEWHERE),
    )
    onCleanup(async () => {
      await browser?.close()
      await elsewhere.close()
    })
    if (!found.installed) console.warn(`Skipped: ${found.why}`)
    return { browser, elsewhere }
  })
  .extend('elsewhere', ({ stage }) => stage.elsewhere)

/** `elsewhere` is a site of somebody else. */
export const it = browsing.extend(
  'newVisitor',
  async ({ found, stage, skip, task }, { onCleanup }): Promise<(options?: VisitorOptions) => Promise<Visitor>> => {
    const { browser } = stage
    if (browser === undefined) return skip(found.why)
    const faults: Fault[] = []
    const contexts: BrowserContext[] = []
    onCleanup(async () => {
      const found = await Promise.all(faults.map(async (fault) => fault()))
      await Promise.all(contexts.map((context) => context.close()))
      expect(found.filter((fault) => fault !== undefined)).toEqual([])
    })
    return async ({ scripts = true, width = NARROWEST_PX, complaint, ...rest } = {}) => {
      const viewport = { width, height: HEIGHT_PX }
      const context = await browser.newContext({ viewport, javaScriptEnabled: scripts, locale: 'en', ...rest })
      contexts.push(context)
      context.setDefaultTimeout(PATIENCE_MS)
      watch(context, faults, complaint)
      return visitorOf(context, await context.newPage(), task.name)
    }
  },
)

/** The origin that people's browsers show. */
const ours = (): string => new URL(inject('outputs').edge.url).origin

/** Asked when the test is over; undefined when it was none. */
type Fault = () => string | undefined | Promise<string | undefined>

function watch(context: BrowserContext, faults: Fault[], complaint?: RegExp): void {
  const refused = new Set<string>()
  context.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.status() < 500) refused.add(response.url())
  })
  context.on('console', (message) => {
    const [text, { url }] = [message.text(), message.location()]
    if (!/^(error|warning)$/.test(message.type()) || complaint?.test(text)) return
    // The browser also says so of a page that is shown with what is wrong, which is no fault.
    faults.push(() => (text.startsWith('Failed to load resource') && refused.has(url) ? undefined : text))
  })
  context.on('weberror', (error) => faults.push(() => error.error().message))
  context.on('request', (request) => {
    if (request.method() !== 'POST' || new URL(request.url()).origin !== ours()) return
    const asked = foreignness(request)
    faults.push(() => asked)
  })
}

async function foreignness(request: { allHeaders(): Promise<Record<string, string>>; url(): string }) {
  const { origin } = await request.allHeaders()
  return origin === ours() ? undefined : `a form was sent to ${request.url()} with Origin: ${origin}`
}

function visitorOf(context: BrowserContext, page: Page, test: string): Visitor {
  let pages = 0
  const visitor: Visitor = {
    page,
    context,
    async goTo(address) {
      await page.goto(new URL(address, ours()).href)
    },
    async sees(heading) {
      await page.getByRole('heading', { level: 1, name: heading, exact: true }).waitFor()
      pages += 1
      const name = `${test} ${pages} ${heading}`.replaceAll(/\W+/g, '-')
      const clip = { ...PICTURE, width: page.viewportSize()?.width ?? 0 }
      if (PICTURES) await page.screenshot({ path: join(PICTURES, `browser-${name}.png`), fullPage: true, clip })
      expect(await page.evaluate(READER_FAULTS), `${heading} at ${page.url()}`).toEqual([])
    },
    async focusDescription(field) {
      await field.and(page.locator(':focus')).waitFor()
      return page.evaluate<string>(FOCUS_DESCRIPTION)
    },
    async opensMail(to, subject) {
      await mailTo(ours(), to, subject)
      await visitor.goTo('/inbox')
      await visitor.sees('Inbox')
      const mails = page.getByRole('listitem').filter({ hasText: `to ${to}` })
      const mail = mails.filter({ hasText: subject }).first()
      if (!(await mail.locator('pre').isVisible())) await mail.locator('summary').click()
      return mail
    },
  }
  return visitor
}
