/** Webhooks of ours, as receivers get them: verified by the libraries of their schemes, tried again, given up, sent again. */
import { Webhook } from 'standardwebhooks'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from './links-cloud.ts'
import {
  type Heard,
  intentObject,
  sendStripe,
  startWebhookReceiver,
  stripeEvent,
  stripeSource,
  type WebhookReceiver,
} from './payments-senders.ts'
import { newShop, pay, type Shop } from './payments-shop.ts'

const UNKNOWN = 'we_01KDVDNA5T9M8F5B6C1D0E2R3Q'
/** The first retry comes after 5 seconds, a fifth more or less. */
const FIRST_RETRY_MS = { least: 3_900, most: 25_000 }

let receiver: WebhookReceiver
beforeAll(async () => {
  receiver = await startWebhookReceiver()
})
afterAll(() => receiver.close())
beforeEach(() => {
  receiver.answer = (_, response) => response.end('thanks')
})

interface Endpoint {
  readonly id: string
  readonly secret: string
}

/** Each has a path of its own, by which its messages are told from others'. */
async function newEndpoint(shop: Shop, events: readonly string[], path: string): Promise<Endpoint> {
  const { status, body } = await shop.call('POST', '/webhook-endpoints', { url: `${receiver.url}/${path}`, events })
  expect({ status, body }).toMatchObject({ status: 201, body: { secret: expect.stringMatching(/^whsec_/) } })
  return body
}

const heardAt = (path: string): readonly Heard[] => receiver.heard.filter((each) => each.path === `/hooks/${path}`)
const untilHeard = (path: string, count = 1): Promise<readonly Heard[]> =>
  eventually(
    async () => heardAt(path),
    (heard) => heard.length >= count,
  )
const last = (heard: readonly Heard[]): Heard => {
  const found = heard.at(-1)
  if (found === undefined) throw new Error('expected a message')
  return found
}

/** Throws unless the reference library believes it. */
const believed = (heard: Heard, secret: string): unknown =>
  new Webhook(secret).verify(heard.bytes.toString(), heard.headers as Record<string, string>)

const deliveryOf = (shop: Shop, { id }: Endpoint, eventId: string, status: string) =>
  eventually(
    async () => (await shop.call('GET', `/webhook-endpoints/${id}/deliveries/${eventId}`)).body,
    (delivery) => delivery.status === status,
  )

const test = async (shop: Shop, { id }: Endpoint): Promise<string> => {
  const { status, body } = await shop.call('POST', `/webhook-endpoints/${id}/test`)
  expect(status).toBe(202)
  return body.eventId
}

describe('an event', () => {
  it('reaches those that want it, signed so that the reference library believes it', async () => {
    const shop = await newShop()
    const orders = await newEndpoint(shop, ['order.*'], 'orders')
    const all = await newEndpoint(shop, ['*'], 'all')
    await newEndpoint(shop, ['charge.refunded'], 'refunds')
    const intent = await pay(shop)
    const message = last(await untilHeard('orders'))
    expect(believed(message, orders.secret)).toMatchObject({
      type: 'order.paid',
      data: { object: 'order', status: 'paid', externalId: intent.id },
    })
    expect(() => believed(message, all.secret)).toThrow()
    const others = await untilHeard('all', 3)
    for (const each of others) believed(each, all.secret)
    expect(others.map(({ bytes }) => JSON.parse(bytes.toString()).type)).toContain('payment_intent.succeeded')
    expect(heardAt('refunds')).toEqual([])
    const id = message.headers['webhook-id'] ?? ''
    const delivery = await deliveryOf(shop, orders, String(id), 'succeeded')
    expect(delivery).toMatchObject({ attempts: 1, log: [{ number: 1, status: 200, error: null, answer: 'thanks' }] })
    const { body } = await shop.call('GET', `/webhook-endpoints/${orders.id}/deliveries`)
    expect(body.items.map(({ eventId }: { eventId: string }) => eventId)).toEqual([id])
  })

  it('that another workspace paid for reaches nobody here', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['*'], 'mine')
    await pay(await newShop())
    await test(shop, endpoint)
    const heard = await untilHeard('mine')
    expect(heard.map(({ bytes }) => JSON.parse(bytes.toString()).type)).toEqual(['webhook_endpoint.test'])
  })

  it('of a payment elsewhere is told on: webhook in, webhook out', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'through')
    const source = await stripeSource(shop)
    const captured = intentObject('pi_through', { amount_received: 4_200 })
    await sendStripe(source, stripeEvent('payment_intent.succeeded', captured))
    const message = last(await untilHeard('through'))
    expect(believed(message, endpoint.secret)).toMatchObject({ data: { source: source.id, externalId: 'pi_through' } })
  })
})

