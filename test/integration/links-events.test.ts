import { beforeAll, expect, inject, it } from 'vitest'
import { linkCreated, linkDeleted, linkUpdated } from '../../functions/links/events.ts'
import { type BusListener, type Heard, listen } from '../chaos/bus-listener.ts'
import { eventually, LINKS, newWorkspace, type Workspace } from './links-cloud.ts'

let workspace: Workspace
let bus: BusListener
beforeAll(async () => {
  workspace = await newWorkspace()
  bus = await listen(inject('outputs'), 'backlot.links', workspace.id)
  return () => bus.close()
})

it('every change of a link is told on the bus, as its schema says, in the trace of its request', async () => {
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const { body: link } = await workspace.call('POST', LINKS, { body: { url: 'https://example.com/one' }, headers })
  await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/two' }, headers })
  // No change, no event.
  await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/two' }, headers })
  await workspace.call('DELETE', `${LINKS}/${link.id}`)

  const received: Heard[] = []
  await eventually(
    async () => received.push(...(await bus.hear())),
    (count) => count >= 3,
  )
  const inOrder = received.toSorted((one, other) => one.sequence - other.sequence)
  expect(inOrder.map(({ type, sequence }) => [type, sequence])).toEqual([
    ['LinkCreated', 1],
    ['LinkUpdated', 2],
    ['LinkDeleted', 3],
  ])
  const [created, updated, deleted] = inOrder
  const data = { linkId: link.id, slug: link.slug }
  expect(linkCreated.parse(created)).toMatchObject({
    workspaceId: workspace.id,
    occurredAt: link.createdAt,
    data: { ...data, url: 'https://example.com/one' },
  })
  expect(linkUpdated.parse(updated).data).toEqual({
    ...data,
    url: 'https://example.com/two',
    previousUrl: 'https://example.com/one',
  })
  expect(linkDeleted.parse(deleted).data).toEqual({ ...data, url: 'https://example.com/two' })
  for (const event of [created, updated])
    expect(event?.traceparent).toMatch(new RegExp(`^00-${traceId}-[0-9a-f]{16}-01$`))
})
