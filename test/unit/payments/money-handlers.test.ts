import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, GetCommand, QueryCommand, TransactWriteCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import forwardedPaid from '../../../events/payments/forward-changes.paid.json' with { type: 'json' }
import forwardedReceived from '../../../events/payments/forward-changes.received.json' with { type: 'json' }
import paidMessage from '../../../events/payments/issue-receipts.paid.json' with { type: 'json' }
import paidEvents from '../../../events/payments/publish-events.paid.json' with { type: 'json' }
import refundedEvents from '../../../events/payments/publish-events.refunded.json' with { type: 'json' }
import minuteEvent from '../../../events/payments/tick.minute.json' with { type: 'json' }
import { PAYMENT_EVENTS } from '../../../functions/payments/events.ts'
import { newCharge, newIntent } from '../../../functions/payments/intents/intent.ts'
import { newOrder, type Order } from '../../../functions/payments/orders/order.ts'
import { lambdaContext } from '../core/doubles.ts'
import { START } from './payment-world.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
const sqs = mockClient(SQSClient)
const bus = mockClient(EventBridgeClient)

const QUEUES = 'https://sqs.us-east-1.amazonaws.com/000000000000/backlot-payments'
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'

type Handler = (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<unknown>
const handlers: Record<string, Handler> = {}
const invoke = (name: string, event: unknown) => handlers[name]?.(event, lambdaContext())

beforeAll(async () => {
  vi.stubEnv('PAYMENTS_TABLE', 'backlot-payments')
  vi.stubEnv('ACCESS_TABLE', 'backlot-access')
  vi.stubEnv('PAID_QUEUE_URL', `${QUEUES}-paid`)
  vi.stubEnv('RECEIVED_QUEUE_URL', `${QUEUES}-received`)
  vi.stubEnv('EVENTS_QUEUE_URL', `${QUEUES}-events`)
  vi.stubEnv('TASK_COMMANDS_QUEUE_URL', 'https://sqs.us-east-1.amazonaws.com/000000000000/backlot-tasks-commands')
  vi.stubEnv('EVENT_BUS', 'backlot')
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  for (const name of ['forward-changes', 'publish-events', 'issue-receipts', 'tick'])
    handlers[name] = (await import(`../../../functions/payments/${name}.lambda.ts`)).handler
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  for (const mock of [dynamo, sqs, bus]) mock.reset()
  sqs.on(SendMessageBatchCommand).callsFake(({ Entries }) => ({
    Successful: Entries.map(({ Id }: { Id: string }) => ({ Id })),
  }))
  sqs.on(SendMessageCommand).resolves({})
  dynamo.on(TransactWriteCommand).resolves({})
})

const failures = (...ids: (string | undefined)[]) => ({
  batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })),
})
const sentTo = (queue: string): unknown[] =>
  sqs
    .commandCalls(SendMessageBatchCommand)
    .filter(({ args: [{ input }] }) => input.QueueUrl === `${QUEUES}-${queue}`)
    .flatMap(({ args: [{ input }] }) => input.Entries ?? [])
    .map(({ MessageBody = '' }) => JSON.parse(MessageBody))
const numberOf = (index: number) => forwardedPaid.Records[index]?.dynamodb.SequenceNumber

describe('forward-changes', () => {
  it('sends every event to its endpoints, and a paid order to its receipt', async () => {
    expect(await invoke('forward-changes', forwardedPaid)).toEqual(failures())
    expect(sentTo('events').map((body) => (body as { type: string }).type)).toEqual([
      'payment_intent.created',
      'order.paid',
      'charge.succeeded',
      'payment_intent.succeeded',
    ])
    expect(sentTo('paid')).toEqual([
      { workspaceId: 'wsp_01KDVDNA000000000000000000', orderId: expect.stringMatching(/^ord_/), traceparent: TRACE },
    ])
    expect(sentTo('received')).toEqual([])
  })

  it('sends a received webhook on when it waits, and not when it was applied', async () => {
    await invoke('forward-changes', forwardedReceived)
    expect(sentTo('received')).toEqual([
      { sourceId: 'src_01KAK2V5B8Y3QK4M6T9X0ZCEGH', messageId: 'evt_1', traceparent: TRACE },
    ])
    const [record] = forwardedReceived.Records
    if (record === undefined) throw new Error('expected a record')
    const statusOf = (status: string) => ({ ...record.dynamodb.NewImage, status: { S: status } })
    const change = (from: string, to: string) => ({
      Records: [
        {
          ...record,
          eventName: 'MODIFY',
          dynamodb: { ...record.dynamodb, OldImage: statusOf(from), NewImage: statusOf(to) },
        },
      ],
    })
    sqs.resetHistory()
    await invoke('forward-changes', change('received', 'applied'))
    await invoke('forward-changes', change('received', 'received'))
    expect(sentTo('received')).toEqual([])
    await invoke('forward-changes', change('failed', 'received'))
    expect(sentTo('received').length).toBe(1)
  })

  it('asks for the first record again that a queue did not take', async () => {
    sqs.on(SendMessageBatchCommand, { QueueUrl: `${QUEUES}-events` }).callsFake(({ Entries }) => ({
      Successful: Entries.filter(({ MessageBody }: { MessageBody: string }) => !MessageBody.includes('charge.')).map(
        ({ Id }: { Id: string }) => ({ Id }),
      ),
    }))
    expect(await invoke('forward-changes', forwardedPaid)).toEqual(failures(numberOf(2)))
  })

  it('asks for all records of a queue that can not be reached, and serves the others', async () => {
    sqs.on(SendMessageBatchCommand, { QueueUrl: `${QUEUES}-events` }).rejects(new Error('no'))
    expect(await invoke('forward-changes', forwardedPaid)).toEqual(failures(numberOf(0)))
    expect(sentTo('paid').length).toBe(1)
  })
})

