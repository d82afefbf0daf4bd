/** What the clock does with an endpoint that is not well, with stores in memory. */
import { beforeEach, describe, expect, it } from 'vitest'
import { MINUTE } from '#core/clock.ts'
import type { TaskCommand } from '#core/task-command.ts'
import { Changes } from '../../../../functions/payments/changes/changes.ts'
import { newEndpoint, type WebhookEndpoint } from '../../../../functions/payments/webhooks/endpoints/endpoint.ts'
import {
  afterTry,
  BREAKER_FAILURES,
  disable,
  healthOf,
  PROBE_MS,
  RELEASE_DELAY_MS,
} from '../../../../functions/payments/webhooks/endpoints/health.ts'
import { watchEndpoint } from '../../../../functions/payments/webhooks/endpoints/watch.ts'
import { type Delivery, isParked, newDelivery, park } from '../../../../functions/payments/webhooks/out/delivery.ts'
import { NOW } from '../../core/doubles.ts'

const at = (ms: number) => new Date(Date.parse(NOW) + ms)
const REF = { workspaceId: 'wsp_1', id: 'we_1' }
const secret = { sealed: 'x', hint: 'x', createdAt: NOW, expiresAt: null }
const made = { ...REF, scheme: 'stripe', url: 'https://shop.example/', events: ['*'], slot: 2, secret } as const

class Scene {
  endpoint: WebhookEndpoint = newEndpoint(made, at(0))
  readonly deliveries = new Map<string, Delivery>()
  readonly asked: TaskCommand[] = []
  owners = [{ userId: 'usr_1', email: 'ada@example.com' }]
  /** Nothing else is written or asked for after it throws. */
  beforeAsking: () => void = () => {}

  fail(times: number, ms = 0): void {
    for (let n = 1; n <= times; n += 1)
      this.endpoint = afterTry(this.endpoint, { outcome: 'failed', eventId: 'evt_1' }, at(ms)) ?? this.endpoint
  }

  succeed(ms: number): void {
    this.endpoint = afterTry(this.endpoint, { outcome: 'succeeded', eventId: 'evt_1' }, at(ms)) ?? this.endpoint
  }

  parkOne(eventId: string): void {
    const ref = { workspaceId: 'wsp_1', endpointId: 'we_1', eventId }
    this.deliveries.set(eventId, park(newDelivery(ref, { type: 'order.paid', traceparent: '' }, at(0)), at(0)))
  }

  watch = (ms: number): Promise<number> =>
    watchEndpoint(
      REF,
      {
        objects: { get: async <T>() => this.endpoint as T | undefined },
        deliveries: {
          find: async ({ eventId }) => this.deliveries.get(eventId),
          parked: async (ref, limit) =>
            [...this.deliveries.keys()].slice(0, limit).map((eventId) => ({ ...ref, eventId })),
        },
        changes: { settle: (attempt) => this.#settle(attempt) },
        enqueueTask: async (command) => {
          this.beforeAsking()
          this.asked.push(command)
        },
        ownersOf: async () => this.owners,
        traceparent: '',
      },
      at(ms),
    )

  async #settle<Outcome>(attempt: (changes: Changes, lost: readonly string[]) => Promise<Outcome>): Promise<Outcome> {
    const changes = new Changes()
    const outcome = await attempt(changes, [])
    for (const { label, action } of changes.writes()) {
      if (!('Put' in action)) throw new Error(`expected a put, got ${label}`)
      const item: unknown = action.Put.Item
      if (label === 'we_1') this.endpoint = item as WebhookEndpoint
      else this.deliveries.set((item as Delivery).eventId, item as Delivery)
    }
    return outcome
  }
}

let scene: Scene
beforeEach(() => {
  scene = new Scene()
})
const stateOf = () => healthOf(scene.endpoint).breaker?.state

