/** The reference, as readers meet it: with its script, without it, on a small screen and a large one. */
import { describe, expect, inject } from 'vitest'
import { it } from './browser.ts'

const outputs = inject('outputs')
const REFERENCE = 'Backlot API'
const ROUTE = 'Make a link'
const WIDE_PX = 1_280

describe('the reference', () => {
  it('finds a route in a menu that folds away on a small screen', async ({ newVisitor }) => {
    const { page, goTo, sees } = await newVisitor()
    await goTo('/docs')
    await sees(REFERENCE)
    const menu = page.getByRole('button', { name: 'Contents' })
    const found = page.getByRole('navigation').getByRole('link', { name: ROUTE })
    expect([await menu.getAttribute('aria-expanded'), await found.isVisible()]).toEqual(['false', false])
    await menu.click()
    await page.getByLabel('Find a route').fill('MAKE A link')
    expect(await page.getByRole('status').textContent()).toBe('1 route')
    expect(await page.getByRole('article').count()).toBe(1)
    await found.click()
    expect([await menu.getAttribute('aria-expanded'), await found.isVisible()]).toEqual(['false', false])
    await page.getByRole('heading', { name: ROUTE }).waitFor()
  })

  it('is searched from the keyboard, and gives its examples to the clipboard', async ({ newVisitor }) => {
    const { page, context, goTo, sees } = await newVisitor({ width: WIDE_PX })
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    await goTo('/docs')
    await sees(REFERENCE)
    await page.keyboard.press('/')
    const find = page.getByLabel('Find a route')
    await find.and(page.locator(':focus')).waitFor()
    await page.keyboard.type('no such route')
    await page.getByText('No route matches.').waitFor()
    await page.keyboard.press('Escape')
    expect([await find.inputValue(), await page.getByText('No route matches.').isVisible()]).toEqual(['', false])
    const example = page.getByRole('figure').filter({ hasText: 'A first request' })
    await example.getByRole('button', { name: 'Copy' }).click()
    await example.getByRole('button', { name: 'Copied' }).waitFor()
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(
      new RegExp(`^curl -X POST ${outputs.edge.url}/`),
    )
  })

  it('is whole without its script', async ({ newVisitor }) => {
    const { page, goTo, sees } = await newVisitor({ scripts: false })
    await goTo('/docs')
    await sees(REFERENCE)
    for (const name of ['Contents', 'Copy']) expect(await page.getByRole('button', { name }).count()).toBe(0)
    await page.keyboard.press('Tab')
    await page.getByRole('link', { name: 'Skip to the content' }).and(page.locator(':focus')).waitFor()
    await page.getByRole('navigation').getByRole('link', { name: ROUTE }).click()
    await page.getByRole('heading', { name: ROUTE }).waitFor()
    await page.getByRole('navigation').getByRole('link', { name: 'All problems' }).click()
    await sees('Problems')
  })

  it('explains a problem at the address that the problem gives', async ({ newVisitor }) => {
    const problem = await fetch(`${outputs.edge.url}/api/links/links`)
    const { type, title } = (await problem.json()) as { readonly type: string; readonly title: string }
    const { page, goTo, sees } = await newVisitor({ width: WIDE_PX })
    await goTo(type)
    await sees('Problems')
    const explained = page.locator(':target')
    expect(await explained.textContent()).toContain(title)
    await expect.poll(() => explained.evaluate((article) => article.getBoundingClientRect().top)).toBeLessThan(400)
  })
})