describe('publish-events', () => {
  const published = () =>
    bus.commandCalls(PutEventsCommand).flatMap(({ args: [{ input }] }) =>
      (input.Entries ?? []).map(({ Source, DetailType = '', Detail = '' }) => {
        const schema = PAYMENT_EVENTS[DetailType as keyof typeof PAYMENT_EVENTS]
        return { Source, ...schema.parse(JSON.parse(Detail)) }
      }),
    )
  beforeEach(() => {
    bus.on(PutEventsCommand).callsFake(({ Entries }) => ({ Entries: Entries.map(() => ({ EventId: 'x' })) }))
  })

  it('tells of a payment and its order', async () => {
    expect(await invoke('publish-events', paidEvents)).toEqual(failures())
    const money = { amount: 4_200, currency: 'usd' }
    expect(published()).toMatchObject([
      { Source: 'backlot.payments', type: 'OrderPaid', data: { status: 'paid', captured: money, source: 'backlot' } },
      { type: 'PaymentSucceeded', data: { amount: money, customerId: null }, traceparent: TRACE },
    ])
  })

  it('tells of a refund that arrived, and of its order', async () => {
    await invoke('publish-events', refundedEvents)
    expect(published()).toMatchObject([
      { type: 'OrderRefunded', data: { status: 'partially_refunded', refunded: { amount: 1_200 } } },
      { type: 'RefundSucceeded', data: { amount: { amount: 1_200, currency: 'usd' } } },
    ])
  })

  it('waits with a refund that is on its way', async () => {
    const pending = JSON.parse(
      JSON.stringify(refundedEvents).replaceAll(
        String.raw`\"status\":\"succeeded\"`,
        String.raw`\"status\":\"pending\"`,
      ),
    )
    await invoke('publish-events', pending)
    expect(published().map(({ type }) => type)).toEqual(['OrderRefunded'])
  })
})

describe('issue-receipts', () => {
  const body = JSON.parse(paidMessage.Records[0]?.body ?? '{}')
  const order: Order = {
    ...newOrder(
      {
        id: body.orderId,
        workspaceId: body.workspaceId,
        amount: 4_200,
        currency: 'usd',
        source: 'backlot',
        externalId: 'pi_1',
        email: 'payer@example.com',
      },
      START,
    ),
    captured: 4_200,
    status: 'paid',
  }
  const stored = (rows: Readonly<Record<string, object>>) =>
    dynamo.on(GetCommand).callsFake(({ Key }) => ({ Item: rows[Key.pk] ?? rows[Key.pk.split('#')[0]] }))
  const orderRow = { [`OBJECT#${order.workspaceId}#${order.id}`]: order }

  it('gives an order the next number, and asks for its mail', async () => {
    stored({ ...orderRow, COUNTER: { value: 41 } })
    expect(await invoke('issue-receipts', paidMessage)).toEqual(failures())
    const [write] = dynamo.commandCalls(TransactWriteCommand)
    const puts = write?.args[0].input.TransactItems?.map(({ Put }) => Put?.Item)
    const year = new Date().getUTCFullYear()
    expect(puts).toMatchObject([
      { kind: 'receipt', id: `rct_${order.id.slice(4)}`, number: `${year}-000042`, amount: 4_200 },
      { sk: 'COUNTER', value: 42 },
    ])
    const [command] = sqs
      .commandCalls(SendMessageCommand)
      .map(({ args: [{ input }] }) => JSON.parse(input.MessageBody ?? ''))
    expect(command).toMatchObject({
      id: `receipt#rct_${order.id.slice(4)}`,
      name: 'email.send',
      input: { to: ['payer@example.com'], subject: expect.stringContaining(`Receipt ${year}-000042`) },
    })
  })

  it('numbers a batch of a workspace in one transaction', async () => {
    const other = { ...order, id: order.id.replace(/.$/, 'Z') }
    stored({ ...orderRow, [`OBJECT#${order.workspaceId}#${other.id}`]: other, COUNTER: { value: 41 } })
    const [record] = paidMessage.Records
    const second = { ...record, messageId: 'second', body: JSON.stringify({ ...body, orderId: other.id }) }
    expect(await invoke('issue-receipts', { Records: [record, second] })).toEqual(failures())
    const calls = dynamo.commandCalls(TransactWriteCommand)
    const puts = calls.flatMap(({ args: [{ input }] }) => input.TransactItems?.map(({ Put }) => Put?.Item) ?? [])
    const year = new Date().getUTCFullYear()
    expect(calls.length).toBe(1)
    expect(puts.map((item) => item?.['number'] ?? item?.['value'])).toEqual([`${year}-000042`, `${year}-000043`, 43])
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(2)
  })

  it('asks for the mail of a receipt again that was issued before, and counts nothing', async () => {
    const receipt = {
      ...order,
      kind: 'receipt',
      id: `rct_${order.id.slice(4)}`,
      number: '2026-000007',
      workspaceName: 'Shop',
      paidAt: order.createdAt,
      orderId: order.id,
      lines: [],
    }
    stored({ ...orderRow, [`OBJECT#${order.workspaceId}#${receipt.id}`]: receipt })
    expect(await invoke('issue-receipts', paidMessage)).toEqual(failures())
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(0)
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(1)
  })

  it('does nothing for an order that was not paid, and comes back when the table is away', async () => {
    stored({ [`OBJECT#${order.workspaceId}#${order.id}`]: { ...order, captured: 0 } })
    expect(await invoke('issue-receipts', paidMessage)).toEqual(failures())
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(0)
    dynamo.on(GetCommand).rejects(new Error('away'))
    expect(await invoke('issue-receipts', paidMessage)).toEqual(failures(paidMessage.Records[0]?.messageId))
  })
})

