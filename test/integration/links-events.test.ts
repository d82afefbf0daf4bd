import {
  DeleteRuleCommand,
  EventBridgeClient,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge'
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, expect, inject, it } from 'vitest'
import { linkCreated, linkDeleted, linkUpdated } from '../../functions/links/events.ts'
import { platformNames } from '../../infra/environments.ts'
import { clientFor } from '../../local/aws.ts'
import { eventually, LINKS, newWorkspace, type Workspace } from './links-cloud.ts'

const options = clientFor(inject('outputs'))
const events = new EventBridgeClient(options)
const sqs = new SQSClient(options)
const { bus } = platformNames({ prefix: 'backlot' })
const name = `test-links-${crypto.randomUUID()}`

let workspace: Workspace
let queue: string
beforeAll(async () => {
  workspace = await newWorkspace()
  queue = (await sqs.send(new CreateQueueCommand({ QueueName: name }))).QueueUrl ?? ''
  const { Attributes } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: queue, AttributeNames: ['QueueArn'] }),
  )
  const pattern = { source: ['backlot.links'], detail: { workspaceId: [workspace.id] } }
  await events.send(new PutRuleCommand({ Name: name, EventBusName: bus, EventPattern: JSON.stringify(pattern) }))
  await events.send(
    new PutTargetsCommand({ Rule: name, EventBusName: bus, Targets: [{ Id: 'queue', Arn: Attributes?.QueueArn }] }),
  )
})
afterAll(async () => {
  await events.send(new RemoveTargetsCommand({ Rule: name, EventBusName: bus, Ids: ['queue'] }))
  await events.send(new DeleteRuleCommand({ Name: name, EventBusName: bus }))
  await sqs.send(new DeleteQueueCommand({ QueueUrl: queue }))
})

it('every change of a link is told on the bus, as its schema says, in the trace of its request', async () => {
  const traceId = crypto.randomUUID().replaceAll('-', '')
  const headers = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` }
  const { body: link } = await workspace.call('POST', LINKS, { body: { url: 'https://example.com/one' }, headers })
  await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/two' }, headers })
  // No change, no event.
  await workspace.call('PATCH', `${LINKS}/${link.id}`, { body: { url: 'https://example.com/two' }, headers })
  await workspace.call('DELETE', `${LINKS}/${link.id}`)

  const received: { 'detail-type': string; source: string; detail: { sequence: number; traceparent?: string } }[] = []
  await eventually(
    async () => {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: 10 }))
      received.push(...Messages.map(({ Body = '' }) => JSON.parse(Body)))
      return received.length
    },
    (count) => count >= 3,
  )
  const inOrder = received.toSorted((a, b) => a.detail.sequence - b.detail.sequence)
  expect(inOrder.map((event) => [event.source, event['detail-type'], event.detail.sequence])).toEqual([
    ['backlot.links', 'LinkCreated', 1],
    ['backlot.links', 'LinkUpdated', 2],
    ['backlot.links', 'LinkDeleted', 3],
  ])
  const [created, updated, deleted] = inOrder.map(({ detail }) => detail)
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
