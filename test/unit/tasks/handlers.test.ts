/** The entry points with their fixtures, the SDK mocked. */
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import { SendMessageBatchCommand, SQSClient } from '@aws-sdk/client-sqs'
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import type { Context } from 'aws-lambda'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import mailCommand from '../../../events/tasks/accept-commands.mail.json' with { type: 'json' }
import poisonedCommands from '../../../events/tasks/accept-commands.poisoned.json' with { type: 'json' }
import hints from '../../../events/tasks/dispatch.hints.json' with { type: 'json' }
import diedEvent from '../../../events/tasks/publish-events.died.json' with { type: 'json' }
import failedEvent from '../../../events/tasks/publish-events.failed.json' with { type: 'json' }
import succeededEvent from '../../../events/tasks/publish-events.succeeded.json' with { type: 'json' }
import minute from '../../../events/tasks/tick.minute.json' with { type: 'json' }
import createdEvent from '../../../events/tasks/wake-queues.created.json' with { type: 'json' }
import { TASK_EVENTS } from '../../../functions/tasks/events.ts'
import { newQueue } from '../../../functions/tasks/queues/queue.ts'
import { runnerOrder } from '../../../functions/tasks/running/runner-order.ts'
import { SHARDS } from '../../../functions/tasks/task-keys.ts'
import { NOW } from './samples.ts'

/** No fixture: nothing but the dispatcher sends it. */
const order = { runnerId: 'run_1', workspaceId: 'wsp_1', queue: 'webhooks', places: 10, wakes: 1, runners: 1 }

const dynamo = mockClient(DynamoDBDocumentClient)
const sqs = mockClient(SQSClient)
const lambda = mockClient(LambdaClient)
const bus = mockClient(EventBridgeClient)
const context = { awsRequestId: 'req', getRemainingTimeInMillis: () => 10_000 } as Context

type Handler = (event: unknown, context: Context) => Promise<unknown>
const load = async (name: string): Promise<Handler> =>
  ((await import(`../../../functions/tasks/${name}.lambda.ts`)) as { handler: Handler }).handler

beforeAll(() => {
  const variables = { TASKS_TABLE: 'backlot-tasks', HINTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/0/hints' }
  const more = { RUNNER_FUNCTION: 'backlot-tasks-run', EVENT_BUS: 'backlot', MAIL_FROM: 'x@example.com' }
  const webhooks = { PAYMENTS_TABLE: 'backlot-payments', KIT_SECRET_ID: 'backlot/kit' }
  const others = { ALLOW_LOOPBACK: 'off', AWS_REGION: 'us-east-1' }
  for (const [name, value] of Object.entries({ ...variables, ...more, ...webhooks, ...others })) vi.stubEnv(name, value)
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  for (const mock of [dynamo, sqs, lambda, bus]) mock.reset()
  sqs.on(SendMessageBatchCommand).resolves({})
  dynamo.on(GetCommand).resolves({})
  dynamo.on(QueryCommand).resolves({ Items: [] })
  dynamo.on(BatchGetCommand).resolves({ Responses: {} })
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] })
})

const sentHints = () =>
  sqs
    .commandCalls(SendMessageBatchCommand)
    .flatMap(({ args: [{ input }] }) => input.Entries ?? [])
    .map(({ MessageBody = '', DelaySeconds }) => ({ ...(JSON.parse(MessageBody) as { kind: string }), DelaySeconds }))
const nothingFailed = { batchItemFailures: [] }

describe('accept-commands', () => {
  it('makes the task and its key in one transaction, and wakes the queue', async () => {
    expect(await (await load('accept-commands'))(mailCommand, context)).toEqual(nothingFailed)
    const [{ args } = { args: [] }] = dynamo.commandCalls(TransactWriteCommand)
    const puts = args[0]?.input.TransactItems?.map(({ Put }) => Put)
    expect(puts?.map((put) => put?.Item?.['pk'].split('#')[0])).toEqual(['TASKS', 'KEY'])
    for (const put of puts ?? []) expect(put?.ConditionExpression).toMatch(/^attribute_not_exists\(pk\)/)
    expect(sentHints()).toMatchObject([{ kind: 'wake', queue: 'default', DelaySeconds: 0 }])
  })

  it('gives back what can not become a task, and that alone', async () => {
    const [, unknown, broken] = poisonedCommands.Records
    expect(await (await load('accept-commands'))(poisonedCommands, context)).toEqual({
      batchItemFailures: expect.toSatisfy((failures: { itemIdentifier: string }[]) =>
        [unknown, broken].every((record) =>
          failures.some(({ itemIdentifier }) => itemIdentifier === record?.messageId),
        ),
      ),
    })
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(1)
  })
})

