/** The inbox of a local cloud, as developers meet it. */
import { expect } from 'vitest'
import { newAddress } from './auth-cloud.ts'
import { it } from './browser.ts'
import { newWorkspace } from './links-cloud.ts'
import { makeTask } from './tasks-cloud.ts'

it('the inbox shows a mail whose own HTML can do nothing but look and lead', async ({ newVisitor, elsewhere }) => {
  const to = newAddress()
  const html = `<!doctype html><html lang="en"><title>Quiet</title><main><h1>Quiet</h1>
<p style="color:green">Green</p><script>document.title = 'Loud'</script><img alt="" src="${elsewhere.url}/tracked">
<form action="/auth/sign-in"><button>Send</button></form><a href="${elsewhere.url}/led">Lead</a></main></html>`
  const mail = { to: [to], subject: 'Quiet <please>', text: `See ${elsewhere.url}/plain?a=1&b=2`, html }
  await makeTask(await newWorkspace(), { name: 'email.send', input: mail })

  const visitor = await newVisitor({ complaint: /sandboxed|Content Security Policy/ })
  const { page, sees } = visitor
  const shown = await visitor.opensMail(to, /Quiet <please>/)
  await shown.getByRole('link', { name: '/plain?a=1&b=2' }).click()
  await sees('Elsewhere')
  await page.goBack()
  await visitor.opensMail(to, /Quiet <please>/)
  await shown.getByRole('link', { name: 'Show as HTML' }).click()
  await sees('Quiet')
  expect(await page.title()).toBe('Quiet')
  expect(await page.getByText('Green').evaluate('getComputedStyle(document.querySelector("p")).color')).toBe(
    'rgb(0, 128, 0)',
  )
  await page.getByRole('button', { name: 'Send' }).click()
  await sees('Quiet')
  await page.getByRole('link', { name: 'Lead' }).click()
  await sees('Elsewhere')
  expect(elsewhere.requests.map(({ path }) => path)).toEqual(['/plain?a=1&b=2', '/led'])
})