describe('a delivery that fails', () => {
  it('is tried again with the same id and bytes, a new timestamp and a signature over it', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['*'], 'again')
    receiver.answer = (heard, response) => {
      response.statusCode = heardAt(heard.path.replace('/hooks/', '')).length < 2 ? 503 : 204
      response.end('not now')
    }
    const eventId = await test(shop, endpoint)
    const [first, second] = await untilHeard('again', 2)
    if (first === undefined || second === undefined) throw new Error('expected two messages')
    expect([first.headers['webhook-id'], second.headers['webhook-id']]).toEqual([eventId, eventId])
    expect(second.bytes.equals(first.bytes)).toBe(true)
    expect(Number(second.headers['webhook-timestamp'])).toBeGreaterThan(Number(first.headers['webhook-timestamp']))
    expect(second.at - first.at).toBeGreaterThan(FIRST_RETRY_MS.least)
    expect(second.at - first.at).toBeLessThan(FIRST_RETRY_MS.most)
    for (const each of [first, second]) believed(each, endpoint.secret)
    const delivery = await deliveryOf(shop, endpoint, eventId, 'succeeded')
    expect(delivery.log).toMatchObject([
      { number: 2, status: 204, error: null },
      { number: 1, status: 503, error: 'http_503', answer: 'not now' },
    ])
    const { body } = await shop.call('GET', `/webhook-endpoints/${endpoint.id}`)
    expect(body).toMatchObject({ status: 'enabled', failingSince: null })
  })

  it('with 410 disables the endpoint, which can be enabled and sent to again', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'gone')
    receiver.answer = (_, response) => {
      response.statusCode = 410
      response.end()
    }
    const eventId = await test(shop, endpoint)
    expect(await deliveryOf(shop, endpoint, eventId, 'failed')).toMatchObject({ reason: 'http_410', attempts: 1 })
    const path = `/webhook-endpoints/${endpoint.id}`
    expect((await shop.call('GET', path)).body).toMatchObject({ status: 'disabled', disabledReason: 'gone' })
    expect((await shop.call('GET', `${path}/deliveries?status=failed`)).body.items).toHaveLength(1)
    receiver.answer = (_, response) => response.end()
    expect(await shop.call('PATCH', path, { status: 'enabled' })).toMatchObject({
      status: 200,
      body: { status: 'enabled' },
    })
    const since = new Date(Date.now() - 60_000).toISOString()
    expect((await shop.call('POST', `${path}/resend-failed`, { since })).body).toEqual({ resent: 1, more: false })
    expect(await deliveryOf(shop, endpoint, eventId, 'succeeded')).toMatchObject({ attempts: 2, resends: 1 })
    expect(heardAt('gone').map(({ headers }) => headers['webhook-id'])).toEqual([eventId, eventId])
  })

  it('is not followed elsewhere', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'moved')
    receiver.answer = (_, response) => {
      response.writeHead(307, { location: `${receiver.url}/elsewhere` })
      response.end()
    }
    const eventId = await test(shop, endpoint)
    const first = async () => (await shop.call('GET', `/webhook-endpoints/${endpoint.id}/deliveries/${eventId}`)).body
    expect(await eventually(first, ({ attempts }) => attempts >= 1)).toMatchObject({ reason: 'http_307' })
    expect(heardAt('elsewhere')).toEqual([])
  })
})

