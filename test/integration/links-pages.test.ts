/** What visitors of a short link see when it leads nowhere. */
import { it } from './browser.ts'

it('the front page says what this is, and leads to the reference', async ({ newVisitor }) => {
  const { page, goTo, sees } = await newVisitor()
  await goTo('/')
  await sees('Short links live here')
  await page.getByRole('link', { name: 'API reference' }).click()
  await sees('Backlot API')
})
