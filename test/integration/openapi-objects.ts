/** Objects of every kind, each made through the API as its owner would, for the tests that are made from the OpenAPI document. */
import { expect, inject } from 'vitest'
import { isSettled, type RunStatus } from '../../functions/etl/runs/run.ts'
import type { TestAccess } from '../access.ts'
import { checkedFetch } from '../answers.ts'
import { eventually } from './links-cloud.ts'
import { deliver, STRIPE_SECRET, startWebhookReceiver, stripeHeaders } from './payments-senders.ts'

const outputs = inject('outputs')
const call = checkedFetch(outputs.edge.url)

/** Makes an object for the owner of a key and returns the path's parameters. */
type Maker = (key: string, workspace: TestWorkspace) => Promise<Record<string, string>>

/** Whose objects these are, for what a key alone can't make. */
export interface TestWorkspace {
  readonly access: TestAccess
  readonly workspaceId: string
}

/** By the path of the object. A new kind of object needs its line here. */
const MAKERS: Readonly<Record<string, Maker>> = {
  '/api/links/links/{id}': async (key) => {
    const response = await call('/api/links/links', {
      method: 'POST',
      headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify({ url: 'https://example.com/' }),
    })
    return { id: ((await response.json()) as { id: string }).id }
  },
  '/api/tasks/tasks/{id}': async (key) => {
    const runAt = new Date(Date.now() + 24 * 60 * 60 * 1_000).toISOString()
    const input = { url: 'https://example.com/' }
    return asOwner(key, '/api/tasks/tasks', { name: 'http.request', input, runAt })
  },
  '/api/schedules/schedules/{id}': async (key) =>
    asOwner(key, '/api/schedules/schedules', {
      ...{ name: 'Test', expression: '30 2 * * *', timeZone: 'Europe/Berlin' },
      target: { type: 'event', data: {} },
    }),
  '/api/auth/members': async (_, { access, workspaceId }) => ({ id: await access.member(workspaceId) }),
  '/api/auth/invitations': async (key) =>
    asOwner(key, '/api/auth/invitations', { email: `${crypto.randomUUID()}@example.com`, role: 'viewer' }),
  '/api/auth/api-keys': async (key) => asOwner(key, '/api/auth/api-keys', { name: 'Test' }),
  '/api/auth/clients': async (key) =>
    asOwner(key, '/api/auth/clients', {
      ...{ name: 'Test', type: 'confidential', grants: ['client_credentials'], scopes: ['links:read'] },
    }),
  '/api/payments/orders/{id}': async (key) => ({ id: (await newPayment(key)).orderId }),
  '/api/payments/refunds/{id}': async (key) => {
    const { id: payment_intent } = await newPayment(key)
    return { id: (await stripe(key, '/v1/refunds', { payment_intent })).id }
  },
  '/api/payments/receipts/{id}': async (key) => {
    const { orderId } = await newPayment(key)
    const list = () => asOwner<{ items: { id: string }[] }>(key, `/api/payments/receipts?orderId=${orderId}`)
    const { items } = await eventually(list, (seen) => seen.items.length > 0)
    return { id: items[0]?.id ?? '' }
  },
  '/api/payments/webhook-sources/{id}/received/{message}': newReceivedWebhook,
  '/api/payments/webhook-sources/{id}': async (key) =>
    asOwner(key, '/api/payments/webhook-sources', { name: 'Test', kind: 'standard-webhooks' }),
  '/api/payments/webhook-endpoints/{id}/deliveries/{event}': newDelivery,
  '/api/payments/webhook-endpoints/{id}': async (key) =>
    asOwner(key, '/api/payments/webhook-endpoints', { url: 'https://example.com/hooks' }),
  '/api/etl/datasets/{name}': async (key) => ({ name: await newDataset(key) }),
  '/api/etl/uploads/{id}': async (key) => ({ id: (await runOf(key)).uploadId }),
  '/api/etl/runs/{id}': async (key) => ({ id: (await runOf(key)).id }),
}