describe('an open breaker', () => {
  beforeEach(() => {
    scene.fail(BREAKER_FAILURES)
    scene.parkOne('evt_1')
    scene.parkOne('evt_2')
  })

  it('is left alone before its time', async () => {
    await scene.watch(MINUTE - 1)
    expect([stateOf(), scene.asked]).toEqual(['open', []])
  })

  it('sends its oldest delivery as a probe, once however often ticks come', async () => {
    await scene.watch(MINUTE)
    await scene.watch(MINUTE)
    expect(stateOf()).toBe('half_open')
    expect(scene.asked).toMatchObject([
      {
        id: `webhook#we_1.evt_1#probe#${at(MINUTE).toISOString()}`,
        ...{ name: 'webhook.deliver', queue: 'webhooks-2' },
        input: { endpointId: 'we_1', eventId: 'evt_1', round: 0 },
      },
    ])
  })

  it('sends another probe when one was lost with its process', async () => {
    await scene.watch(MINUTE)
    await scene.watch(MINUTE + PROBE_MS)
    expect(new Set(scene.asked.map(({ id }) => id)).size).toBe(2)
  })

  it('closes when nothing waits', async () => {
    scene.deliveries.clear()
    await scene.watch(MINUTE)
    expect([scene.endpoint.health?.breaker, scene.asked]).toEqual([null, []])
  })

  it('releases everything after a success, then closes', async () => {
    scene.succeed(MINUTE)
    const then = MINUTE + RELEASE_DELAY_MS
    expect(await scene.watch(then - 1)).toBe(0)
    expect(await scene.watch(then)).toBe(2)
    expect(scene.asked.map(({ id }) => id)).toEqual(['webhook#we_1.evt_1#0#1', 'webhook#we_1.evt_2#0#1'])
    expect([...scene.deliveries.values()].filter(isParked)).toEqual([])
    // The index still has them: nothing is asked for again.
    expect(await scene.watch(then)).toBe(0)
    scene.deliveries.clear()
    await scene.watch(then)
    expect([healthOf(scene.endpoint).breaker, scene.asked.length]).toEqual([null, 2])
  })

  it('asks again for the task of a delivery when it died before it wrote that it had', async () => {
    scene.succeed(0)
    scene.beforeAsking = () => {
      scene.beforeAsking = () => {}
      throw new Error('away')
    }
    await expect(scene.watch(RELEASE_DELAY_MS)).rejects.toThrow('away')
    expect([...scene.deliveries.values()].some(isParked)).toBe(true)
    await scene.watch(RELEASE_DELAY_MS)
    expect(new Set(scene.asked.map(({ id }) => id)).size).toBe(2)
    expect([...scene.deliveries.values()].some(isParked)).toBe(false)
  })

  it('leaves waiting what was parked anew by its task before it was written that it no longer waits', async () => {
    scene.succeed(0)
    scene.beforeAsking = () => {
      const delivery = scene.deliveries.get('evt_1')
      if (delivery?.parkings === 1) scene.deliveries.set('evt_1', park(delivery, at(0)))
    }
    await scene.watch(RELEASE_DELAY_MS)
    const [first, second] = [...scene.deliveries.values()]
    expect([first?.parked, first?.parkings, second?.parked]).toEqual([true, 2, false])
  })

  it('gives up what waits when the endpoint was disabled', async () => {
    scene.endpoint = disable(scene.endpoint, 'manual', at(0))
    await scene.watch(RELEASE_DELAY_MS)
    expect([...scene.deliveries.values()]).toMatchObject([
      { status: 'failed', reason: 'endpoint_disabled', parked: false },
      { status: 'failed', reason: 'endpoint_disabled', parked: false },
    ])
    expect(scene.asked).toEqual([])
  })
})

describe('a notice', () => {
  const HALF = 60 * 60 * MINUTE
  beforeEach(() => {
    scene.fail(1)
    scene.fail(1, HALF)
  })

  it('goes to each owner, and is over', async () => {
    scene.owners = [...scene.owners, { userId: 'usr_2', email: 'bob@example.com' }]
    await scene.watch(HALF)
    await scene.watch(HALF)
    expect(scene.asked.map(({ name, input }) => [name, (input as { to: string[] }).to])).toEqual([
      ['email.send', ['ada@example.com']],
      ['email.send', ['bob@example.com']],
    ])
    expect(healthOf(scene.endpoint)).toMatchObject({ notice: null, noticed: 50 })
  })

  it('is over in a workspace without people', async () => {
    scene.owners = []
    await scene.watch(HALF)
    expect([scene.asked, healthOf(scene.endpoint).notice]).toEqual([[], null])
  })

  it('is asked for again, by the same id, when it could not be asked for', async () => {
    scene.beforeAsking = () => {
      throw new Error('away')
    }
    await expect(scene.watch(HALF)).rejects.toThrow('away')
    expect(healthOf(scene.endpoint).notice).toMatchObject({ stage: 50 })
  })
})
