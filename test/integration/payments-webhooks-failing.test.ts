/** Endpoints that fail: what waits for them, who is told, and what they get when they are back. */
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest'
import { DAY, SECOND } from '#core/clock.ts'
import type { WebhookEndpoint } from '../../functions/payments/webhooks/endpoints/endpoint.ts'
import { BREAKER_FAILURES, healthOf } from '../../functions/payments/webhooks/endpoints/health.ts'
import { testAccess } from '../access.ts'
import { type Answer, edge, eventually, send } from './links-cloud.ts'
import { startWebhookReceiver, type WebhookReceiver } from './payments-senders.ts'
import { newShop, pay, type Shop } from './payments-shop.ts'
import { paymentsTime } from './payments-time.ts'

const time = paymentsTime()
let receiver: WebhookReceiver
let isDown = true
beforeAll(async () => {
  receiver = await startWebhookReceiver()
  receiver.answer = (_, response) => {
    response.statusCode = isDown ? 503 : 200
    response.end()
  }
})
afterAll(() => receiver.close())
beforeEach(() => {
  isDown = true
})

const ago = (ms: number) => new Date(Date.now() - ms).toISOString()

class Endpoint {
  readonly shop: Shop
  readonly id: string
  readonly path: string

  constructor(shop: Shop, id: string, path: string) {
    this.shop = shop
    this.id = id
    this.path = path
  }

  static async of(shop: Shop, path: string): Promise<Endpoint> {
    const { body } = await shop.call('POST', '/webhook-endpoints', {
      url: `${receiver.url}/${path}`,
      events: ['order.paid'],
    })
    return new Endpoint(shop, body.id, path)
  }

  read = async (): Promise<Answer['body']> => (await this.shop.call('GET', `/webhook-endpoints/${this.id}`)).body
  until = (isSo: (body: Answer['body']) => boolean) => eventually(this.read, isSo)
  deliveries = async (): Promise<Answer['body'][]> =>
    (await this.shop.call('GET', `/webhook-endpoints/${this.id}/deliveries`)).body.items
  untilDeliveries = (isSo: (items: Answer['body'][]) => boolean) => eventually(this.deliveries, isSo)
  heard = () => receiver.heard.filter(({ path }) => path === `/hooks/${this.path}`)
  test = () => this.shop.call('POST', `/webhook-endpoints/${this.id}/test`)

  /** As if it had stood so for longer. */
  set = (change: (endpoint: WebhookEndpoint) => Partial<WebhookEndpoint>) =>
    time.set<WebhookEndpoint>('webhook_endpoint', this.shop.workspaceId, this.id, change)

  /** The time that its breaker waits for is over, and the minute too. */
  async pass(): Promise<void> {
    await this.set((endpoint) => {
      const health = healthOf(endpoint)
      return { health: { ...health, breaker: health.breaker && { ...health.breaker, at: ago(SECOND) } } }
    })
    await time.tick()
  }
}

const isOne = (status: string) => (delivery: Answer['body']) => delivery.status === status

describe('an endpoint that is down', () => {
  it('is left alone after five failures; what came meanwhile waits, and is delivered once a probe got through', async () => {
    const shop = await newShop()
    const endpoint = await Endpoint.of(shop, 'down')
    await Promise.all(Array.from({ length: BREAKER_FAILURES }, () => pay(shop)))
    await endpoint.until(({ breaker }) => breaker === 'open')
    const tries = endpoint.heard().length
    for (let n = 1; n <= 3; n += 1) await pay(shop)
    const count = BREAKER_FAILURES + 3
    const waiting = await endpoint.untilDeliveries((all) => all.length === count && all.every(({ parked }) => parked))
    expect(waiting.every(isOne('pending'))).toBe(true)
    expect(endpoint.heard()).toHaveLength(tries)

    // Still down: one probe, and the breaker stays open.
    await endpoint.pass()
    await eventually(
      async () => endpoint.heard().length,
      (heard) => heard > tries,
    )
    await endpoint.until(({ breaker }) => breaker === 'open')
    expect(endpoint.heard()).toHaveLength(tries + 1)

    isDown = false
    await endpoint.pass()
    await endpoint.until(({ breaker, failingSince }) => breaker === 'closed' && failingSince === null)
    await eventually(
      async () => {
        await endpoint.pass()
        return endpoint.deliveries()
      },
      (all) => all.every(isOne('succeeded')),
    )
    expect(new Set(endpoint.heard().map(({ headers }) => headers['webhook-id'])).size).toBe(count)
    expect(await endpoint.read()).toMatchObject({ status: 'enabled', breaker: 'closed', retryAt: null, missed: null })
  })

  it('for days is told of to the owners, disabled, and gets what it missed when it is enabled again', async () => {
    const shop = await newShop()
    const access = await testAccess(inject('outputs'))
    const owner = await access.member(shop.workspaceId, 'owner')
    const viewer = await access.member(shop.workspaceId, 'viewer')
    const mailsTo = async (userId: string): Promise<readonly string[]> => {
      const { body } = await send('GET', edge(`/api/tasks/inbox?to=${encodeURIComponent(`${userId}@example.com`)}`))
      return body.items.map(({ subject }: { subject: string }) => subject)
    }
    const endpoint = await Endpoint.of(shop, 'days')
    const failedFor = async (ms: number) => {
      const before = endpoint.heard().length
      await endpoint.test()
      await eventually(
        async () => endpoint.heard().length,
        (heard) => heard > before,
      )
      await endpoint.until(({ failingSince }) => failingSince !== null)
      await endpoint.set(() => ({ failingSince: ago(ms) }))
      await endpoint.test()
    }
    const ticked = (count: number) =>
      eventually(
        async () => {
          await time.tick()
          return mailsTo(owner)
        },
        ({ length }) => length === count,
      )

    await failedFor(2.6 * DAY)
    expect(await ticked(1)).toEqual([`Webhook endpoint ${endpoint.id} has been failing for 2 days and 12 hours`])
    await endpoint.set(() => ({ failingSince: ago(5 * DAY) }))
    await endpoint.test()
    const disabled = await endpoint.until(({ status }) => status === 'disabled')
    expect(disabled).toMatchObject({ disabledReason: 'failing', missed: { since: disabled.failingSince } })
    expect(await ticked(2)).toContain(`Webhook endpoint ${endpoint.id} was disabled`)
    expect(await mailsTo(viewer)).toEqual([])

    const missed = await pay(shop)
    await endpoint.untilDeliveries((all) =>
      all.some(({ eventType, reason }) => eventType === 'order.paid' && reason === 'endpoint_disabled'),
    )
    isDown = false
    const enabled = await shop.call('PATCH', `/webhook-endpoints/${endpoint.id}`, { status: 'enabled' })
    expect(enabled.body).toMatchObject({
      ...{ status: 'enabled', disabledAt: null, failingSince: null },
      missed: { since: disabled.missed.since, resend: `/api/payments/webhook-endpoints/${endpoint.id}/resend-failed` },
    })
    const resend = enabled.body.missed.resend.replace('/api/payments', '')
    const resent = await eventually(
      () => shop.call('POST', resend, {}),
      ({ status }) => status === 200,
    )
    expect(resent.body).toMatchObject({ more: false })
    await eventually(
      async () => endpoint.heard().map(({ bytes }) => JSON.parse(bytes.toString())),
      (all) => all.some(({ data }) => data.externalId === missed.id),
    )
    expect((await endpoint.read()).missed).toBeNull()
    expect(await shop.call('POST', resend, {})).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  })
})
