/**
 * Webhooks of Stripe about payments, shuffled and doubled, while the process that applies them is killed.
 *
 * What has to hold at the end, whatever happened, by a model that knows only the events that were sent:
 * 1. every message was kept once, and none waits or failed
 * 2. every order has the amounts and the status that the largest amounts in its events say
 * 3. the ledger balances, its entries add up to its balances, each order's transactions to its amounts, and all to the model
 */
import Stripe from 'stripe'
import { ulid } from 'ulid'
import { MINUTE, SECOND } from '#core/clock.ts'
import type { ChaosOptions } from '../../local/commands/chaos.ts'
import type { Outputs } from '../../local/outputs.ts'
import { testAccess } from '../access.ts'
import { killProcess, processesOf } from './lambda-processes.ts'
import { patientFetch } from './patient-fetch.ts'
import { type ExpectedOrder, expectedOrders, paymentEvents, type SentEvent, shuffled } from './payment-events.ts'

export interface PaymentsChaosOptions extends ChaosOptions {
  /** Different ones; each is sent twice. @default the long form's */
  readonly events?: number
  /** How often the consumer is killed in the midst of its work. */
  readonly kills?: number
}

const LONG = { events: 2_000, kills: 8 }
const CONSUMER = 'backlot-payments-apply-webhooks'
const SECRET = 'whsec_chaos_0123456789abcdef'
const SENDERS = 8
const KILL_EVERY_MS = SECOND
const LOOK_EVERY_MS = 500
/** What a killed process held comes back after its visibility timeout, and may be held by the next one that is killed. */
const DEADLINE_MS = 10 * MINUTE

const stripe = new Stripe('sk_test_unused')

export async function run({
  outputs,
  times,
  events = LONG.events,
  kills = LONG.kills,
}: PaymentsChaosOptions): Promise<void> {
  for (let round = 1; round <= times; round += 1) {
    const began = performance.now()
    const figures = await once(outputs, events, kills)
    const seconds = Math.round((performance.now() - began) / SECOND)
    console.log(`payments, round ${round}: ${events} events, each sent twice, in ${seconds} s, ${figures}`)
  }
}

interface Shop {
  readonly outputs: Outputs
  readonly key: string
  readonly sourceId: string
}

async function once(outputs: Outputs, count: number, kills: number): Promise<string> {
  const shop = await openShop(outputs)
  const events = paymentEvents(count, ulid().toLowerCase())
  const done = new AbortController()
  try {
    const killing = kill(shop, kills, done.signal)
    const duplicates = await sendAll(shop, shuffled([...events, ...events]))
    await killing
    await allSettled(shop)
    const faults = [
      // More are fine: the SDK repeats a put whose answer was late, and finds what it wrote itself.
      ...(duplicates >= count ? [] : [`expected at least ${count} duplicates, got ${duplicates}`]),
      ...messageFaults(await listAll(shop, '/received-webhooks'), events),
      ...(await moneyFaults(shop, expectedOrders(events))),
    ]
    if (faults.length > 0) throw new Error(`${faults.length} faults:\n${faults.slice(0, 20).join('\n')}`)
    return `the consumer killed ${await killing} times`
  } finally {
    done.abort()
  }
}

// biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what is checked
type Body = any

