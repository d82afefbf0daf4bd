import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { LambdaClient } from '@aws-sdk/client-lambda'
import {
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListMessageMoveTasksCommand,
  PurgeQueueCommand,
  type QueueAttributeName,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
  StartMessageMoveTaskCommand,
} from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, QueryCommand } from '@aws-sdk/lib-dynamodb'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import type { Click } from '../../functions/links/clicks/click.ts'
import { countersPartition } from '../../functions/links/link-keys.ts'
import { clientFor } from '../../local/aws.ts'
import {
  BROWSER,
  countsOf,
  eventually,
  LINKS,
  newWorkspace,
  visit,
  type Workspace,
} from '../integration/links-cloud.ts'
import { withEnvironment } from './function-environment.ts'

const options = clientFor(inject('outputs'))
const sqs = new SQSClient(options)
const lambda = new LambdaClient(options)
const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(options))

let workspace: Workspace
let queue: string
let dlq: string
let visibility: string
beforeAll(async () => {
  workspace = await newWorkspace()
  queue = await urlOf('backlot-links-clicks')
  dlq = await urlOf('backlot-links-clicks-dlq')
  // A failed message comes back after the queue's visibility timeout, a minute: five of them are too long for a test.
  visibility = await attributeOf(queue, 'VisibilityTimeout')
  await setVisibility('1')
})
afterAll(async () => {
  // The poison, which the redrive put back into the queue.
  for (const url of [queue, dlq]) await sqs.send(new PurgeQueueCommand({ QueueUrl: url }))
  await setVisibility(visibility)
})

const urlOf = async (name: string) => (await sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl ?? ''
const setVisibility = (seconds: string) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queue, Attributes: { VisibilityTimeout: seconds } }))
async function attributeOf(url: string, name: QueueAttributeName) {
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }))
  return Attributes[name] ?? ''
}
const sendBody = (body: string) => sqs.send(new SendMessageCommand({ QueueUrl: queue, MessageBody: body }))
const sendClick = (click: Click) => sendBody(JSON.stringify(click))

const clickOn = ({ id, slug }: { id: string; slug: string }, over: Partial<Click> = {}): Click => ({
  version: 1,
  eventId: crypto.randomUUID(),
  linkId: id,
  workspaceId: workspace.id,
  slug,
  occurredAt: new Date().toISOString(),
  userAgent: BROWSER,
  referrerHost: null,
  country: null,
  ...over,
})

const counted = (linkId: string, people: number) =>
  eventually(
    () => countsOf(workspace, linkId),
    ({ clicks }) => clicks >= people,
  )

/** No message waits, and none is being handled. */
const drained = () =>
  eventually(
    () =>
      Promise.all([
        attributeOf(queue, 'ApproximateNumberOfMessages'),
        attributeOf(queue, 'ApproximateNumberOfMessagesNotVisible'),
      ]),
    (counts) => counts.every((count) => count === '0'),
  )

/** Bodies in the dead-letter queue; they stay there. */
async function deadLetters(): Promise<readonly string[]> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: dlq, MaxNumberOfMessages: 10, VisibilityTimeout: 0 }),
  )
  return Messages.map(({ Body = '' }) => Body)
}

describe('a click message', () => {
  it('counts once, however often it is delivered', async () => {
    const link = await workspace.link()
    const [click, next] = [clickOn(link), clickOn(link)]
    for (let time = 0; time < 5; time += 1) await sendClick(click)
    await counted(link.id, 1)
    await sendClick(click)
    await sendClick(next)
    await counted(link.id, 2)
    await drained()
    expect(await countsOf(workspace, link.id)).toEqual({ clicks: 2, bots: 0 })
  })

  it('that is poisoned lands in the dead-letter queue; others are counted', async () => {
    const link = await workspace.link()
    const poison = `{"version":1,"eventId":"${crypto.randomUUID()}`
    await Promise.all([sendClick(clickOn(link)), sendBody(poison), sendClick(clickOn(link))])
    await counted(link.id, 2)
    await eventually(deadLetters, (bodies) => bodies.includes(poison))
    expect(await countsOf(workspace, link.id)).toEqual({ clicks: 2, bots: 0 })
  })

  it('that nobody could count is counted once redriven', async () => {
    const link = await workspace.link()
    const click = clickOn(link)
    // Nobody listens on port 1: the consumer can't reach its table.
    await withEnvironment(
      lambda,
      'backlot-links-count-clicks',
      { AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1' },
      async () => {
        await sendClick(click)
        await eventually(deadLetters, (bodies) => bodies.some((body) => body.includes(click.eventId)), 60_000)
      },
    )
    expect(await countsOf(workspace, link.id)).toEqual({ clicks: 0, bots: 0 })
    const SourceArn = await attributeOf(dlq, 'QueueArn')
    await sqs.send(new StartMessageMoveTaskCommand({ SourceArn }))
    await counted(link.id, 1)
    const { Results = [] } = await sqs.send(new ListMessageMoveTasksCommand({ SourceArn }))
    expect(Results[0]?.ApproximateNumberOfMessagesMoved).toBeGreaterThanOrEqual(1)
    expect(await countsOf(workspace, link.id)).toEqual({ clicks: 1, bots: 0 })
  }, 120_000)
})

describe('a deleted link', () => {
  it('has its counters forgotten, and late clicks make none', async () => {
    const link = await workspace.link()
    await visit(`/${link.slug}`)
    await counted(link.id, 1)
    const countersOf = async () => {
      const { Items = [] } = await dynamo.send(
        new QueryCommand({
          TableName: 'backlot-links',
          KeyConditionExpression: 'pk = :counters',
          ExpressionAttributeValues: { ':counters': countersPartition(link.id) },
        }),
      )
      return Items.map(({ sk }) => sk as string)
    }
    expect(await countersOf()).toHaveLength(2)
    await workspace.call('DELETE', `${LINKS}/${link.id}`)
    await eventually(countersOf, (keys) => keys.join() === 'FORGOTTEN')

    const witness = await workspace.link()
    await sendClick(clickOn(link))
    await sendClick(clickOn(witness))
    await counted(witness.id, 1)
    expect(await countersOf()).toEqual(['FORGOTTEN'])
  })
})
