/** What a consumer of the bus hears of a workspace. */
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { AUTH_EVENTS } from '../../functions/auth/events.ts'
import { SECOND } from '../../layers/core/clock.ts'
import { listen } from '../chaos/bus-listener.ts'
import { newPerson, newWorkspace, type Person } from './auth-cloud.ts'

const outputs = inject('outputs')
/** Through a stream, a function and a rule, on a busy machine. */
const DEADLINE_MS = 60 * SECOND

let ann: Person
let workspace: string
let listener: Awaited<ReturnType<typeof listen>>
beforeAll(async () => {
  ann = await newPerson(outputs.edge.url)
  workspace = await newWorkspace(ann, 'News')
  listener = await listen(outputs, 'backlot.auth', workspace)
}, 120_000)
afterAll(() => listener.close())

it('keys that are made, rotated and revoked are news, in order', async () => {
  const call = (method: string, path: string, body?: object) =>
    ann.browser.call(method, `/api/auth/api-keys${path}`, { workspace, ...(body && { body }) })
  const first = (await call('POST', '', { name: 'First', scopes: ['links:read'] })).body
  const second = (await call('POST', `/${first.id}/rotate`, { overlapSeconds: 60 })).body
  expect(await call('DELETE', `/${first.id}`)).toMatchObject({ status: 204 })

  const heard = new Map<string, Awaited<ReturnType<typeof listener.hear>>[number]>()
  const end = performance.now() + DEADLINE_MS
  while (heard.size < 3 && performance.now() < end)
    // That the workspace was made may be told after the listener began.
    for (const event of await listener.hear()) if (event.type !== 'WorkspaceCreated') heard.set(event.id, event)
  const events = [...heard.values()].toSorted((a, b) => a.sequence - b.sequence)
  for (const event of events) AUTH_EVENTS[event.type as keyof typeof AUTH_EVENTS].parse(event)
  expect(events.map(({ type, data }) => ({ type, data }))).toMatchObject([
    { type: 'ApiKeyCreated', data: { keyId: first.id, role: 'owner' } },
    { type: 'ApiKeyRotated', data: { keyId: first.id, replacedBy: second.id } },
    { type: 'ApiKeyRevoked', data: { keyId: first.id } },
  ])
  expect(JSON.stringify(events)).not.toContain(first.key)
}, 120_000)
