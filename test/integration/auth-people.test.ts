import { beforeAll, describe, expect, inject, it } from 'vitest'
import { newBrowser } from './auth-browser.ts'
import { linkOf, mailTo, newAddress, newPerson, PASSWORD, type Person, register, signIn } from './auth-cloud.ts'

const origin = inject('outputs').edge.url
let ann: Person
beforeAll(async () => {
  ann = await newPerson(origin)
}, 120_000)

describe('an account', () => {
  it('is theirs who read the mail: a link works once', async () => {
    const email = newAddress()
    const browser = newBrowser(origin)
    await browser.fill('/auth/register', { email })
    const link = linkOf(await mailTo(origin, email, /Finish/))
    // A program that opens links in mails uses nothing up.
    await newBrowser(origin).get(link)
    expect(await browser.fill(link, { password: 'short' })).toMatchObject({ status: 400 })
    expect(await browser.fill(link, { password: PASSWORD })).toMatchObject({ status: 303 })
    const again = await browser.fill(link, { password: 'another good password' })
    expect(again).toMatchObject({ status: 400, text: expect.stringContaining('does not work any more') })
    await signIn(browser, email)
  })

  it('looks the same from outside whether or not it is there', async () => {
    const known = await newBrowser(origin).fill('/auth/register', { email: ann.email })
    const unknown = await newBrowser(origin).fill('/auth/register', { email: newAddress() })
    const withoutAddress = (text: string) => text.replace(/<strong>.*<\/strong>/, '')
    expect(withoutAddress(known.text)).toBe(withoutAddress(unknown.text))
    expect(known.status).toBe(unknown.status)
    await mailTo(origin, ann.email, /already have an account/)

    const wrong = await newBrowser(origin).fill('/auth/sign-in', { email: ann.email, password: 'not the password' })
    const nobody = await newBrowser(origin).fill('/auth/sign-in', { email: newAddress(), password: 'not the password' })
    const normal = (text: string) => text.replace(/value="[^"]*"/g, '')
    expect(normal(wrong.text)).toBe(normal(nobody.text))
    expect([wrong.status, nobody.status]).toEqual([400, 400])
    const reset = await newBrowser(origin).fill('/auth/reset', { email: newAddress() })
    expect(reset).toMatchObject({ status: 200, text: expect.stringContaining('Check your mail') })
  })
})

