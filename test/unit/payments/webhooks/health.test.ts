import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'
import { newEndpoint, type WebhookEndpoint } from '../../../../functions/payments/webhooks/endpoints/endpoint.ts'
import {
  afterTry,
  BREAKER_FAILURES,
  closeBreaker,
  disable,
  enable,
  endpointDueAt,
  halfOpen,
  healthOf,
  isHeld,
  keepsMissed,
  MAX_FAILING_MS,
  MAX_OPEN_MS,
  mayTry,
  noticeSent,
  probeNow,
} from '../../../../functions/payments/webhooks/endpoints/health.ts'
import { noticeCommand } from '../../../../functions/payments/webhooks/endpoints/notice.ts'
import { NOW } from '../../core/doubles.ts'

const at = (ms: number) => new Date(Date.parse(NOW) + ms)
const secret = { sealed: 'x', hint: 'x', createdAt: NOW, expiresAt: null }
const made = {
  id: 'we_1',
  workspaceId: 'wsp_1',
  scheme: 'stripe',
  url: 'https://shop.example/hooks',
  events: ['*'],
} as const
const WELL = newEndpoint({ ...made, slot: 1, secret }, at(0))

const tried = (endpoint: WebhookEndpoint, outcome: 'succeeded' | 'failed' | 'gone', ms: number, eventId = 'evt_1') =>
  afterTry(endpoint, { outcome, eventId }, at(ms)) ?? endpoint
const failedTimes = (endpoint: WebhookEndpoint, times: number, ms = 0): WebhookEndpoint =>
  Array.from({ length: times }).reduce<WebhookEndpoint>((each) => tried(each, 'failed', ms), endpoint)
const breakerOf = (endpoint: WebhookEndpoint) => healthOf(endpoint).breaker

describe('the breaker', () => {
  it('opens with the fifth failure in a row, not with the fourth', () => {
    expect(breakerOf(failedTimes(WELL, BREAKER_FAILURES - 1))).toBeNull()
    const four = tried(failedTimes(WELL, BREAKER_FAILURES - 1), 'succeeded', 0)
    expect(breakerOf(failedTimes(four, BREAKER_FAILURES - 1))).toBeNull()
    const open = failedTimes(WELL, BREAKER_FAILURES)
    expect(breakerOf(open)).toMatchObject({ state: 'open', at: at(MINUTE).toISOString() })
    expect(mayTry(open, { id: 'evt_1', type: 'order.paid' })).toBe(false)
    expect(mayTry(open, { id: 'evt_1', type: 'webhook_endpoint.test' })).toBe(true)
  })

  it('lets one delivery through, and stays open twice as long when that fails, up to an hour', () => {
    let endpoint = failedTimes(WELL, BREAKER_FAILURES)
    let now = 0
    const waits: number[] = []
    for (let probe = 1; probe <= 9; probe += 1) {
      waits.push(Date.parse(breakerOf(endpoint)?.at ?? '') - at(now).getTime())
      now += waits.at(-1) ?? 0
      endpoint = halfOpen(endpoint, 'evt_9', at(now))
      expect(mayTry(endpoint, { id: 'evt_9', type: 'order.paid' })).toBe(true)
      expect(mayTry(endpoint, { id: 'evt_8', type: 'order.paid' })).toBe(false)
      endpoint = tried(endpoint, 'failed', now, 'evt_9')
    }
    expect(waits.map((ms) => ms / MINUTE)).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60])
  })

  it('closes by any success, and by having nothing to try: then the next failure opens it', () => {
    const open = failedTimes(WELL, BREAKER_FAILURES)
    const well = tried(open, 'succeeded', SECOND)
    expect([isHeld(well), breakerOf(well)?.state, well.failingSince]).toEqual([false, 'releasing', null])
    expect(breakerOf(closeBreaker(well, at(MINUTE)))).toBeNull()
    expect(healthOf(closeBreaker(well, at(MINUTE))).failures).toBe(0)
    const idle = closeBreaker(open, at(MINUTE))
    expect(isHeld(idle)).toBe(false)
    expect(isHeld(tried(idle, 'failed', MINUTE))).toBe(true)
  })

  it('is not written again by failures that were under way when it opened', () => {
    const open = failedTimes(WELL, BREAKER_FAILURES)
    expect(afterTry(open, { outcome: 'failed', eventId: 'evt_7' }, at(0))).toBeUndefined()
  })

  it('tries a new address at once', () => {
    const open = failedTimes(WELL, BREAKER_FAILURES)
    expect(endpointDueAt(probeNow(open, at(1)))).toBe(at(1).toISOString())
    expect(probeNow(WELL, at(1))).toBe(WELL)
  })

  it('waits for no longer than an hour, and for nothing while it is well, whatever happens', () => {
    const step = fc.record({
      outcome: fc.constantFrom('succeeded' as const, 'failed' as const, 'failed' as const, 'failed' as const),
      probe: fc.boolean(),
      ms: fc.integer({ min: 0, max: 2 * HOUR }),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        let [endpoint, now] = [WELL, 0]
        for (const { outcome, probe, ms } of steps) {
          now += ms
          const eventId = probe ? 'evt_probe' : 'evt_1'
          if (probe && isHeld(endpoint)) endpoint = halfOpen(endpoint, eventId, at(now))
          endpoint = tried(endpoint, outcome, now, eventId)
          const due = endpointDueAt(endpoint)
          const { breaker, notice } = healthOf(endpoint)
          expect(due === undefined).toBe(breaker === null && notice === null)
          if (due !== undefined) expect(Date.parse(due)).toBeLessThanOrEqual(at(now).getTime() + MAX_OPEN_MS)
          if (outcome === 'succeeded') expect(isHeld(endpoint)).toBe(false)
          if (endpoint.disabled !== null) expect(now).toBeGreaterThanOrEqual(MAX_FAILING_MS)
        }
      }),
    )
  })
})