describe('tick', () => {
  const LONG_AGO = new Date('2020-01-01T00:00:00.000Z')
  const [workspaceId, charge, order] = ['wsp_1', 'ch_01KDVDNA5T9M8F5B6C1D0E2R3Q', 'ord_01KDVDNA5T9M8F5B6C1D0E2R3Q']
  const identity = {
    id: 'pi_01KDVDNA5T9M8F5B6C1D0E2R3Q',
    workspaceId,
    clientSecret: 'x',
    orderId: order,
    sessionId: null,
  }
  const intent = newIntent({ amount: 500, currency: 'usd', captureMethod: 'manual' }, identity, LONG_AGO)
  const held = newCharge(intent, { id: charge, paymentMethod: 'pm_card_visa', error: null }, LONG_AGO)
  const stored = <T extends { readonly id: string }>(object: T) =>
    dynamo
      .on(GetCommand, { Key: { pk: `OBJECT#${workspaceId}#${object.id}`, sk: 'OBJECT' } })
      .resolves({ Item: { ...object } })

  it('asks each shard for what is due by now, and ends it in one transaction', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] })
    dynamo
      .on(QueryCommand, { ExpressionAttributeValues: { ':shard': 'DUE#1' } }, false)
      .resolves({ Items: [{ dueSk: `${held.captureBefore}#charge#${workspaceId}#${charge}` }] })
    stored({ ...intent, status: 'requires_capture', amountCapturable: 500, latestCharge: charge })
    stored(held)
    const made = { id: order, workspaceId, amount: 500, currency: 'usd', source: 'backlot', externalId: intent.id }
    stored(newOrder(made, LONG_AGO))
    await invoke('tick', minuteEvent)
    const shards = dynamo
      .commandCalls(QueryCommand)
      .map(({ args: [{ input }] }) => String(input.ExpressionAttributeValues?.[':shard']))
    expect(shards.toSorted()).toEqual(Array.from({ length: 8 }, (_, shard) => `DUE#${shard}`))
    const [transaction, ...others] = dynamo.commandCalls(TransactWriteCommand)
    expect(others).toEqual([])
    const items = transaction?.args[0].input.TransactItems?.map(({ Put }) => Put?.Item) ?? []
    expect(items.flatMap((item) => item?.['status'] ?? [])).toEqual(expect.arrayContaining(['canceled']))
    expect(items.flatMap((item) => (item?.['type'] === undefined ? [] : String(item['type']))).toSorted()).toEqual([
      'charge.expired',
      'order.canceled',
      'payment_intent.canceled',
    ])
    expect(items.find((item) => item?.['id'] === charge)).not.toHaveProperty('duePk')
  })

  it('fails when DynamoDB is away, so that it is seen', async () => {
    dynamo.on(QueryCommand).rejects(Object.assign(new Error('away'), { name: 'ServiceUnavailable' }))
    await expect(invoke('tick', minuteEvent)).rejects.toThrow('away')
  })
})
