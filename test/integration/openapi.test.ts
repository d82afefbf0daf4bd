import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { OpenApiDocument, OperationObject } from '#core/openapi-document.ts'
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, ROLES } from '#core/permissions.ts'
import { isSettled, type RunStatus } from '../../functions/etl/runs/run.ts'
import { documents } from '../../local/commands/openapi.ts'
import { type TestAccess, testAccess } from '../access.ts'
import { checkedFetch, committedDocument } from '../answers.ts'
import { eventually } from './links-cloud.ts'
import { deliver, STRIPE_SECRET, startWebhookReceiver, stripeHeaders } from './payments-senders.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly operation: OperationObject
}

const document = committedDocument()
const operations: Operation[] = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
)
const named = (list: readonly Operation[]) => list.map((entry) => [entry.operation.operationId, entry] as const)
const guarded = operations.filter(({ operation }) => operation['x-permission'] !== 'public')
/** Routes that a key can be allowed; the others are for people who are signed in. */
const ofKeys = guarded.filter(({ operation }) => operation['x-permission'] !== 'person')
/** The name of a queue or an account means the caller's own, whoever else has one of that name. */
const ofObjects = ofKeys.filter(({ path }) => path.includes('{') && !/\{(queue|account)\}/.test(path))

const outputs = inject('outputs')
const call = checkedFetch(outputs.edge.url)

let access: TestAccess
let workspaceId: string
let owner: string
let stranger: string
beforeAll(async () => {
  access = await testAccess(outputs)
  workspaceId = await access.workspace()
  owner = (await access.apiKey({ workspaceId })).text
  stranger = (await access.apiKey({ workspaceId: await access.workspace('Stranger') })).text
})

/** Any id of the right shape that nothing has. */
const filled = (path: string, params: Readonly<Record<string, string>> = {}): string =>
  path.replace(/\{(\w+)\}/g, (_, name: string) => params[name] ?? 'lnk_00000000000000000000000000')

/** Of routes whose description has no example. */
const BODIES: Readonly<Record<string, object>> = {
  changeMember: { role: 'viewer' },
  rotateApiKey: {},
  decideRefund: { outcome: 'failed' },
  rotateClientSecret: {},
  updateSchedule: { name: 'Other' },
  createWebhookSource: { name: 'Test', kind: 'stripe' },
  updateWebhookSource: { name: 'Other' },
  createWebhookEndpoint: { url: 'https://example.com/hooks' },
  updateWebhookEndpoint: { description: 'Other' },
  rotateWebhookSecret: {},
  resendFailedWebhooks: { since: '2026-11-21T10:15:00.000Z' },
}

/** The example, with a slug of its own: the example's belongs to whoever comes first. */
function bodyOf(operation: OperationObject): object | undefined {
  const described = operation.requestBody?.content['application/json']?.example
  const example = described ?? BODIES[operation.operationId]
  if (typeof example !== 'object' || example === null) return undefined
  return 'slug' in example ? { ...example, slug: `t-${crypto.randomUUID()}` } : example
}