describe('dispatch', () => {
  it('sends the watch, takes the places, then starts the runner: one for a queue', async () => {
    expect(await (await load('dispatch'))(hints, context)).toEqual(nothingFailed)
    expect(sentHints()).toMatchObject([{ kind: 'watch', DelaySeconds: 31 }])
    const [{ args } = { args: [] }] = lambda.commandCalls(InvokeCommand)
    expect(args[0]?.input).toMatchObject({ FunctionName: 'backlot-tasks-run', InvocationType: 'Event' })
    const sent = runnerOrder.parse(JSON.parse(Buffer.from(args[0]?.input.Payload as Uint8Array).toString()))
    expect(sent).toMatchObject({ queue: 'webhooks', places: 10 })
    expect(lambda.commandCalls(InvokeCommand)).toHaveLength(1)
  })

  it('gives the places back when the runner can not be started, and the hints come again', async () => {
    lambda.on(InvokeCommand).rejects(Object.assign(new Error('busy'), { name: 'TooManyRequestsException' }))
    const queue = newQueue('wsp_01KDVDNA000000000000000000', 'webhooks', NOW)
    let stored: Record<string, unknown> = { pk: 'QUEUES#', sk: 'webhooks', ...queue }
    dynamo.on(GetCommand).callsFake(({ Key }) => ({ Item: Key.sk === 'webhooks' ? stored : undefined }))
    dynamo.on(PutCommand).callsFake(({ Item }) => {
      stored = Item
      return {}
    })
    const { batchItemFailures } = (await (await load('dispatch'))(hints, context)) as { batchItemFailures: unknown[] }
    expect(batchItemFailures).toHaveLength(2)
    expect(stored['runners']).toEqual({})
  })
})

describe('run', () => {
  it('looks once at an empty queue and leaves', async () => {
    await (await load('run'))(order, context)
    expect(dynamo.commandCalls(PutCommand)).toEqual([])
  })

  it('refuses what is no order', async () => {
    await expect((await load('run'))({ queue: 'x' }, context)).rejects.toThrow()
  })
})

it('tick looks into every shard of the due index, and reads nothing else', async () => {
  await (await load('tick'))(minute, context)
  const queries = dynamo.commandCalls(QueryCommand).map(({ args: [{ input }] }) => input)
  expect(queries.map(({ IndexName }) => IndexName)).toEqual(Array.from({ length: SHARDS }, () => 'due'))
  expect(dynamo.calls()).toHaveLength(SHARDS)
})

it('wake-queues tells of a queued task, once for its queue', async () => {
  const twice = { Records: [...createdEvent.Records, ...createdEvent.Records] }
  expect(await (await load('wake-queues'))(twice, context)).toEqual(nothingFailed)
  expect(sentHints()).toMatchObject([{ kind: 'wake', queue: 'webhooks' }])
})

describe('publish-events', () => {
  it.each([
    ['TaskSucceeded', succeededEvent],
    ['TaskFailed', failedEvent],
    ['TaskDied', diedEvent],
  ] as const)('puts %s on the bus as its schema says', async (type, event) => {
    expect(await (await load('publish-events'))(event, context)).toEqual(nothingFailed)
    const [entry] = bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? []
    expect(entry).toMatchObject({ Source: 'backlot.tasks', DetailType: type, EventBusName: 'backlot' })
    expect(TASK_EVENTS[type].parse(JSON.parse(entry?.Detail ?? ''))).toMatchObject({ sequence: 3 })
  })

  it('says nothing of a task that was made', async () => {
    expect(await (await load('publish-events'))(createdEvent, context)).toEqual(nothingFailed)
    expect(bus.commandCalls(PutEventsCommand)).toEqual([])
  })
})