describe('an endpoint that fails for days', () => {
  it('is told of at 50, 70 and 90 per cent, and when it is disabled: each once', () => {
    let endpoint = tried(WELL, 'failed', 0)
    const told: [number, number][] = []
    for (let hour = 1; hour <= 5 * 24 && endpoint.disabled === null; hour += 1) {
      endpoint = tried(halfOpen(endpoint, 'evt_1', at(hour * HOUR)), 'failed', hour * HOUR)
      const { notice } = healthOf(endpoint)
      if (notice === null) continue
      told.push([notice.stage, hour])
      expect(endpointDueAt(endpoint)).toBe(notice.at)
      endpoint = noticeSent(endpoint, at(hour * HOUR))
    }
    expect(told).toEqual([
      [50, 60],
      [70, 84],
      [90, 108],
      [100, 120],
    ])
    expect(endpoint).toMatchObject({
      disabled: 'failing',
      health: { missedSince: NOW, disabledAt: at(5 * DAY).toISOString() },
    })
  })

  it('is disabled by a failure five days after the first, not before, and is well after one success', () => {
    const failing = tried(WELL, 'failed', 0)
    expect(tried(failing, 'failed', MAX_FAILING_MS - 1).disabled).toBeNull()
    expect(tried(failing, 'failed', MAX_FAILING_MS).disabled).toBe('failing')
    const noticed = tried(failing, 'failed', 3 * DAY)
    const well = tried(noticed, 'succeeded', 4 * DAY)
    expect([well.failingSince, healthOf(well).noticed, healthOf(well).notice]).toEqual([null, 0, null])
    expect(afterTry(WELL, { outcome: 'succeeded', eventId: 'evt_1' }, at(0))).toBeUndefined()
  })

  it('keeps since when it missed events, over being enabled, until they are sent', () => {
    const disabled = tried(tried(WELL, 'failed', 0), 'failed', MAX_FAILING_MS)
    expect(keepsMissed(disabled, at(6 * DAY))).toBe(true)
    expect(keepsMissed(disabled, at(36 * DAY))).toBe(false)
    const enabled = enable(disabled, at(6 * DAY))
    expect(enabled).toMatchObject({ disabled: null, failingSince: null, health: { missedSince: NOW, failures: 0 } })
    expect(keepsMissed(enabled, at(6 * DAY))).toBe(false)
    const wished = disable(WELL, 'manual', at(0))
    expect([keepsMissed(wished, at(1)), healthOf(wished).missedSince, healthOf(wished).notice]).toEqual([
      false,
      null,
      null,
    ])
  })

  it('lets go of what waits with it when it is disabled', () => {
    const open = failedTimes(WELL, BREAKER_FAILURES)
    expect(breakerOf(disable(open, 'manual', at(0)))?.state).toBe('releasing')
    expect(breakerOf(tried(open, 'gone', 0))?.state).toBe('releasing')
  })
})

describe('a notice', () => {
  const owner = { userId: 'usr_1', email: 'ada@example.com' }
  it('says what happens when, to one owner, with an id of its own', () => {
    const command = noticeCommand({ ...WELL, failingSince: NOW }, 50, owner, '')
    expect(command).toMatchObject({ id: `webhook-notice#we_1#${NOW}#50#usr_1`, name: 'email.send' })
    expect(command.input).toMatchObject({
      to: ['ada@example.com'],
      subject: 'Webhook endpoint we_1 has been failing for 2 days and 12 hours',
      text: expect.stringContaining('disabled in 2 days and 12 hours'),
    })
  })

  it.each([
    ['failing', 'for 5 days'],
    ['gone', 'answered 410'],
  ] as const)('of one that is disabled (%s) says how to go on', (disabled, why) => {
    const { input } = noticeCommand(
      { ...WELL, disabled, failingSince: NOW, url: 'https://a.example/?<b>' },
      100,
      owner,
      '',
    )
    expect(input).toMatchObject({ text: expect.stringContaining('/we_1/resend-failed') })
    expect(JSON.stringify(input)).toContain(why)
    expect((input as { html: string }).html).not.toContain('<b>')
  })
})