async function call(outputs: Outputs, key: string, path: string, body?: object): Promise<Body> {
  const answer = await patientFetch(`${outputs.edge.url}/api/payments${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!answer.ok) throw new Error(`expected ${path} to answer, got ${answer.status}: ${await answer.text()}`)
  return answer.json()
}

/** A workspace of its own, so that its whole ledger is the model's. */
async function openShop(outputs: Outputs): Promise<Shop> {
  const access = await testAccess(outputs)
  const { text: key } = await access.apiKey({ workspaceId: await access.workspace('Chaos') })
  const source = { name: 'Chaos', kind: 'stripe', secrets: [SECRET] }
  return { outputs, key, sourceId: (await call(outputs, key, '/webhook-sources', source)).id }
}

/** @returns how many were known already */
async function sendAll({ outputs, sourceId }: Shop, events: readonly SentEvent[]): Promise<number> {
  const left = [...events]
  let duplicates = 0
  const sender = async () => {
    for (let event = left.pop(); event !== undefined; event = left.pop()) {
      const payload = JSON.stringify(event)
      const signature = stripe.webhooks.generateTestHeaderString({ payload, secret: SECRET })
      const answer = await fetch(`${outputs.edge.url}/api/payments/webhooks/${sourceId}`, {
        method: 'POST',
        headers: { 'Stripe-Signature': signature },
        body: payload,
      })
      // A sender repeats what was not taken.
      if (answer.status >= 500) left.unshift(event)
      else if (answer.status !== 200) throw new Error(`expected 200, got ${answer.status}: ${await answer.text()}`)
      else if (((await answer.json()) as { duplicate: boolean }).duplicate) duplicates += 1
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  return duplicates
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

const waiting = async ({ outputs, key }: Shop): Promise<number> =>
  (await call(outputs, key, '/received-webhooks?status=received&limit=100')).items.length

/** Kills the consumer while webhooks wait for it, a second apart. */
async function kill(shop: Shop, kills: number, done: AbortSignal): Promise<number> {
  let killed = 0
  while (killed < kills && !done.aborted) {
    const pids = await processesOf(CONSUMER, shop.outputs.endpoint)
    if ((await waiting(shop)) > 0 && pids.map(killProcess).some(Boolean)) killed += 1
    await pause(KILL_EVERY_MS)
  }
  return killed
}

async function allSettled(shop: Shop): Promise<void> {
  const end = performance.now() + DEADLINE_MS
  for (let left = await waiting(shop); left > 0; left = await waiting(shop)) {
    if (performance.now() > end) throw new Error(`expected all to be applied, ${left} or more wait`)
    await pause(LOOK_EVERY_MS)
  }
}

async function listAll({ outputs, key }: Shop, path: string): Promise<readonly Body[]> {
  const found: Body[] = []
  let cursor: string | null = ''
  while (cursor !== null) {
    const page: { items: Body[]; nextCursor: string | null } = await call(
      outputs,
      key,
      `${path}?limit=100${cursor && `&cursor=${cursor}`}`,
    )
    found.push(...page.items)
    cursor = page.nextCursor
  }
  return found
}

function messageFaults(received: readonly Body[], events: readonly SentEvent[]): readonly string[] {
  const byId = new Map(received.map((each) => [each.messageId, each]))
  const missing = events.filter(({ id }) => !byId.has(id)).map(({ id }) => `expected ${id} to be kept`)
  const wrong = received
    .filter(({ status, type }) => status !== (type === 'customer.updated' ? 'ignored' : 'applied'))
    .map((each) => `expected it to be applied or ignored, got ${JSON.stringify(each)}`)
  const count = received.length === events.length ? [] : [`expected ${events.length} rows, got ${received.length}`]
  return [...count, ...missing, ...wrong]
}

async function moneyFaults(shop: Shop, expected: ReadonlyMap<string, ExpectedOrder>): Promise<readonly string[]> {
  const orders = await listAll(shop, '/orders')
  const faults = orders.length === expected.size ? [] : [`expected ${expected.size} orders, got ${orders.length}`]
  const posted = postedByOrder(await listAll(shop, '/ledger/transactions'))
  for (const order of orders) {
    const { id, externalId, status } = order
    const got = { captured: order.captured.amount, refunded: order.refunded.amount, status }
    const wanted = expected.get(externalId)
    if (JSON.stringify(got) !== JSON.stringify(wanted))
      faults.push(`expected ${externalId} to be ${JSON.stringify(wanted)}, got ${JSON.stringify(got)}`)
    const { captured = 0, refunded = 0 } = posted.get(id) ?? {}
    if (captured !== wanted?.captured || refunded !== wanted.refunded)
      faults.push(`expected postings of ${JSON.stringify(wanted)} for ${externalId}, got ${captured} and ${refunded}`)
  }
  return [...faults, ...(await balanceFaults(shop, expected))]
}

interface Posted {
  readonly captured: number
  readonly refunded: number
}

function postedByOrder(transactions: readonly Body[]): ReadonlyMap<string, Posted> {
  const sums = new Map<string, Posted>()
  for (const { orderId, postings } of transactions) {
    let { captured, refunded } = sums.get(orderId) ?? { captured: 0, refunded: 0 }
    for (const { account, amount } of postings) {
      if (account === 'revenue:sales') captured += amount.amount
      if (account === 'contra:refunds') refunded += amount.amount
    }
    sums.set(orderId, { captured, refunded })
  }
  return sums
}

async function balanceFaults(
  { outputs, key }: Shop,
  expected: ReadonlyMap<string, ExpectedOrder>,
): Promise<readonly string[]> {
  const total = (name: 'captured' | 'refunded') => [...expected.values()].reduce((sum, order) => sum + order[name], 0)
  const wanted = {
    'assets:processor': total('captured') - total('refunded'),
    'revenue:sales': -total('captured'),
    'contra:refunds': total('refunded'),
  }
  const { balanced, currencies } = await call(outputs, key, '/ledger/trial-balance?recompute=true')
  const accounts = currencies.flatMap((currency: Body) => currency.accounts)
  const got = new Map(accounts.map(({ account, balance }: Body) => [account, balance]))
  const faults = Object.entries(wanted)
    .filter(([account, balance]) => got.get(account) !== balance)
    .map(([account, balance]) => `expected ${account} to be ${balance}, got ${String(got.get(account))}`)
  return balanced ? faults : ['expected the ledger to balance, and its entries to add up', ...faults]
}
