/** The processor time of our code to acknowledge one webhook, and the AWS calls that it makes. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { cached } from '#core/cached.ts'
import { systemClock } from '#core/clock.ts'
import { createIds } from '#core/ids.ts'
import { createLogger } from '#core/log.ts'
import { systemRandom } from '#core/random.ts'
import { receive } from '../functions/payments/webhooks/in/receive.ts'
import { createKeepWebhook } from '../functions/payments/webhooks/in/received.store.ts'
import { SOURCE_PREFIX } from '../functions/payments/webhooks/in/source.ts'
import { createSourcesStore } from '../functions/payments/webhooks/in/sources.store.ts'
import { createSecretBox, remembering, storedSecret } from '../functions/payments/webhooks/secrets.ts'
import { signStripe } from '../functions/payments/webhooks/stripe-signature.ts'
import { FakeDynamo } from './fake-dynamo.ts'

export interface AckCost {
  /** Microseconds of processor time for each webhook. */
  readonly cpuUs: number
  /** DynamoDB operation → calls for each webhook. */
  readonly calls: ReadonlyMap<string, number>
}

export const SECRET = 'whsec_bench_0123456789abcdef'

/** About 3 kB as Stripe's events of payment intents are. */
export function benchEvent(id: string): string {
  const metadata = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`field_${n}`, 'x'.repeat(100)]))
  const intent = { id: `pi_${id}`, object: 'payment_intent', amount: 4_200, amount_received: 4_200, currency: 'usd' }
  const data = { object: { ...intent, metadata } }
  return JSON.stringify({ id: `evt_${id}`, object: 'event', type: 'payment_intent.succeeded', livemode: false, data })
}

/** Acknowledges `count` webhooks, after as many that are not measured. */
export async function ackCost(count: number): Promise<AckCost> {
  await measure(count)
  return measure(count)
}

async function measure(count: number): Promise<AckCost> {
  const fake = new FakeDynamo()
  const dynamo = DynamoDBDocumentClient.from(
    new DynamoDBClient({
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      requestHandler: fake.requestHandler as never,
    }),
    { marshallOptions: { removeUndefinedValues: true } },
  )
  const clock = systemClock
  const table = 'backlot-payments'
  const box = createSecretBox(async () => new Uint8Array(32), systemRandom)
  const sources = createSourcesStore(dynamo, table)
  const id = createIds(clock, systemRandom)(SOURCE_PREFIX)
  const at = clock.now().toISOString()
  const secrets = [await storedSecret(SECRET, id, box, clock.now())]
  await sources.create({
    ...{ id, workspaceId: 'wsp_1', name: 'Bench', kind: 'stripe', secrets, version: 1, createdAt: at, updatedAt: at },
  })
  const services = {
    findSource: cached((sourceId: string) => sources.find(sourceId), clock),
    secrets: remembering(box),
    keep: createKeepWebhook(dynamo, table),
  }
  const logger = createLogger({ name: 'bench', clock, write: () => {} })
  const trace = { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true }
  const requests = Array.from({ length: count }, (_, n) => {
    const body = Buffer.from(benchEvent(String(n)))
    const headers = { 'stripe-signature': signStripe(body, [SECRET], clock.now()) }
    const path = `/api/payments/webhooks/${id}`
    return { method: 'POST', path, headers, query: {}, body, clientIp: '127.0.0.1' }
  })
  fake.calls.clear()
  const before = process.cpuUsage()
  for (const request of requests) {
    const now = clock.now()
    const log = logger.begin()
    const { status } = await receive({ request, arrivedAt: now, now, trace, log }, services)
    log.end()
    if (status !== 200) throw new Error(`expected 200, got ${status}`)
  }
  const { user, system } = process.cpuUsage(before)
  return { cpuUs: (user + system) / count, calls: new Map([...fake.calls].map(([name, n]) => [name, n / count])) }
}