describe('a delivery that was done', () => {
  it('can be sent again by hand', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'twice')
    const eventId = await test(shop, endpoint)
    await deliveryOf(shop, endpoint, eventId, 'succeeded')
    const path = `/webhook-endpoints/${endpoint.id}/deliveries/${eventId}`
    expect(await shop.call('POST', `${path}/resend`)).toMatchObject({
      status: 202,
      body: { status: 'pending', resends: 1 },
    })
    const heard = await untilHeard('twice', 2)
    expect(new Set(heard.map(({ headers }) => headers['webhook-id']))).toEqual(new Set([eventId]))
  })
})

describe('a secret', () => {
  it('that is rotated signs beside the new one, and a new one alone when there is no overlap', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'rotated')
    const path = `/webhook-endpoints/${endpoint.id}`
    const rotated = await shop.call('POST', `${path}/rotate`, { overlapHours: 1 })
    expect(rotated.body.secrets).toHaveLength(2)
    await test(shop, endpoint)
    const both = last(await untilHeard('rotated'))
    for (const secret of [endpoint.secret, rotated.body.secret]) believed(both, secret)
    const alone = await shop.call('POST', `${path}/rotate`, { overlapHours: 0 })
    expect(alone.body.secrets).toHaveLength(1)
    await test(shop, endpoint)
    const one = last(await untilHeard('rotated', 2))
    believed(one, alone.body.secret)
    expect(() => believed(one, rotated.body.secret)).toThrow()
    expect((await shop.call('GET', path)).text).not.toContain('whsec_')
  })
})

describe('endpoints', () => {
  it.each([
    ['an address inside', 'https://10.0.0.8/hooks'],
    ['the address of the cloud itself', 'http://169.254.169.254/latest/meta-data'],
    ['a name and password', 'https://a:b@example.com/'],
    ['http beyond this machine', 'http://example.com/'],
  ])('of %s are refused', async (_, url) => {
    const answer = await (await newShop()).call('POST', '/webhook-endpoints', { url })
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ pointer: '/url', code: 'invalid_url' }] } })
  })

  it('are as many as a workspace may have, and one less when one is deleted', async () => {
    const shop = await newShop()
    const made: Endpoint[] = []
    for (let n = 1; n <= 16; n += 1) made.push(await newEndpoint(shop, ['order.paid'], `limit-${n}`))
    const more = () => shop.call('POST', '/webhook-endpoints', { url: `${receiver.url}/limit-17` })
    expect(await more()).toMatchObject({ status: 409, body: { code: 'webhook_limit' } })
    expect(await shop.call('DELETE', `/webhook-endpoints/${made[4]?.id}`)).toMatchObject({ status: 204 })
    expect(await more()).toMatchObject({ status: 201 })
  })

  it('are changed on condition of their version', async () => {
    const shop = await newShop()
    const endpoint = await newEndpoint(shop, ['order.paid'], 'changed')
    const path = `/webhook-endpoints/${endpoint.id}`
    const etag = (await shop.call('GET', path)).headers.get('etag') ?? ''
    expect(await shop.call('PATCH', path, { events: ['*'] }, { 'If-Match': etag })).toMatchObject({ status: 200 })
    const again = await shop.call('PATCH', path, { events: ['order.*'] }, { 'If-Match': etag })
    expect(again).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
  })

  it('of another workspace are not found', async () => {
    const endpoint = await newEndpoint(await newShop(), ['*'], 'foreign')
    const stranger = await newShop()
    for (const id of [endpoint.id, UNKNOWN])
      expect(await stranger.call('GET', `/webhook-endpoints/${id}`)).toMatchObject({ status: 404 })
  })
})
