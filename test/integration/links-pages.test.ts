/** What visitors of a short link see in their browser. */
import { expect } from 'vitest'
import { it } from './browser.ts'
import { LINKS, newWorkspace } from './links-cloud.ts'

it('a short link leads on, and says so when it does not', async ({ newVisitor, elsewhere }) => {
  const workspace = await newWorkspace()
  const link = await workspace.link({ url: `${elsewhere.url}/target` })
  const { page, goTo, sees } = await newVisitor({ scripts: false })
  await goTo(`/${link.slug}`)
  await sees('Elsewhere')
  expect(elsewhere.count('/target')).toBe(1)
  expect((await workspace.call('DELETE', `${LINKS}/${link.id}`)).status).toBe(204)
  await goTo(`/${link.slug}`)
  await sees('This link was deleted')
  await goTo('/no-such-link')
  await sees('There is no such link')
  await goTo('/')
  await sees('Short links live here')
  expect(await page.getByRole('link', { name: 'API reference' }).getAttribute('href')).toBe('/docs')
})
