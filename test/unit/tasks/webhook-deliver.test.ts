import { describe, expect, it } from 'vitest'
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'
import type { Delivered, DeliveryOrder } from '#core/webhook-delivery.ts'
import { MAX_TRIES } from '../../../functions/payments/webhooks/out/delivery.ts'
import type { TaskContext } from '../../../functions/tasks/kinds/task-definition.ts'
import { webhookDeliver } from '../../../functions/tasks/kinds/webhook-deliver.ts'
import { retryDelay } from '../../../functions/tasks/states/backoff.ts'
import { clockAt } from '../core/doubles.ts'
import { NOW } from './samples.ts'

const INPUT = { endpointId: 'we_1', eventId: 'evt_1', round: 0 }

async function run(delivered: Delivered) {
  const orders: DeliveryOrder[] = []
  const context: TaskContext = {
    clock: clockAt(NOW.toISOString()),
    http: { send: async () => ({ kind: 'failed', code: 'none', detail: '' }) },
    sendMail: async () => ({ messageId: '' }),
    deliverWebhook: async (order) => {
      orders.push(order)
      return delivered
    },
    ...{ taskId: 'tsk_1', workspaceId: 'wsp_1', attempt: 1, idempotencyKey: 'tsk_1', traceparent: '' },
    signal: new AbortController().signal,
  }
  const result = await webhookDeliver.handler(INPUT, context)
  return { result, orders }
}

describe('webhook.deliver', () => {
  it('waits as Standard Webhooks recommends, a fifth more or less', () => {
    const delays = [5 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 24 * HOUR]
    for (const [index, delay] of delays.entries()) {
      const drawn = [0, 0.5, 0.999_999].map((jitter) => retryDelay(webhookDeliver.retry, index + 1, jitter) / delay)
      expect(drawn[0]).toBeCloseTo(0.8, 3)
      expect(drawn[1]).toBeCloseTo(1, 3)
      expect(drawn[2]).toBeCloseTo(1.2, 3)
    }
    expect(webhookDeliver.retry.attempts).toBe(delays.length + 1)
    // Deliveries and tasks give up at the same try.
    expect(webhookDeliver.retry.attempts).toBe(MAX_TRIES)
  })

  it('is never tried before Retry-After, and not later than it for more than a day and a tenth', () => {
    expect(retryDelay(webhookDeliver.retry, 1, 0, HOUR)).toBe(HOUR)
    expect(retryDelay(webhookDeliver.retry, 1, 1, 9 * DAY)).toBeLessThanOrEqual(1.1 * DAY)
  })

  it('asks for one try in its workspace, and keeps how it was answered', async () => {
    expect(await run({ kind: 'done', status: 204 })).toEqual({
      result: { status: 204 },
      orders: [{ workspaceId: 'wsp_1', ...INPUT }],
    })
  })

  it('is tried again, or over, as the delivery says', async () => {
    const again = { kind: 'again', code: 'http_503', detail: 'not now', retryAfter: '120' } as const
    await expect(run(again)).rejects.toMatchObject({ name: 'RetryLaterError', code: 'http_503', retryAfterMs: 120_000 })
    const over = { kind: 'over', code: 'http_410', detail: 'gone' } as const
    await expect(run(over)).rejects.toMatchObject({ name: 'PermanentError', code: 'http_410' })
  })

  it.each([[{ endpointId: 'we_1', eventId: 'evt_1' }], [{ ...INPUT, round: -1 }], [{ ...INPUT, url: 'https://x' }]])(
    'does not take %j',
    (input) => {
      expect(webhookDeliver.input.safeParse(input).success).toBe(false)
    },
  )
})
