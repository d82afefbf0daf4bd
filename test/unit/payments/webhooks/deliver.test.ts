/** Tries of one delivery, with stores in memory. */
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { beforeEach, describe, expect, it } from 'vitest'
import { MINUTE } from '#core/clock.ts'
import type { HttpCall, HttpOutcome } from '#core/http-client.ts'
import { Changes } from '../../../../functions/payments/changes/changes.ts'
import type { EventRow } from '../../../../functions/payments/changes/stripe-event.ts'
import {
  type Health,
  newEndpoint,
  type WebhookEndpoint,
} from '../../../../functions/payments/webhooks/endpoints/endpoint.ts'
import { BREAKER_FAILURES, healthOf } from '../../../../functions/payments/webhooks/endpoints/health.ts'
import { createDeliverWebhook } from '../../../../functions/payments/webhooks/out/deliver.ts'
import { type Delivery, MAX_TRIES, newDelivery, resend } from '../../../../functions/payments/webhooks/out/delivery.ts'
import { createSecretBox, newSecret, storedSecret } from '../../../../functions/payments/webhooks/secrets.ts'
import { clockAt, countingRandom, NOW } from '../../core/doubles.ts'

const WORKSPACE = 'wsp_1'
const REF = { workspaceId: WORKSPACE, endpointId: 'we_1', eventId: 'evt_1' }
const ORDER = { ...REF, round: 0 }
const EVENT: EventRow = {
  ...{ id: 'evt_1', workspaceId: WORKSPACE, type: 'order.paid', objectId: 'ord_1', sequence: 2, createdAt: NOW },
  payload: JSON.stringify({ id: 'evt_1', type: 'order.paid', data: { object: { id: 'ord_1', note: 'Größe' } } }),
  traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
}
const random = countingRandom()
const box = createSecretBox(async () => new Uint8Array(32), random)
const answered = (status: number, headers = {}): HttpOutcome => ({
  ...{ kind: 'answered', url: 'https://example.com/', status, headers, truncated: false },
  body: Buffer.from(`answer ${status}`),
})

class Scene {
  readonly clock = clockAt(NOW)
  readonly sent: HttpCall[] = []
  readonly attempts: object[] = []
  delivery: Delivery | undefined = newDelivery(REF, EVENT, new Date(NOW))
  endpoint: WebhookEndpoint | undefined
  secret = ''
  outcome: HttpOutcome | (() => HttpOutcome) = answered(200)
  onWrite: () => void = () => {}

  async open(over: Partial<WebhookEndpoint> = {}): Promise<this> {
    this.secret = newSecret(random)
    const secret = await storedSecret(this.secret, 'we_1', box, this.clock.now())
    const made = {
      workspaceId: WORKSPACE,
      scheme: 'standard-webhooks',
      url: 'https://example.com/',
      events: ['*'],
    } as const
    this.endpoint = { ...newEndpoint({ id: 'we_1', slot: 1, secret, ...made }, this.clock.now()), ...over }
    return this
  }

  deliver = (order = ORDER) => this.#deliver(order, new AbortController().signal)

  readonly #deliver = createDeliverWebhook({
    objects: {
      get: async <T>() => this.endpoint as T | undefined,
      event: async () => EVENT,
    },
    deliveries: { find: async () => this.delivery },
    changes: { settle: (attempt) => this.#settle(attempt) },
    secrets: box,
    http: {
      send: async (call) => {
        this.sent.push(call)
        return typeof this.outcome === 'function' ? this.outcome() : this.outcome
      },
    },
    clock: this.clock,
  })

  async #settle<Outcome>(attempt: (changes: Changes, lost: readonly string[]) => Promise<Outcome>): Promise<Outcome> {
    const changes = new Changes()
    const outcome = await attempt(changes, [])
    const writes = changes.writes()
    for (const { label, action } of writes) {
      if (!('Put' in action)) throw new Error(`expected a put, got ${label}`)
      const { Item } = action.Put
      if (label.startsWith('delivery:')) this.delivery = Item as unknown as Delivery
      else if (label.startsWith('attempt:')) this.attempts.push(Item)
      else this.endpoint = Item as unknown as WebhookEndpoint
    }
    if (writes.length > 0) this.onWrite()
    return outcome
  }
}