/** With the example body, so that nothing but the caller can be wrong with the request. */
function send({ method, path, operation }: Operation, key?: string, params?: Readonly<Record<string, string>>) {
  const body = bodyOf(operation)
  return call(filled(path, params), {
    method,
    headers: {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

/** Of every route that the path can mean: `/invitations/accept` is also an `/invitations/{id}`. */
function methodsAt(path: string): string[] {
  const meant = Object.entries(document.paths).filter(([template]) =>
    new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(path),
  )
  return [...new Set(meant.flatMap(([, item]) => Object.keys(item).map((method) => method.toUpperCase())))]
}

const codeOf = async (response: Response): Promise<unknown> =>
  response.headers.get('content-type')?.includes('problem+json')
    ? ((await response.json()) as { code: unknown }).code
    : undefined

describe('the document', () => {
  it('is served as it is committed, with the origin that it is served from', async () => {
    const served = (await (await call('/api/openapi.json')).json()) as OpenApiDocument
    const [server] = document.servers
    const expected: unknown = JSON.parse(JSON.stringify(document).replaceAll(server?.url ?? '', outputs.edge.url))
    expect(served).toEqual(expected)
  })

  it.each([...documents().keys()].filter((name) => name !== 'backlot.json'))(
    '%s is what its service says of itself',
    async (name) => {
      const served = (await (await call(`/api/${name.replace('.json', '')}/openapi.json`)).json()) as OpenApiDocument
      expect({ ...served, servers: [] }).toEqual({ ...JSON.parse(JSON.stringify(documents().get(name))), servers: [] })
    },
  )

  it('has a service for every API that is deployed', () => {
    const withApi = Object.entries(outputs.stacks).filter(([, stack]) => stack['ApiId'] !== undefined)
    expect(document.tags.map(({ name }) => name).sort()).toEqual(withApi.map(([id]) => id.toLowerCase()).sort())
  })
})

describe('every described route', () => {
  it.each(named(operations))('%s is there', async (_, entry) => {
    expect(await codeOf(await send(entry, owner))).not.toBe('route_not_found')
  })

  it.each(named(operations.filter(({ path }) => path.startsWith('/api/'))))(
    '%s has no other method than those described',
    async (_, { path }) => {
      const response = await call(filled(path), { method: 'OPTIONS' }).catch(() =>
        fetch(new URL(filled(path), outputs.edge.url), { method: 'OPTIONS' }),
      )
      const described = methodsAt(filled(path))
      const expected = [...described, ...(described.includes('GET') ? ['HEAD'] : []), 'OPTIONS']
      expect(response.headers.get('allow')?.split(', ').sort()).toEqual(expected.sort())
    },
  )
})

describe('without a key', () => {
  it.each(named(guarded))('%s answers 401', async (_, entry) => {
    const response = await send(entry)
    expect([response.status, await codeOf(response)]).toEqual([401, 'unauthenticated'])
  })

  it.each([
    ['a key that nobody made', 'bk_01KDVDNA000000000000000000_0'],
    ['no key at all', 'x'],
  ])('%s answers 401', async (_, key) => {
    for (const entry of guarded) expect((await send(entry, key)).status).toBe(401)
  })

  it('a revoked and an expired key answer 401', async () => {
    const [entry] = guarded
    if (entry === undefined) throw new Error('expected a route that needs a key')
    const past = new Date(Date.now() - 1_000).toISOString()
    const revoked = await access.apiKey({ workspaceId, revokedAt: past })
    const expired = await access.apiKey({ workspaceId, expiresAt: past })
    expect([(await send(entry, revoked.text)).status, (await send(entry, expired.text)).status]).toEqual([401, 401])
  })
})

describe('without the permission', () => {
  it.each(named(ofKeys))('%s answers 403 to a key whose scopes lack it', async (_, entry) => {
    const scopes = PERMISSIONS.filter((permission) => permission !== entry.operation['x-permission'])
    const { text } = await access.apiKey({ workspaceId, scopes })
    const response = await send(entry, text)
    expect([response.status, await codeOf(response)]).toEqual([403, 'permission_denied'])
  })

  const lacking = ofKeys.flatMap((entry) =>
    ROLES.filter((role) => !ROLE_PERMISSIONS[role].includes(entry.operation['x-permission'] as Permission)).map(
      (role) => [entry.operation.operationId, role, entry] as const,
    ),
  )
  it.each(lacking)('%s answers 403 to a %s', async (_, role, entry) => {
    const { text } = await access.apiKey({ workspaceId, role })
    const response = await send(entry, text)
    expect([response.status, await codeOf(response)]).toEqual([403, 'permission_denied'])
  })
})

/** Makes an object of the workspace and returns the path's parameters. A new kind of object needs its line here. */
const MAKERS: Readonly<Record<string, (key: string) => Promise<Record<string, string>>>> = {
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
  '/api/auth/members': async () => ({ id: await access.member(workspaceId) }),
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
  '/api/etl/uploads/{id}': async (key) => ({ id: await newUpload(key, await newDataset(key)) }),
  '/api/etl/runs/{id}': (key) => {
    const made = runs.get(key) ?? newRun(key)
    runs.set(key, made)
    return made
  },
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

/** By key: one serves all routes, for none may change it, and making one takes seconds. */
const runs = new Map<string, Promise<{ id: string }>>()

async function newRun(key: string): Promise<{ id: string }> {
  const upload = await newUpload(key, await newDataset(key))
  const id = await eventually(
    async () => (await asOwner<{ runId: string | null }>(key, `/api/etl/uploads/${upload}`)).runId,
    (runId) => runId !== null,
  )
  const read = () => asOwner<{ status: RunStatus }>(key, `/api/etl/runs/${id}`)
  // One that still works would change while the stranger knocks.
  await eventually(read, ({ status }) => isSettled(status))
  return { id: id ?? '' }
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

function makerOf(path: string) {
  const found = Object.entries(MAKERS).find(([prefix]) => path.startsWith(prefix))
  if (found === undefined) throw new Error(`expected a maker of objects for ${path}`)
  return found
}

describe('with the key of another workspace', () => {
  it.each(named(ofObjects))('%s answers 404, as for what does not exist, and changes nothing', async (_, entry) => {
    const [objectPath, make] = makerOf(entry.path)
    const params = await make(owner)
    const read = () => call(filled(objectPath, params), { headers: { Authorization: `Bearer ${owner}` } })
    const before = await read()
    const response = await send(entry, stranger, params)
    expect([response.status, await codeOf(response)]).toEqual([404, 'not_found'])
    const after = await read()
    expect([after.status, after.headers.get('etag'), await after.text()]).toEqual([
      200,
      before.headers.get('etag'),
      await before.text(),
    ])
  })
})
