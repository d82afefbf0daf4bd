import { TransactionCanceledException } from '@aws-sdk/client-dynamodb'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import {
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import dueEvent from '../../../events/schedules/fire.due.json' with { type: 'json' }
import poisonedEvent from '../../../events/schedules/fire.poisoned.json' with { type: 'json' }
import firedEvent from '../../../events/schedules/publish-events.fired.json' with { type: 'json' }
import missedEvent from '../../../events/schedules/publish-events.missed.json' with { type: 'json' }
import startedEvent from '../../../events/schedules/record-tasks.started.json' with { type: 'json' }
import succeededEvent from '../../../events/schedules/record-tasks.succeeded.json' with { type: 'json' }
import runEvent from '../../../events/schedules/start-tasks.run.json' with { type: 'json' }
import minuteEvent from '../../../events/schedules/tick.minute.json' with { type: 'json' }
import { scheduleFired, scheduleMissed } from '../../../functions/schedules/events.ts'
import { SHARDS } from '../../../functions/schedules/schedule-keys.ts'
import { lambdaContext } from '../core/doubles.ts'
import { ID, schedule } from './samples.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
const sqs = mockClient(SQSClient)
const bus = mockClient(EventBridgeClient)

type Handler = (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<unknown>
const handlers: Record<string, Handler> = {}
const invoke = (name: string, event: unknown) => handlers[name]?.(event, lambdaContext())

beforeAll(async () => {
  vi.stubEnv('SCHEDULES_TABLE', 'backlot-schedules')
  vi.stubEnv('DUE_QUEUE_URL', 'https://sqs.us-east-1.amazonaws.com/000000000000/backlot-schedules-due')
  vi.stubEnv('TASK_COMMANDS_URL', 'https://sqs.us-east-1.amazonaws.com/000000000000/backlot-tasks-commands')
  vi.stubEnv('EVENT_BUS', 'backlot')
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  for (const name of ['tick', 'fire', 'start-tasks', 'publish-events', 'record-tasks'])
    handlers[name] = (await import(`../../../functions/schedules/${name}.lambda.ts`)).handler
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  for (const mock of [dynamo, sqs, bus]) mock.reset()
  sqs.on(SendMessageBatchCommand).resolves({})
  dynamo.on(TransactWriteCommand).resolves({})
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2026-11-21T10:15:00.400Z') })
})
afterEach(() => {
  vi.useRealTimers()
})

const failures = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) })
const hintsSent = () =>
  sqs.commandCalls(SendMessageBatchCommand).flatMap(({ args: [{ input }] }) => input.Entries ?? [])
const due = schedule({
  workspaceId: 'wsp_01KDVDNA000000000000000000',
  expression: '*/15 * * * *',
  nextAt: '2026-11-21T10:15:00.000Z',
})

describe('tick', () => {
  it('asks for the watermarks and each shard, and tells of what it found, delayed to the second', async () => {
    dynamo.on(QueryCommand).resolves({ Items: [] })
    dynamo.on(QueryCommand, { ExpressionAttributeValues: { ':tick': 'TICK' } }).resolves({
      Items: Array.from({ length: SHARDS }, (_, shard) => ({ sk: String(shard), through: '2026-11-21T10:00:00.000Z' })),
    })
    dynamo
      .on(QueryCommand, {
        ExpressionAttributeValues: { ':bucket': 'DUE#2026-11-21T10#0', ':until': '2026-11-21T10:16:15.400Z' },
      })
      .resolves({ Items: [{ workspaceId: 'wsp_1', scheduleId: ID, revision: 3, nextAt: '2026-11-21T10:15:30.000Z' }] })
    await invoke('tick', minuteEvent)
    expect(dynamo.commandCalls(QueryCommand)).toHaveLength(SHARDS + 1)
    expect(dynamo.commandCalls(PutCommand)).toHaveLength(0)
    expect(hintsSent().map(({ DelaySeconds, MessageBody = '' }) => [DelaySeconds, JSON.parse(MessageBody)])).toEqual([
      [30, expect.objectContaining({ scheduleId: ID, revision: 3, nominalAt: '2026-11-21T10:15:30.000Z' })],
    ])
  })
})