let scene: Scene
beforeEach(async () => {
  scene = await new Scene().open()
})

describe('a try', () => {
  it('is signed so that the reference library believes it', async () => {
    // The reference library asks the clock of the machine.
    scene.clock.advance(Date.now() - scene.clock.now().getTime())
    await scene.open()
    expect(await scene.deliver()).toEqual({ kind: 'done', status: 200 })
    const [call] = scene.sent
    const body = String(call?.body)
    expect(new Webhook(scene.secret).verify(body, { ...call?.headers })).toEqual({
      ...{ id: 'evt_1', type: 'order.paid', timestamp: NOW, sequence: 2, data: { id: 'ord_1', note: 'Größe' } },
    })
    expect(scene.delivery).toMatchObject({ status: 'succeeded', attempts: 1 })
    expect(scene.attempts).toMatchObject([{ number: 1, status: 200, error: null, sk: 'ATTEMPT#0001' }])
  })

  it("to an endpoint of /v1 is signed as Stripe's own library expects it, over the frozen payload", async () => {
    await scene.open({ scheme: 'stripe' })
    await scene.deliver()
    const [call] = scene.sent
    const header = call?.headers?.['stripe-signature'] ?? ''
    const at = scene.clock.now().getTime()
    const { webhooks } = new Stripe('sk_test_unused')
    expect(webhooks.constructEvent(String(call?.body), header, scene.secret, 300, undefined, at).id).toBe('evt_1')
    expect(String(call?.body)).toBe(EVENT.payload)
  })

  it('carries the same id and bytes each time, and a time of its own', async () => {
    scene.outcome = answered(503)
    await scene.deliver()
    scene.clock.advance(5 * MINUTE)
    await scene.deliver()
    const [first, second] = scene.sent
    expect(second?.headers?.['webhook-id']).toBe(first?.headers?.['webhook-id'])
    expect(second?.body).toEqual(first?.body)
    expect(second?.headers?.['webhook-timestamp']).not.toBe(first?.headers?.['webhook-timestamp'])
    expect(second?.headers?.['webhook-signature']).not.toBe(first?.headers?.['webhook-signature'])
  })

  it('that fails is to come again, not before Retry-After, and is given up after ten', async () => {
    scene.outcome = answered(503, { 'retry-after': '120' })
    for (let n = 1; n < MAX_TRIES; n += 1) {
      expect(await scene.deliver()).toMatchObject({ kind: 'again', code: 'http_503', retryAfter: '120' })
      // Others are delivered meanwhile: the endpoint is not down.
      if (scene.endpoint !== undefined) scene.endpoint = { ...scene.endpoint, health: undefined }
    }
    expect(await scene.deliver()).toMatchObject({ kind: 'over', code: 'http_503' })
    expect(scene.delivery).toMatchObject({ status: 'failed', failures: MAX_TRIES, attempts: MAX_TRIES })
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.sent).toHaveLength(MAX_TRIES)
  })

  it.each([
    ['a redirect', answered(302), 'http_302'],
    ['a wrong path', answered(404), 'http_404'],
    ['no connection', { kind: 'failed', code: 'ECONNREFUSED', detail: '' } as const, 'ECONNREFUSED'],
    ['no answer in time', { kind: 'failed', code: 'timeout', detail: '' } as const, 'timeout'],
  ])('that ends in %s is a failure to be tried again', async (_, outcome, code) => {
    scene.outcome = outcome
    expect(await scene.deliver()).toMatchObject({ kind: 'again', code })
    expect(scene.endpoint).toMatchObject({ failingSince: NOW, disabled: null })
  })

  it('that is answered 410 disables the endpoint', async () => {
    scene.outcome = answered(410)
    expect(await scene.deliver()).toMatchObject({ kind: 'over', code: 'http_410' })
    expect(scene.endpoint).toMatchObject({ disabled: 'gone' })
    expect(scene.delivery).toMatchObject({ status: 'failed', reason: 'http_410' })
  })

  it('to an address that may not be called is over, and shows nothing', async () => {
    scene.outcome = { kind: 'refused', code: 'url_address', detail: 'expected a public address' }
    expect(await scene.deliver()).toMatchObject({ kind: 'over', code: 'url_address' })
    expect(scene.attempts).toMatchObject([{ status: null, answer: null, error: 'url_address' }])
  })

  it.each([
    ['disabled', 'endpoint_disabled'],
    ['deleted', 'endpoint_deleted'],
  ])('to an endpoint that is %s is not made', async (what, reason) => {
    if (what === 'deleted') scene.endpoint = undefined
    else await scene.open({ disabled: 'manual' })
    expect(await scene.deliver()).toMatchObject({ kind: 'over', code: reason })
    expect(scene.sent).toEqual([])
    expect(scene.delivery).toMatchObject({ status: 'failed', reason })
  })

  it('of an earlier round is void once it was sent again', async () => {
    if (scene.delivery !== undefined) scene.delivery = resend(scene.delivery, scene.clock.now())
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.sent).toEqual([])
    expect(await scene.deliver({ ...ORDER, round: 1 })).toEqual({ kind: 'done', status: 200 })
  })

  it('that was overtaken by a resend is remembered, and decides nothing', async () => {
    scene.outcome = () => {
      if (scene.delivery !== undefined) scene.delivery = resend(scene.delivery, scene.clock.now())
      return answered(500)
    }
    expect(await scene.deliver()).toMatchObject({ kind: 'over' })
    expect(scene.delivery).toMatchObject({ status: 'pending', round: 1, failures: 0, attempts: 1 })
  })
})

