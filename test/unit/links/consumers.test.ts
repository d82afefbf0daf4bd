import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import {
  BatchGetCommand,
  BatchWriteCommand,
  DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import batchEvent from '../../../events/links/count-clicks.batch.json' with { type: 'json' }
import poisonedEvent from '../../../events/links/count-clicks.poisoned.json' with { type: 'json' }
import forgetEvent from '../../../events/links/forget-clicks.deleted.json' with { type: 'json' }
import createdEvent from '../../../events/links/publish-events.created.json' with { type: 'json' }

const dynamo = mockClient(DynamoDBDocumentClient)
const bus = mockClient(EventBridgeClient)
const context = { awsRequestId: 'req', getRemainingTimeInMillis: () => 10_000 } as Context

type Handler = (event: unknown, context: Context) => Promise<unknown>
let countClicks: Handler
let publishEvents: Handler
let forgetClicks: Handler

beforeAll(async () => {
  vi.stubEnv('LINKS_TABLE', 'backlot-links')
  vi.stubEnv('EVENT_BUS', 'backlot')
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  countClicks = (await import('../../../functions/links/count-clicks.lambda.ts')).handler
  publishEvents = (await import('../../../functions/links/publish-events.lambda.ts')).handler
  forgetClicks = (await import('../../../functions/links/forget-clicks.lambda.ts')).handler
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  dynamo.reset()
  bus.reset()
  dynamo.on(BatchGetCommand).resolves({ Responses: {} })
  dynamo.on(TransactWriteCommand).resolves({})
  bus.on(PutEventsCommand).callsFake(({ Entries = [] }) => ({ Entries: Entries.map(() => ({ EventId: 'e' })) }))
})

const failures = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) })
const transactions = () =>
  dynamo.commandCalls(TransactWriteCommand).map(({ args: [{ input }] }) => input.TransactItems ?? [])
const messageId = (event: { Records: readonly { messageId: string }[] }, index: number) =>
  event.Records[index]?.messageId ?? ''

describe('count-clicks', () => {
  it('writes markers and counters of a batch in one transaction', async () => {
    expect(await countClicks(batchEvent, context)).toEqual(failures())
    expect(transactions()).toHaveLength(1)
    const [actions = []] = transactions()
    const markers = actions.flatMap(({ Put }) => (Put === undefined ? [] : [Put]))
    expect(markers.map(({ Item }) => Item?.['pk'])).toEqual(
      batchEvent.Records.map(({ body }) => `CLICK#${JSON.parse(body).eventId}`),
    )
    for (const { ConditionExpression } of markers) expect(ConditionExpression).toBe('attribute_not_exists(pk)')
    const counters = actions.flatMap(({ Update }) => (Update === undefined ? [] : [Update]))
    expect(
      counters.map(({ Key, ExpressionAttributeValues: values }) => [
        Key?.['sk'].replace(/#\d$/, ''),
        values?.[':clicks'],
        values?.[':bots'],
      ]),
    ).toEqual([
      ['DAY#2026-11-21', 1, 1],
      ['DAY#2026-11-21', 1, 0],
      ['TOTAL', 1, 1],
      ['TOTAL', 1, 0],
    ])
  })

  it('drops what was counted before and counts the rest', async () => {
    dynamo.on(TransactWriteCommand).rejectsOnce(
      new TransactionCanceledException({
        message: 'cancelled',
        $metadata: {},
        CancellationReasons: ['ConditionalCheckFailed', 'None', 'None'].map((Code) => ({ Code })),
      }),
    )
    expect(await countClicks(batchEvent, context)).toEqual(failures())
    const [first, second] = transactions().map((actions) => actions.filter(({ Put }) => Put !== undefined).length)
    expect([first, second]).toEqual([3, 2])
  })

  it('fails poisoned messages only', async () => {
    expect(await countClicks(poisonedEvent, context)).toEqual(
      failures(messageId(poisonedEvent, 1), messageId(poisonedEvent, 2)),
    )
    expect(
      transactions()
        .flat()
        .filter(({ Put }) => Put !== undefined),
    ).toHaveLength(1)
  })

  it('tells of the clicks on the bus, and fails the batch while the bus does not take it', async () => {
    expect(await countClicks(batchEvent, context)).toEqual(failures())
    const told = bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? []
    expect(told[0]).toMatchObject({ Source: 'backlot.links', DetailType: 'ClicksRecorded' })
    bus.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'ThrottlingException' }] })
    expect(await countClicks(batchEvent, context)).toEqual(
      failures(...batchEvent.Records.map(({ messageId: id }) => id)),
    )
  })

  it('fails the whole batch while the table is away, or only half answers', async () => {
    const all = failures(...batchEvent.Records.map(({ messageId: id }) => id))
    dynamo.on(TransactWriteCommand).rejects(new Error('away'))
    expect(await countClicks(batchEvent, context)).toEqual(all)
    dynamo.on(BatchGetCommand).resolves({ UnprocessedKeys: { 'backlot-links': { Keys: [{ pk: 'x' }] } } })
    expect(await countClicks(batchEvent, context)).toEqual(all)
  })
})

