/** An endpoint's own rules: what it wants, its place, its secrets. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR } from '#core/clock.ts'
import {
  freeSlot,
  MAX_ENDPOINTS,
  newEndpoint,
  rotate,
  urlFault,
  wants,
} from '../../../../functions/payments/webhooks/endpoints/endpoint.ts'
import { createSecretBox, storedSecret } from '../../../../functions/payments/webhooks/secrets.ts'
import { countingRandom, NOW } from '../../core/doubles.ts'

const MADE = {
  id: 'we_1',
  slot: 1,
  workspaceId: 'wsp_1',
  scheme: 'standard-webhooks',
  url: 'https://example.com/',
  events: ['*'],
} as const
const box = createSecretBox(async () => new Uint8Array(32), countingRandom())

describe('an endpoint', () => {
  const at = (ms: number) => new Date(Date.parse(NOW) + ms)

  it('keeps its old secret for the overlap, and at most a day', async () => {
    const secret = await storedSecret('whsec_first', 'we_1', box, at(0))
    const next = await storedSecret('whsec_next', 'we_1', box, at(0))
    const endpoint = newEndpoint({ ...MADE, secret }, at(0))
    const of = (overlap: number) => rotate(endpoint, next, overlap, at(0)).secrets.map(({ expiresAt }) => expiresAt)
    expect(of(HOUR)).toEqual([null, at(HOUR).toISOString()])
    expect(of(7 * DAY)).toEqual([null, at(DAY).toISOString()])
    expect(of(0)).toEqual([null])
  })

  it.each([
    [['*'], 'order.paid', true],
    [['order.*'], 'order.paid', true],
    [['order.*'], 'orders.paid', false],
    [['order.*'], 'order', false],
    [['order.paid'], 'order.paid', true],
    [['order.paid'], 'order.paid_again', false],
    [['charge.*', 'order.paid'], 'order.paid', true],
  ])('that wants %j and %s: %s', (events, type, wanted) => {
    expect(wants({ events, scheme: 'standard-webhooks' }, type)).toBe(wanted)
  })

  it.each([
    [['*'], 'charge.succeeded', true],
    [['*'], 'order.paid', false],
    [['*'], 'webhook_endpoint.test', false],
    [['*', 'order.paid'], 'order.paid', true],
    [['order.*'], 'order.refunded', true],
  ])('of Stripe that wants %j and %s: %s', (events, type, wanted) => {
    expect(wants({ events, scheme: 'stripe' }, type)).toBe(wanted)
  })

  it('gets the lowest free place', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: MAX_ENDPOINTS })), (taken) => {
        const slot = freeSlot(taken.map((each) => ({ slot: each })))
        if (taken.length === MAX_ENDPOINTS) expect(slot).toBeUndefined()
        else expect(taken).not.toContain(slot)
        for (let lower = 1; lower < (slot ?? 1); lower += 1) expect(taken).toContain(lower)
      }),
    )
  })

  it.each([
    ['https://example.com/hooks', false, true],
    ['http://example.com/hooks', false, false],
    ['http://localhost:9/hooks', false, false],
    ['http://localhost:9/hooks', true, true],
    ['https://[::ffff:10.0.0.1]/', false, false],
    ['https://169.254.169.254/', true, false],
    ['https://0x7f000001/', false, false],
  ])('at %s (this machine allowed: %s) is fine: %s', (url, allowLoopback, fine) => {
    expect(urlFault(url, allowLoopback) === undefined).toBe(fine)
  })
})

describe('secrets', () => {
  it('that were sealed for one owner open for no other', async () => {
    const sealed = await box.seal('whsec_x', 'we_1')
    expect(sealed).not.toContain('whsec')
    expect(await box.open(sealed, 'we_1')).toBe('whsec_x')
    await expect(box.open(sealed, 'we_2')).rejects.toThrow()
  })
})