describe('pages', () => {
  it('load nothing, cannot be framed, and tell no address to other sites', async () => {
    for (const path of ['/auth/sign-in', '/auth/register', '/auth/reset', '/auth/verify?token=x']) {
      const { headers } = await newBrowser(origin).get(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'$/,
      )
      expect(headers.get('referrer-policy')).toBe('same-origin')
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })

  it('take a form from nobody but the browser that they gave it to', async () => {
    const browser = newBrowser(origin)
    const form = (await browser.get('/auth/sign-in')).hidden('/auth/sign-in')
    const fields = { ...form, email: ann.email, password: PASSWORD }
    const refused = { status: 403 }
    expect(await browser.post('/auth/sign-in', fields, { Origin: 'https://evil.example' })).toMatchObject(refused)
    expect(await browser.post('/auth/sign-in', fields, { 'Sec-Fetch-Site': 'cross-site' })).toMatchObject(refused)
    expect(await browser.post('/auth/sign-in', { ...fields, form: 'x' })).toMatchObject(refused)
    expect(await newBrowser(origin).post('/auth/sign-in', fields)).toMatchObject(refused)
    expect(await browser.post('/auth/sign-in', fields)).toMatchObject({ status: 303 })
  })

  it('lead back after signing in, and never to another site', async () => {
    const fields = { email: ann.email, password: PASSWORD }
    const place = '/auth/sign-in?return=%2Fauth%2Finvitation%3Ftoken%3Dx'
    expect(await newBrowser(origin).fill(place, fields)).toMatchObject({ location: '/auth/invitation?token=x' })
    const evil = '/auth/sign-in?return=%2F%2Fevil.example%2Fauth%2F'
    expect(await newBrowser(origin).fill(evil, fields)).toMatchObject({ location: '/auth/account' })
  })

  it('stop somebody who guesses, whether or not the account is there', async () => {
    for (const email of [newAddress(), (await newPerson(origin)).email]) {
      const browser = newBrowser(origin)
      const statuses: number[] = []
      for (let tries = 0; tries < 12; tries += 1)
        statuses.push((await browser.fill('/auth/sign-in', { email, password: `guess number ${tries}` })).status)
      expect(statuses.at(-1)).toBe(429)
      expect(statuses.slice(0, 9)).toEqual(Array.from({ length: 9 }, () => 400))
    }
  }, 120_000)
})

describe('sessions', () => {
  it('begin anew at each sign-in, and end what the browser had', async () => {
    const browser = newBrowser(origin)
    await signIn(browser, ann.email)
    const before = new Map(browser.cookies)
    await signIn(browser, ann.email)
    expect(browser.cookies.get('backlot-session')).not.toBe(before.get('backlot-session'))
    const old = newBrowser(origin)
    for (const [name, value] of before) old.cookies.set(name, value)
    expect(await old.call('GET', '/api/auth/me')).toMatchObject({ status: 401, body: { code: 'unauthenticated' } })
    expect(await browser.call('GET', '/api/auth/me')).toMatchObject({ status: 200, body: { email: ann.email } })
  })

  it('are listed, and end at once when revoked', async () => {
    const [here, there] = [newBrowser(origin), newBrowser(origin)]
    await signIn(here, ann.email)
    await signIn(there, ann.email)
    const mine = (await there.call('GET', '/api/auth/sessions')).body.items.find((s: { current: boolean }) => s.current)
    expect((await here.get('/auth/account')).text).toContain(mine.id)
    expect(await here.call('DELETE', `/api/auth/sessions/${mine.id}`)).toMatchObject({ status: 204 })
    expect(await there.call('GET', '/api/auth/me')).toMatchObject({ status: 401 })
    expect(await here.call('GET', '/api/auth/me')).toMatchObject({ status: 200 })
    expect(await here.call('DELETE', `/api/auth/sessions/${mine.id}`)).toMatchObject({ status: 404 })
  })

  it('end when somebody signs out', async () => {
    const browser = newBrowser(origin)
    await signIn(browser, ann.email)
    const kept = browser.cookies.get('backlot-session') ?? ''
    const out = await browser.fill('/auth/account', {}, '/auth/sign-out')
    expect(out).toMatchObject({ status: 303, location: '/auth/sign-in?say=signed-out' })
    expect(browser.cookies.has('backlot-session')).toBe(false)
    browser.cookies.set('backlot-session', kept)
    expect(await browser.call('GET', '/api/auth/me')).toMatchObject({ status: 401 })
  })

  it('change nothing on the word of a foreign page', async () => {
    const foreign = { headers: { Origin: 'https://evil.example' }, body: { name: 'x' } }
    expect(await ann.browser.call('POST', '/api/auth/workspaces', foreign)).toMatchObject({
      status: 403,
      body: { code: 'cross_site_request' },
    })
  })
})

describe('a forgotten password', () => {
  it('is replaced by a link that works once, and every browser is signed out', async () => {
    const email = newAddress()
    const browser = newBrowser(origin)
    await register(origin, browser, email)
    await signIn(browser, email)
    const elsewhere = newBrowser(origin)
    await elsewhere.fill('/auth/reset', { email })
    const link = linkOf(await mailTo(origin, email, /Choose a new password/))
    expect(await elsewhere.fill(link, { password: 'too short' })).toMatchObject({ status: 400 })
    const done = await elsewhere.fill(link, { password: 'a new and better one' })
    expect(done).toMatchObject({ status: 303, location: '/auth/sign-in?say=reset' })
    expect(elsewhere.cookies.has('backlot-session')).toBe(false)
    expect(await browser.call('GET', '/api/auth/me')).toMatchObject({ status: 401 })
    expect(await elsewhere.fill(link, { password: 'yet another one here' })).toMatchObject({ status: 400 })
    await mailTo(origin, email, /Your password was changed/)
    expect(await browser.fill('/auth/sign-in', { email, password: PASSWORD })).toMatchObject({ status: 400 })
    await signIn(browser, email, 'a new and better one')
  }, 120_000)
})
