import { describe, expect, it } from 'vitest'
import { HOUR, MINUTE, SECOND } from '#core/clock.ts'
import { pageAddresses } from '../../../../functions/payments/checkout/page-address.ts'
import {
  expiryOf,
  isPageAddress,
  type Session,
  sessionAt,
  successAddress,
  totalOf,
} from '../../../../functions/payments/checkout/session.ts'

const NOW = new Date('2026-11-21T12:00:00.000Z')
const seconds = (inMs: number) => (NOW.getTime() + inMs) / SECOND

describe('a checkout session', () => {
  it.each([
    [30 * MINUTE, true],
    [30 * MINUTE - 2 * SECOND, false],
    [24 * HOUR, true],
    [24 * HOUR + 2 * SECOND, false],
    [-HOUR, false],
  ])('that ends in %d ms: %s', (inMs, ok) => {
    expect(expiryOf(seconds(inMs), NOW).ok).toBe(ok)
  })

  it('lasts a day when nothing is said', () => {
    expect(expiryOf(undefined, NOW)).toMatchObject({ ok: true, at: new Date(NOW.getTime() + 24 * HOUR) })
  })

  it('is over at its time, to the millisecond', () => {
    const session = { status: 'open', expiresAt: NOW.toISOString() } as Session
    expect(sessionAt(session, new Date(NOW.getTime() - 1)).status).toBe('open')
    expect(sessionAt(session, NOW).status).toBe('expired')
    expect(sessionAt({ ...session, status: 'complete' }, NOW).status).toBe('complete')
  })

  it('costs what its lines cost, if that can be charged', () => {
    expect(totalOf([{ amount: 30 }, { amount: 20 }], 'usd')).toEqual({ ok: true, amount: 50 })
    expect(totalOf([{ amount: 49 }], 'usd')).toMatchObject({ ok: false, code: 'amount_too_small' })
    expect(totalOf([{ amount: 99_999_999 }, { amount: 1 }], 'usd')).toMatchObject({
      ok: false,
      code: 'amount_too_large',
    })
  })

  it('leads to pages of the web only, with its id where the merchant wants it', () => {
    const session = {
      id: 'cs_test_1',
      successUrl: 'https://shop.example/{CHECKOUT_SESSION_ID}?s={CHECKOUT_SESSION_ID}',
    }
    expect(successAddress(session as Session)).toBe('https://shop.example/cs_test_1?s=cs_test_1')
    for (const url of ['https://shop.example', 'http://localhost:3000/a?b={CHECKOUT_SESSION_ID}'])
      expect(isPageAddress(url)).toBe(true)
    for (const url of [
      'javascript:alert(1)',
      'data:text/html,x',
      '/thanks',
      'https://user@shop.example',
      'shop.example',
      '',
    ])
      expect(isPageAddress(url)).toBe(false)
  })
})

describe('addresses of pages', () => {
  const random = { bytes: (count: number) => crypto.getRandomValues(new Uint8Array(count)) }
  const key = new Uint8Array(32).fill(7)
  const pages = pageAddresses(async () => key, random, 'https://pay.example')
  const token = (url: string) => url.split('/').at(-1) ?? ''

  it('say what they are about, to whoever holds the key', async () => {
    const page = { workspaceId: 'wsp_1', sessionId: 'cs_test_1' }
    const url = await pages.ofSession(page)
    expect(url).toMatch(/^https:\/\/pay\.example\/pay\/[\w-]+$/)
    expect(await pages.session(token(url))).toEqual(page)
    expect(await pages.ofSession(page)).toBe(url)
    const others = pageAddresses(async () => new Uint8Array(32).fill(8), random, 'https://pay.example')
    expect(await others.session(token(url))).toBeUndefined()
  })

  it('of one kind are none of the other, and each question of a bank has its own', async () => {
    const question = { workspaceId: 'wsp_1', intentId: 'pi_1' }
    const url = await pages.ofAuthentication(question)
    expect(await pages.authentication(token(url))).toEqual(question)
    expect(await pages.session(token(url))).toBeUndefined()
    expect(await pages.ofAuthentication(question)).not.toBe(url)
    expect(await pages.authentication('x')).toBeUndefined()
  })
})
