import { beforeAll, describe, expect, inject, it } from 'vitest'
import type { OpenApiDocument, OperationObject } from '#core/openapi-document.ts'
import { PERMISSIONS, type Permission, ROLE_PERMISSIONS, ROLES } from '#core/permissions.ts'
import { documents } from '../../local/commands/openapi.ts'
import { type KeyOptions, type TestAccess, testAccess } from '../access.ts'
import { checkedFetch, committedDocument } from '../answers.ts'
import { makerOf } from './openapi-objects.ts'

interface Operation {
  readonly method: string
  readonly path: string
  readonly operation: OperationObject
}

const document = committedDocument()
/** But for those with Stripe's errors: payments-stripe-access.test.ts calls each of them. */
const operations: Operation[] = Object.entries(document.paths)
  .flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  .filter(({ operation }) => !operation.tags.includes('stripe'))
const named = (list: readonly Operation[]) => list.map((entry) => [entry.operation.operationId, entry] as const)
const guarded = operations.filter(({ operation }) => operation['x-permission'] !== 'public')
const firstOfServices = [...new Map([...guarded].reverse().map((entry) => [entry.path.split('/')[2], entry])).values()]
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

/** A key of the workspace that may do just this; one for all who ask for the same. */
const keys = new Map<string, Promise<{ readonly text: string }>>()
async function keyThatMay(options: Omit<KeyOptions, 'workspaceId'>): Promise<string> {
  const name = JSON.stringify(options)
  const key = keys.get(name) ?? access.apiKey({ workspaceId, ...options })
  keys.set(name, key)
  return (await key).text
}

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

  it('has a service for every API that is deployed, and what Stripe’s SDKs call', () => {
    const withApi = Object.entries(outputs.stacks).filter(([, stack]) => stack['ApiId'] !== undefined)
    const expected = [...withApi.map(([id]) => id.toLowerCase()), 'stripe']
    expect(document.tags.map(({ name }) => name).sort()).toEqual(expected.sort())
  })
})

describe.concurrent('every described route', () => {
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

describe.concurrent('without a key', () => {
  it.each(named(guarded))('%s answers 401', async (_, entry) => {
    const response = await send(entry)
    expect([response.status, await codeOf(response)]).toEqual([401, 'unauthenticated'])
  })

  it.each([
    ['a key that nobody made', 'bk_01KDVDNA000000000000000000_0'],
    ['no key at all', 'x'],
  ])('%s answers 401', async (_, key) => {
    // One of each service, which has one gate for all its routes: failing too often from one address is limited.
    for (const entry of firstOfServices) expect((await send(entry, key)).status).toBe(401)
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

describe.concurrent('without the permission', () => {
  it.each(named(ofKeys))('%s answers 403 to a key whose scopes lack it', async (_, entry) => {
    const scopes = PERMISSIONS.filter((permission) => permission !== entry.operation['x-permission'])
    const response = await send(entry, await keyThatMay({ scopes }))
    expect([response.status, await codeOf(response)]).toEqual([403, 'permission_denied'])
  })

  const lacking = ofKeys.flatMap((entry) =>
    ROLES.filter((role) => !ROLE_PERMISSIONS[role].includes(entry.operation['x-permission'] as Permission)).map(
      (role) => [entry.operation.operationId, role, entry] as const,
    ),
  )
  it.each(lacking)('%s answers 403 to a %s', async (_, role, entry) => {
    const response = await send(entry, await keyThatMay({ role }))
    expect([response.status, await codeOf(response)]).toEqual([403, 'permission_denied'])
  })
})

/** The object with its ETag; what has no route of its own as it stands in its list, which others change meanwhile. */
async function readAsOwner(path: string, params: Readonly<Record<string, string>>): Promise<readonly unknown[]> {
  const isList = !path.includes('{')
  const isPaged = document.paths[path]?.['get']?.parameters?.some(
    (parameter) => 'name' in parameter && parameter.name === 'limit',
  )
  const response = await call(`${filled(path, params)}${isPaged ? '?limit=100' : ''}`, {
    headers: { Authorization: `Bearer ${owner}` },
  })
  expect(response.status).toBe(200)
  const body: unknown = await response.json()
  if (!isList) return [response.headers.get('etag'), body]
  const found = (body as { items: object[] }).items.filter((item) => Object.values(item).includes(params['id']))
  expect(found).toHaveLength(1)
  return found
}

describe.concurrent('with the key of another workspace', () => {
  it.each(named(ofObjects))('%s answers 404, as for what does not exist, and changes nothing', async (_, entry) => {
    const [objectPath, make] = makerOf(entry.path)
    const params = await make(owner, { access, workspaceId })
    const before = await readAsOwner(objectPath, params)
    const response = await send(entry, stranger, params)
    expect([response.status, await codeOf(response)]).toEqual([404, 'not_found'])
    expect(await readAsOwner(objectPath, params)).toEqual(before)
  })
})
