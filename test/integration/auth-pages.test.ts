/** The pages of accounts, as people meet them: by clicks, mails and the browser's own headers. */
import { createHash, randomBytes } from 'node:crypto'
import { beforeAll, describe, expect, inject } from 'vitest'
import { testAccess } from '../access.ts'
import { newApplication } from './auth-applications.ts'
import { newAddress, newPerson, newWorkspace, PASSWORD, type Person } from './auth-cloud.ts'
import { it, type Visitor } from './browser.ts'

const outputs = inject('outputs')

let [ann, bob]: [Person, Person] = [] as unknown as [Person, Person]
beforeAll(async () => {
  ;[ann, bob] = await Promise.all([newPerson(outputs.edge.url), newPerson(outputs.edge.url)])
}, 120_000)

const email = ({ page }: Visitor) => page.getByLabel('Email address')
const password = ({ page }: Visitor) => page.getByLabel('Password')
const click = ({ page }: Visitor, name: string) => page.getByRole('button', { name, exact: true }).click()
const follow = ({ page }: Visitor, name: string) => page.getByRole('link', { name }).click()
const says = ({ page }: Visitor) => page.getByRole('status').textContent()

/** Fills in the page that asks to sign in, which is shown. */
async function signIn(visitor: Visitor, who: { readonly email: string }, secret = PASSWORD): Promise<void> {
  await visitor.sees('Sign in')
  await email(visitor).fill(who.email)
  await password(visitor).fill(secret)
  await click(visitor, 'Sign in')
}

describe('an account', () => {
  it('is made, used and left by pages alone, without a script', async ({ newVisitor }) => {
    const visitor = await newVisitor({ scripts: false })
    const { page, sees } = visitor
    const address = newAddress()

    await visitor.goTo('/auth/account')
    await sees('Sign in')
    await follow(visitor, 'Make an account')
    await sees('Make an account')
    // An address to a browser, though none that a mail could reach.
    await email(visitor).fill('ann@nowhere')
    await click(visitor, 'Send the link')
    expect(await visitor.focusDescription(email(visitor))).toContain('an address like name@example.com')
    await sees('Make an account')
    expect(await page.title()).toMatch(/^Error: /)
    await email(visitor).fill(address)
    await email(visitor).press('Enter')
    await sees('Check your mail')

    await (await visitor.opensMail(address, /Finish your registration/)).getByRole('link', { name: /verify/ }).click()
    await sees('Choose a password')
    const link = page.url()
    await password(visitor).fill('too short')
    await click(visitor, 'Make the account')
    expect(await visitor.focusDescription(password(visitor))).toMatch(/Please use at least \d+ characters/)
    await sees('Choose a password')
    expect(await password(visitor).inputValue()).toBe('')
    await password(visitor).fill(PASSWORD)
    await click(visitor, 'Make the account')
    await sees('Sign in')
    expect(await says(visitor)).toContain('Your account is ready')

    await signIn(visitor, { email: address }, 'correct horse battery stable')
    expect(await visitor.focusDescription(password(visitor))).toContain('do not belong together')
    await sees('Sign in')
    expect(await page.getByRole('alert').textContent()).toContain('do not belong together')
    expect(await email(visitor).inputValue()).toBe(address)
    await password(visitor).fill(PASSWORD)
    await click(visitor, 'Sign in')

    await sees('Your account')
    expect(await page.getByRole('listitem').filter({ hasText: 'this browser' }).textContent()).toContain(
      'Chrome on Linux',
    )
    await page.getByLabel('Name').fill('  ')
    await click(visitor, 'Make the workspace')
    expect(await visitor.focusDescription(page.getByLabel('Name'))).toContain('1 to 80 characters')
    await sees('Your account')
    await page.getByLabel('Name').fill('Lamps <& more>')
    await click(visitor, 'Make the workspace')
    await page.getByText('The workspace is made.').waitFor()
    await sees('Your account')
    expect(await page.getByRole('listitem').filter({ hasText: 'Lamps <& more>' }).textContent()).toContain('owner')

    await click(visitor, 'Sign out')
    await sees('Sign in')
    expect(await says(visitor)).toBe('You are signed out.')
    await page.goBack()
    await sees('Sign in')

    await visitor.goTo(link)
    await sees('Choose a password')
    await password(visitor).fill('another and better one')
    await click(visitor, 'Make the account')
    await sees('This link does not work any more')
  }, 120_000)

  it('shows where it is signed in, and ends that from afar', async ({ newVisitor }) => {
    const here = await newVisitor()
    const userAgent =
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 Version/18.5 Safari/604.1'
    const phone = await newVisitor({ userAgent })
    for (const visitor of [here, phone]) {
      await visitor.goTo('/auth/account')
      await signIn(visitor, ann)
      await visitor.sees('Your account')
    }
    await here.page.reload()
    await click(here, 'Sign out Safari on iOS')
    await here.page.getByText('That browser is signed out.').waitFor()
    await here.sees('Your account')
    expect(await here.page.getByText('Safari on iOS').count()).toBe(0)
    await phone.page.reload()
    await phone.sees('Sign in')
  })

  it('takes a new password from whoever reads its mails, and is signed out everywhere', async ({ newVisitor }) => {
    const here = await newVisitor()
    await here.goTo('/auth/sign-in')
    await signIn(here, bob)
    await here.sees('Your account')
    const there = await newVisitor({ scripts: false })
    await there.goTo('/auth/sign-in')
    await follow(there, 'Forgot your password?')
    await there.sees('Forgot your password?')
    await email(there).fill(bob.email)
    await click(there, 'Send the link')
    await there.sees('Check your mail')
    const mail = await there.opensMail(bob.email, /Choose a new password/)
    await mail.getByRole('link', { name: 'Show as HTML' }).click()
    await follow(there, 'Choose a new password')
    await there.sees('Choose a new password')
    await password(there).fill(bob.email)
    await click(there, 'Change the password')
    expect(await there.focusDescription(password(there))).toContain('does not hold your address')
    await there.sees('Choose a new password')
    await password(there).fill('a new and better one')
    await click(there, 'Change the password')
    await there.sees('Sign in')
    expect(await says(there)).toContain('Your password is changed')
    await signIn(there, bob, 'a new and better one')
    await there.sees('Your account')
    await here.page.reload()
    await here.sees('Sign in')
  }, 120_000)

  it('sends no form that this browser was not given', async ({ newVisitor }) => {
    const visitor = await newVisitor()
    await visitor.goTo('/auth/sign-in')
    await visitor.context.clearCookies()
    await signIn(visitor, ann)
    await visitor.sees('That form is out of date')
    await follow(visitor, 'Start again')
    await signIn(visitor, ann)
    await visitor.sees('Your account')
  })
})