describe('publish-events', () => {
  it('puts the event of a new link on the bus', async () => {
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'e' }] })
    expect(await publishEvents(createdEvent, context)).toEqual(failures())
    const [entry] = bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? []
    expect(entry).toMatchObject({ EventBusName: 'backlot', Source: 'backlot.links', DetailType: 'LinkCreated' })
  })

  it('asks for the record again that the bus did not take', async () => {
    bus.on(PutEventsCommand).resolves({ Entries: [{ ErrorCode: 'ThrottlingException' }] })
    const sequenceNumber = createdEvent.Records[0]?.dynamodb.SequenceNumber ?? ''
    expect(await publishEvents(createdEvent, context)).toEqual(failures(sequenceNumber))
  })

  it('leaves other items alone', async () => {
    const event = structuredClone(createdEvent)
    for (const { dynamodb } of event.Records) dynamodb.Keys.pk.S = 'CLICK#e-1'
    expect(await publishEvents(event, context)).toEqual(failures())
    expect(bus.commandCalls(PutEventsCommand)).toEqual([])
  })
})

describe('forget-clicks', () => {
  it('marks the link first, then deletes page after page', async () => {
    const { linkId } = forgetEvent.detail.data
    const counter = (sk: string) => ({ pk: `LINK#${linkId}`, sk, clicks: 1, bots: 0 })
    dynamo
      .on(QueryCommand)
      .resolvesOnce({ Items: [counter('DAY#2026-11-20#0')], LastEvaluatedKey: { pk: 'p', sk: 's' } })
      .resolvesOnce({ Items: [counter('DAY#2026-11-21#0')] })
      .resolvesOnce({ Items: [counter('TOTAL#0')] })
    dynamo.on(BatchWriteCommand).resolves({})
    await forgetClicks(forgetEvent, context)
    const calls = dynamo.calls().map(({ args: [command] }) => command.constructor.name)
    expect(calls).toEqual([
      'PutCommand',
      'QueryCommand',
      'QueryCommand',
      'BatchWriteCommand',
      'QueryCommand',
      'BatchWriteCommand',
    ])
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item).toMatchObject({
      pk: `LINK#${linkId}`,
      sk: 'FORGOTTEN',
    })
    const deleted = dynamo
      .commandCalls(BatchWriteCommand)
      .flatMap(({ args: [{ input }] }) => input.RequestItems?.['backlot-links'] ?? [])
    expect(deleted.map(({ DeleteRequest }) => DeleteRequest?.Key?.['sk'])).toEqual([
      'DAY#2026-11-20#0',
      'DAY#2026-11-21#0',
      'TOTAL#0',
    ])
  })

  it('fails, so that it is run again, when not everything could be deleted', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [{ pk: 'p', sk: 's' }] })
    dynamo.on(BatchWriteCommand).resolves({ UnprocessedItems: { 'backlot-links': [{}] } })
    await expect(forgetClicks(forgetEvent, context)).rejects.toThrow('throttled')
  })

  it('refuses an event that is not one', async () => {
    await expect(
      forgetClicks({ ...forgetEvent, detail: { ...forgetEvent.detail, version: 2 } }, context),
    ).rejects.toThrow()
  })
})
