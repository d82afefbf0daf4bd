/**
 * `bench/payments`: our processor time and AWS calls to acknowledge one webhook, what a million of them cost on AWS, and then,
 * when a local cloud is running, how long a sender waits, and how soon its order is paid.
 */
import { parseArgs } from 'node:util'
import { ulid } from 'ulid'
import { signStripe } from '../functions/payments/webhooks/stripe-signature.ts'
import type { Outputs } from '../local/outputs.ts'
import { median, percentile, type Row, report, rounded, timed, until } from './measure.ts'
import { ackCost, benchEvent, SECRET } from './payments-cpu.ts'
import { runningCloud } from './running-cloud.ts'

const CPU_WEBHOOKS = 2_000
const DEFAULT_WEBHOOKS = 200
const SENDERS = 10
const WAIT = { withinMs: 120_000, everyMs: 50 }

export async function main(args: readonly string[] = []): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { webhooks: { type: 'string', default: String(DEFAULT_WEBHOOKS) }, json: { type: 'string' } },
  })
  await reportCpu(values.json)
  await reportPrice(values.json?.replace(/(\.json)?$/, '.price.json'))
  await reportEndToEnd(Number(values.webhooks), values.json?.replace(/(\.json)?$/, '.end-to-end.json'))
  return 0
}

async function reportCpu(json: string | undefined): Promise<void> {
  const { cpuUs, calls } = await ackCost(CPU_WEBHOOKS)
  const row: Row = {
    'CPU (µs per webhook)': rounded(cpuUs),
    'DynamoDB calls per webhook': [...calls].map(([operation, n]) => `${rounded(n)} ${operation}`).join(', '),
    'body (bytes)': benchEvent('0').length,
  }
  const notes = [
    `${CPU_WEBHOOKS} webhooks of one source, one after the other: signature, name, conditional put, log line. Real stores and SDK; the database answers from memory. The source is read every five seconds.`,
  ]
  await report({ name: 'Payments, acknowledging a webhook', rows: [row], notes }, json)
}

/** us-east-1, on demand, November 2026, in dollars for a million. https://aws.amazon.com/pricing/ */
const PRICE = { writeUnit: 0.625, readUnit: 0.125, sqsRequest: 0.4, lambdaRequest: 0.2, gatewayRequest: 3.5 }
/** Dollars for a GB-second on arm64, for a million. */
const GB_SECOND = 13.3334

/** What one webhook of 3 kB about a payment elsewhere needs, from the sender's request to the ledger. */
function shares(): readonly { readonly what: string; readonly sum: string; readonly price: number }[] {
  const gbSeconds = (ms: number, gb: number) => (ms / 1_000) * gb * GB_SECOND
  return [
    {
      what: 'Acknowledged: gateway and Lambda',
      sum: '1 API Gateway + 1 Lambda request, 10 ms of 0.5 GB',
      price: PRICE.gatewayRequest + PRICE.lambdaRequest + gbSeconds(10, 0.5),
    },
    {
      what: 'Acknowledged: DynamoDB',
      sum: '4 write units (row of 3.5 kB) + 2 (indexes) + 0.1 read units (source, kept for 5 s)',
      price: 6 * PRICE.writeUnit + 0.1 * PRICE.readUnit,
    },
    {
      what: 'Handed on: stream reader and queue',
      sum: '0.05 Lambda requests of 20 ms, 0.25 GB; 0.1 SendMessageBatch + 0.4 (receive, delete in fives)',
      price: 0.05 * (PRICE.lambdaRequest + gbSeconds(20, 0.25)) + 0.5 * PRICE.sqsRequest,
    },
    {
      what: 'Applied: Lambda',
      sum: '0.2 requests, 40 ms of 0.5 GB each webhook',
      price: 0.2 * PRICE.lambdaRequest + gbSeconds(40, 0.5),
    },
    {
      what: 'Applied: DynamoDB',
      sum:
        '2 read units (row, reference) + 26 write units (a transaction, twice 13: row 4, order 1, reference 1, event 2, ' +
        'ledger 1, entries 2, balances 2) + 8 (indexes)',
      price: 2 * PRICE.readUnit + 34 * PRICE.writeUnit,
    },
  ]
}