describe('an invitation', () => {
  const invited = async (to: string): Promise<void> => {
    const access = await testAccess(outputs)
    const workspaceId = await access.workspace('Lantern & Sons')
    const { text } = await access.apiKey({ workspaceId })
    const made = await fetch(`${outputs.edge.url}/api/auth/invitations`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${text}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: to, role: 'viewer' }),
    })
    expect(made.status).toBe(201)
  }

  it('is accepted after signing in, once, and by nobody else', async ({ newVisitor }) => {
    const other = newAddress()
    await Promise.all([invited(ann.email), invited(other)])
    const visitor = await newVisitor({ scripts: false })
    const { page, sees } = visitor
    const open = async (to: string) =>
      (await visitor.opensMail(to, /Invitation to Lantern & Sons/)).getByRole('link', { name: /invitation/ }).click()
    await open(ann.email)
    await signIn(visitor, ann)
    await sees('Join Lantern & Sons')
    await click(visitor, 'Join the workspace')
    await sees('Your account')
    expect(await says(visitor)).toBe('You are in the workspace.')
    expect(await page.getByRole('listitem').filter({ hasText: 'Lantern & Sons' }).textContent()).toContain('viewer')
    await open(ann.email)
    await sees('This link does not work any more')
    await follow(visitor, 'Go to your account')
    await sees('Your account')
    await open(other)
    await sees('This invitation is for another address')
    await follow(visitor, 'Go to your account')
    await sees('Your account')
  }, 120_000)
})

describe('an application', () => {
  it('is allowed what it asks for, or not, and gets its answer', async ({ newVisitor, elsewhere }) => {
    const callback = `${elsewhere.url}/callback`
    const workspace = await newWorkspace(ann, 'Applications')
    const { id } = await newApplication(ann, workspace, { redirectUris: [callback] })
    const asking = new URL('/oauth2/authorize', outputs.edge.url)
    asking.search = new URLSearchParams({
      ...{ client_id: id, redirect_uri: callback, response_type: 'code', prompt: 'consent', state: 'kept' },
      scope: 'openid links:read links:write',
      code_challenge: createHash('sha256').update(randomBytes(32).toString('base64url')).digest('base64url'),
      code_challenge_method: 'S256',
    }).toString()
    const answers = () => elsewhere.requests.map(({ path }) => new URL(path, callback).searchParams)

    const visitor = await newVisitor({ scripts: false })
    await visitor.goTo(asking.href)
    await signIn(visitor, ann)
    await visitor.sees('Allow Test application?')
    await click(visitor, 'Allow')
    await visitor.sees('Elsewhere')
    expect(answers().map((answer) => [answer.get('state'), answer.has('code')])).toEqual([['kept', true]])

    await visitor.goTo(asking.href)
    await visitor.sees('Allow Test application?')
    await click(visitor, 'Cancel')
    await visitor.sees('Elsewhere')
    expect(answers().at(-1)?.get('error')).toBe('access_denied')

    asking.searchParams.set('redirect_uri', `${elsewhere.url}/other`)
    await visitor.goTo(asking.href)
    await visitor.sees('This did not work')
    expect(elsewhere.requests).toHaveLength(2)
  })
})