describe('fire', () => {
  it('writes the run, the next time and the moved entry in one transaction', async () => {
    dynamo.on(GetCommand).resolves({ Item: { pk: 'p', sk: 's', ...due } })
    expect(await invoke('fire', dueEvent)).toEqual(failures())
    const [call, ...others] = dynamo.commandCalls(TransactWriteCommand)
    expect(others).toEqual([])
    expect(call?.args[0].input.TransactItems).toEqual([
      { Put: expect.objectContaining({ ConditionExpression: 'version = :before' }) },
      { Delete: expect.objectContaining({ Key: expect.objectContaining({ sk: `${due.nextAt}#${ID}` }) }) },
      { Put: expect.objectContaining({ Item: expect.objectContaining({ nextAt: '2026-11-21T10:30:00.000Z' }) }) },
      { Put: expect.objectContaining({ ConditionExpression: 'attribute_not_exists(pk)' }) },
    ])
    expect(hintsSent()).toEqual([])
  })

  it('tells of the next time itself when it comes before the next tick', async () => {
    const often = { ...due, expression: 'every 10 seconds', anchor: '2026-11-21T10:00:00.000Z' }
    dynamo.on(GetCommand).resolves({ Item: { pk: 'p', sk: 's', ...often } })
    await invoke('fire', dueEvent)
    expect(hintsSent().map(({ DelaySeconds }) => DelaySeconds)).toEqual([10])
  })

  it('leaves a stale hint alone', async () => {
    dynamo.on(GetCommand).resolves({ Item: { pk: 'p', sk: 's', ...due, revision: 2 } })
    expect(await invoke('fire', dueEvent)).toEqual(failures())
    expect(dynamo.commandCalls(TransactWriteCommand)).toEqual([])
  })

  it('reads again when somebody wrote in between', async () => {
    const cancelled = new TransactionCanceledException({
      message: 'x',
      $metadata: {},
      CancellationReasons: [{ Code: 'ConditionalCheckFailed' }, { Code: 'None' }],
    })
    dynamo
      .on(GetCommand)
      .resolvesOnce({ Item: { pk: 'p', sk: 's', ...due } })
      .resolves({ Item: { pk: 'p', sk: 's', ...due, version: 2, nextAt: '2026-11-21T10:30:00.000Z' } })
    dynamo.on(TransactWriteCommand).rejectsOnce(cancelled)
    expect(await invoke('fire', dueEvent)).toEqual(failures())
    expect(dynamo.commandCalls(GetCommand)).toHaveLength(2)
  })

  it('gives back what failed, alone', async () => {
    dynamo.on(GetCommand).resolves({ Item: { pk: 'p', sk: 's', ...due } })
    expect(await invoke('fire', poisonedEvent)).toEqual(failures(poisonedEvent.Records[1]?.messageId ?? ''))
  })

  it('gives a hint back when the table is away', async () => {
    dynamo.on(GetCommand).rejects(new Error('away'))
    expect(await invoke('fire', dueEvent)).toEqual(failures(dueEvent.Records[0]?.messageId ?? ''))
  })
})

describe('start-tasks', () => {
  it('asks for the task under the id of the run, then records that it did', async () => {
    sqs.on(SendMessageCommand).resolves({})
    dynamo.on(UpdateCommand).resolves({})
    expect(await invoke('start-tasks', runEvent)).toEqual(failures())
    const [command] = sqs.commandCalls(SendMessageCommand)
    expect(JSON.parse(command?.args[0].input.MessageBody ?? '')).toEqual({
      id: `${ID}@2026-11-21T10:15:00.000Z`,
      workspaceId: 'wsp_01KDVDNA000000000000000000',
      name: 'http.request',
      input: { url: 'https://example.com/hooks/report' },
      queue: 'reports',
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    })
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(1)
  })

  it('keeps the record when the queue is away, and says nothing of a delivery', async () => {
    sqs.on(SendMessageCommand).rejects(new Error('away'))
    expect(await invoke('start-tasks', runEvent)).toEqual(failures(runEvent.Records[0]?.dynamodb.SequenceNumber ?? ''))
    expect(dynamo.commandCalls(UpdateCommand)).toEqual([])
  })

  it('leaves events to the bus', async () => {
    expect(await invoke('start-tasks', firedEvent)).toEqual(failures())
    expect(sqs.commandCalls(SendMessageCommand)).toEqual([])
  })
})