async function reportPrice(json: string | undefined): Promise<void> {
  const parts = shares()
  const total = parts.reduce((sum, { price }) => sum + price, 0)
  const rows: Row[] = parts.map(({ what, sum, price }) => ({
    'for one webhook': what,
    sum,
    '$ per million': rounded(price),
  }))
  rows.push({ 'for one webhook': 'all', sum: '', '$ per million': rounded(total) })
  const notes = [
    'us-east-1, on demand; logs and data transfer left out. One that moves nothing (a repetition) costs the first two rows.',
  ]
  await report({ name: 'Payments, price of a webhook on AWS', rows, notes }, json)
}

async function reportEndToEnd(count: number, json: string | undefined): Promise<void> {
  const outputs = await runningCloud('Payments, end to end')
  if (outputs === undefined) return
  const source = await call<{ id: string }>(outputs, '/webhook-sources', {
    ...{ name: 'Bench', kind: 'stripe', secrets: [SECRET] },
  })
  // The first is on a cold environment.
  await send(outputs, source.id, ulid())
  const waits: number[] = []
  for (let n = 0; n < count; n += 1) waits.push(await send(outputs, source.id, ulid()))
  const { ms } = await timed(() =>
    Promise.all(
      Array.from({ length: SENDERS }, async () => {
        for (let n = 0; n < count / SENDERS; n += 1) await send(outputs, source.id, ulid())
      }),
    ),
  )
  const row: Row = {
    'acknowledged, median (ms)': rounded(median(waits)),
    'p95 (ms)': rounded(percentile(waits, 0.95)),
    webhooks: count,
    [`per second, ${SENDERS} senders`]: rounded(count / (ms / 1_000)),
    'sent → order paid (ms)': rounded(await untilPaid(outputs, source.id)),
  }
  const notes = [
    'Through the edge, API Gateway and Lambda of the local cloud, on the same machine. The last figure is of one webhook, after the others were applied.',
  ]
  await report({ name: 'Payments, webhooks end to end', rows: [row], notes }, json)
}

async function call<T>({ edge, apiKey }: Outputs, path: string, body?: object): Promise<T> {
  const answer = await fetch(`${edge.url}/api/payments${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${apiKey}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`expected ${path} to answer, got ${answer.status}: ${await answer.text()}`)
  return (await answer.json()) as T
}

/** @returns how long the sender waited, in milliseconds */
async function send({ edge }: Outputs, sourceId: string, id: string): Promise<number> {
  const body = benchEvent(id)
  const headers = { 'Stripe-Signature': signStripe(Buffer.from(body), [SECRET], new Date()) }
  const { ms, value } = await timed(async () => {
    const answer = await fetch(`${edge.url}/api/payments/webhooks/${sourceId}`, { method: 'POST', headers, body })
    return { status: answer.status, text: await answer.text() }
  })
  if (value.status !== 200) throw new Error(`expected 200, got ${value.status}: ${value.text}`)
  return ms
}

interface Page {
  readonly items: readonly object[]
}

async function untilPaid(outputs: Outputs, sourceId: string): Promise<number> {
  const isIdle = async () =>
    (await call<Page>(outputs, '/received-webhooks?status=received&limit=1')).items.length === 0
  await until('all webhooks to be applied', isIdle, WAIT)
  const id = ulid()
  const { ms } = await timed(async () => {
    await send(outputs, sourceId, id)
    const isPaid = async () => (await call<Page>(outputs, `/orders?externalId=pi_${id}`)).items.length > 0
    await until('the order to be paid', isPaid, WAIT)
  })
  return ms
}

if (import.meta.main) process.exitCode = await main(process.argv.slice(2))
