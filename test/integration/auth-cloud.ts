/** What the tests of auth share: people who sign up by the pages and their mail, as anybody does. */
import assert from 'node:assert/strict'
import { SECOND } from '../../layers/core/clock.ts'
import { type Browser, newBrowser } from './auth-browser.ts'

export const PASSWORD = 'correct horse battery staple'

export const newAddress = (): string => `ann-${crypto.randomUUID()}@example.com`

export interface Person {
  readonly email: string
  readonly browser: Browser
}

interface Mail {
  readonly subject: string
  readonly text: string
  readonly sentAt: string
}

/** The machine is shared, and a mail takes three functions and four queues. */
const MAIL_DEADLINE_MS = 60 * SECOND

/** Waits for a mail whose subject fits. */
export async function mailTo(origin: string, address: string, subject: RegExp): Promise<Mail> {
  const end = performance.now() + MAIL_DEADLINE_MS
  for (;;) {
    const answer = await fetch(`${origin}/api/tasks/inbox?to=${encodeURIComponent(address)}`)
    const { items } = (await answer.json()) as { items: readonly Mail[] }
    const found = items.find((mail) => subject.test(mail.subject))
    if (found !== undefined) return found
    if (performance.now() > end)
      throw new Error(`expected a mail ${subject} to ${address}, got ${JSON.stringify(items)}`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Path and query of the link in a mail. */
export function linkOf(mail: Mail): string {
  const [link] = /https?:\/\/\S+\?token=\S+/.exec(mail.text) ?? []
  if (link === undefined) throw new Error(`expected a link in the mail, got ${mail.text}`)
  const { pathname, search } = new URL(link)
  return pathname + search
}

export async function register(origin: string, browser: Browser, email: string): Promise<void> {
  assert.equal((await browser.fill('/auth/register', { email })).status, 200)
  const link = linkOf(await mailTo(origin, email, /Finish your registration/))
  const done = await browser.fill(link, { password: PASSWORD })
  assert.equal(done.location, '/auth/sign-in?say=ready')
}

export async function signIn(browser: Browser, email: string, password = PASSWORD): Promise<void> {
  const answer = await browser.fill('/auth/sign-in', { email, password })
  assert.equal(answer.location, '/auth/account', `expected to be signed in, got ${answer.status}`)
}

/** Somebody new, signed in. */
export async function newPerson(origin: string): Promise<Person> {
  const person = { email: newAddress(), browser: newBrowser(origin) }
  await register(origin, person.browser, person.email)
  await signIn(person.browser, person.email)
  return person
}

export async function newWorkspace({ browser }: Person, name = 'Test'): Promise<string> {
  const { status, body } = await browser.call('POST', '/api/auth/workspaces', { body: { name } })
  assert.equal(status, 201)
  return body.id
}