describe('record-tasks', () => {
  const written = () => dynamo.commandCalls(UpdateCommand).map(({ args: [{ input }] }) => input)

  it('writes what was told to the run of the command, on condition that it is news', async () => {
    dynamo.on(UpdateCommand).resolves({})
    await invoke('record-tasks', startedEvent)
    await invoke('record-tasks', succeededEvent)
    const startedAt = '2026-11-21T10:15:01.200Z'
    const id = 'tsk_01KAK2V5B8Y3QK4M6T9X0ZCEGH'
    expect(written().map(({ ExpressionAttributeValues }) => ExpressionAttributeValues?.[':task'])).toEqual([
      { id, status: 'running', sequence: 2, startedAt },
      { id, status: 'succeeded', sequence: 3, startedAt, finishedAt: '2026-11-21T10:15:01.900Z' },
    ])
    expect(written()[0]).toMatchObject({
      Key: { pk: `RUNS#${ID}`, sk: '2026-11-21T10:15:00.000Z' },
      ConditionExpression: expect.stringContaining('workspaceId = :workspace AND (attribute_not_exists(task) OR'),
    })
  })

  it('lets what waited for the task run when it is over, and not before', async () => {
    const going = { runId: `${ID}@2026-11-21T10:15:00.000Z`, until: '2026-11-22T10:15:00.000Z' }
    const buffered = { nominalAt: '2026-11-21T10:30:00.000Z', dispatchedAt: '2026-11-21T10:29:00.000Z', missed: 0 }
    dynamo.on(UpdateCommand).resolves({ Attributes: { pk: 'p', sk: 's', holds: true } })
    dynamo.on(GetCommand).resolves({ Item: { pk: 'p', sk: 's', ...due, overlapPolicy: 'buffer-one', going, buffered } })
    await invoke('record-tasks', startedEvent)
    expect(dynamo.commandCalls(TransactWriteCommand)).toEqual([])
    await invoke('record-tasks', succeededEvent)
    const [call] = dynamo.commandCalls(TransactWriteCommand)
    expect(call?.args[0].input.TransactItems?.at(-1)).toMatchObject({
      Put: { Item: { id: `${ID}@2026-11-21T10:30:00.000Z`, kind: 'buffered' } },
    })
  })

  it.each(['order#1', 'sch_1@2026-11-21T10:15:00.000Z', ID])('leaves the command %s alone', async (commandId) => {
    const event = structuredClone(startedEvent)
    event.detail.data.commandId = commandId
    await invoke('record-tasks', event)
    expect(written()).toEqual([])
  })

  it('takes an event that it does not know for a failure, so that it is kept', async () => {
    await expect(invoke('record-tasks', { ...startedEvent, detail: { type: 'TaskSlept' } })).rejects.toThrow('schema')
  })
})

describe('publish-events', () => {
  it.each([
    ['ScheduleFired', firedEvent, scheduleFired, { data: { report: 'daily' }, target: 'event' }],
    ['ScheduleFired', runEvent, scheduleFired, { target: 'task' }],
    ['ScheduleMissed', missedEvent, scheduleMissed, { missed: 3 }],
  ] as const)('tells %s, as its schema says', async (type, event, schema, data) => {
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] })
    expect(await invoke('publish-events', event)).toEqual(failures())
    const [entry] = bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? []
    expect(entry).toMatchObject({ Source: 'backlot.schedules', DetailType: type, EventBusName: 'backlot' })
    expect(schema.parse(JSON.parse(entry?.Detail ?? ''))).toMatchObject({
      sequence: 2,
      data: { scheduleId: ID, ...data },
    })
  })

  it('says nothing of a run that was delivered, or grew too old', async () => {
    const event = structuredClone(firedEvent) as unknown as {
      Records: { eventName: string; dynamodb: Record<string, unknown> }[]
    }
    const [record] = event.Records
    if (record === undefined) throw new Error('expected a record')
    record.eventName = 'MODIFY'
    record.dynamodb['OldImage'] = record.dynamodb['NewImage']
    await invoke('publish-events', event)
    expect(bus.commandCalls(PutEventsCommand)).toEqual([])
  })
})