describe('a try while the breaker is open', () => {
  const open: Health = {
    ...healthOf({ health: undefined }),
    breaker: { state: 'open', at: NOW, openings: 1, probe: null },
  }
  const probing: Health = { ...open, breaker: { state: 'half_open', at: NOW, openings: 1, probe: 'evt_1' } }
  const others: Health = { ...open, breaker: { state: 'half_open', at: NOW, openings: 1, probe: 'evt_2' } }

  it.each([
    ['open', open],
    ['trying another delivery', others],
  ])('is not made: the delivery waits, and loses none of its tries (%s)', async (_, health) => {
    await scene.open({ health })
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.sent).toEqual([])
    expect(scene.delivery).toMatchObject({ status: 'pending', parked: true, parkings: 1, failures: 0, attempts: 0 })
    expect(scene.delivery).toMatchObject({ duePk: 'PARKED#wsp_1#we_1', dueSk: `${NOW}#evt_1` })
  })

  it('parks anew what was parked: whoever released it must not think that its task is still to come', async () => {
    await scene.open({ health: open })
    await scene.deliver()
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.delivery).toMatchObject({ parked: true, parkings: 2 })
  })

  it('is made by the probe, which costs the delivery nothing when it fails', async () => {
    await scene.open({ health: probing, failingSince: NOW })
    scene.outcome = answered(503)
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.delivery).toMatchObject({ parked: true, failures: 0, attempts: 1, reason: 'http_503' })
    expect(healthOf(scene.endpoint as WebhookEndpoint).breaker).toMatchObject({ state: 'open', openings: 2 })
  })

  it('that is the probe and succeeds lets the others go', async () => {
    await scene.open({ health: probing, failingSince: NOW })
    expect(await scene.deliver()).toEqual({ kind: 'done', status: 200 })
    expect(scene.delivery).toMatchObject({ status: 'succeeded', parked: false })
    expect(scene.endpoint).toMatchObject({
      failingSince: null,
      health: { failures: 0, breaker: { state: 'releasing' } },
    })
  })

  it('is made after all when the breaker closed while it was put aside', async () => {
    await scene.open({ health: open })
    scene.onWrite = () => {
      if (scene.endpoint !== undefined) scene.endpoint = { ...scene.endpoint, health: undefined }
    }
    expect(await scene.deliver()).toEqual({ kind: 'done', status: 200 })
    expect(scene.delivery).toMatchObject({ status: 'succeeded', parked: false })
  })

  it('is what opens it: the fifth failure in a row parks its delivery', async () => {
    scene.outcome = answered(500)
    for (let n = 1; n < BREAKER_FAILURES; n += 1) expect(await scene.deliver()).toMatchObject({ kind: 'again' })
    expect(await scene.deliver()).toEqual({ kind: 'done', status: null })
    expect(scene.delivery).toMatchObject({ status: 'pending', parked: true, failures: BREAKER_FAILURES })
  })
})