/** Of a type without meaning, so that it comes to rest. */
async function newReceivedWebhook(key: string): Promise<Record<string, string>> {
  const body = { name: 'Test', kind: 'stripe', secrets: [STRIPE_SECRET] }
  const { id } = await asOwner<{ id: string }>(key, '/api/payments/webhook-sources', body)
  const message = `evt_${crypto.randomUUID()}`
  const payload = JSON.stringify({ id: message, type: 'customer.updated', data: { object: {} } })
  expect((await deliver(id, payload, stripeHeaders(payload))).status).toBe(200)
  const read = () => asOwner<{ status: string }>(key, `/api/payments/webhook-sources/${id}/received/${message}`)
  await eventually(read, ({ status }) => status === 'ignored')
  return { id, message }
}

/** To a receiver that wants no more, so that it is tried once. */
async function newDelivery(key: string): Promise<Record<string, string>> {
  const receiver = await startWebhookReceiver()
  receiver.answer = (_, response) => response.writeHead(410).end()
  try {
    const endpoint = await asOwner<{ id: string }>(key, '/api/payments/webhook-endpoints', { url: receiver.url })
    const path = `/api/payments/webhook-endpoints/${endpoint.id}`
    const { eventId } = await asOwner<{ eventId: string }>(key, `${path}/test`, {})
    const list = () => asOwner<{ items: { status: string }[] }>(key, `${path}/deliveries`)
    await eventually(list, ({ items }) => items.length > 0 && items.every(({ status }) => status === 'failed'))
    return { id: endpoint.id, event: eventId }
  } finally {
    await receiver.close()
  }
}

/** A payment of `/v1`, which speaks Stripe's language and not that of the document. */
async function newPayment(key: string): Promise<{ readonly id: string; readonly orderId: string }> {
  const id = (await stripe(key, '/v1/payment_intents', PAYMENT)).id
  const { items } = await asOwner<{ items: { id: string }[] }>(key, `/api/payments/orders?externalId=${id}`)
  return { id, orderId: items[0]?.id ?? '' }
}

const PAYMENT = { amount: '4200', currency: 'usd', payment_method: 'pm_card_pendingRefund', confirm: 'true' }

async function stripe(key: string, path: string, fields: Record<string, string>): Promise<{ readonly id: string }> {
  const answer = await fetch(new URL(path, outputs.edge.url), {
    method: 'POST',
    headers: { Authorization: `Bearer ${key}` },
    body: new URLSearchParams(fields),
  })
  expect(answer.status).toBe(200)
  return (await answer.json()) as { id: string }
}

interface Landed {
  /** Of the run, which is over: one that still works would change while the stranger knocks. */
  readonly id: string
  readonly uploadId: string
}

/** By key: one serves all routes, for none may change it, and making one takes seconds. */
const runs = new Map<string, Promise<Landed>>()
function runOf(key: string): Promise<Landed> {
  const made = runs.get(key) ?? newRun(key)
  runs.set(key, made)
  return made
}

async function newRun(key: string): Promise<Landed> {
  const uploadId = await newUpload(key, await newDataset(key))
  const id = await eventually(
    async () => (await asOwner<{ runId: string | null }>(key, `/api/etl/uploads/${uploadId}`)).runId,
    (runId) => runId !== null,
  )
  const read = () => asOwner<{ status: RunStatus }>(key, `/api/etl/runs/${id}`)
  await eventually(read, ({ status }) => isSettled(status))
  return { id: id ?? '', uploadId }
}

async function asOwner<T>(key: string, path: string, body?: object): Promise<T> {
  const headers = { Authorization: `Bearer ${key}`, ...(body && { 'Content-Type': 'application/json' }) }
  const response = await call(path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) })
  return (await response.json()) as T
}

async function newDataset(key: string): Promise<string> {
  const name = `t_${crypto.randomUUID().replaceAll('-', '')}`
  await asOwner(key, '/api/etl/datasets', { name, format: { type: 'csv' }, columns: [{ name: 'id', type: 'integer' }] })
  return name
}

async function newUpload(key: string, dataset: string): Promise<string> {
  const body = 'id\n1\n'
  const upload = await asOwner<{ id: string; url: string; headers: Record<string, string> }>(key, '/api/etl/uploads', {
    ...{ dataset, bytes: body.length },
  })
  await fetch(upload.url, { method: 'PUT', headers: upload.headers, body })
  return upload.id
}

/** The path of the object that a route is about, and what makes one. */
export function makerOf(path: string) {
  const found = Object.entries(MAKERS).find(([prefix]) => path.startsWith(prefix))
  if (found === undefined) throw new Error(`expected a maker of objects for ${path}`)
  return found
}
