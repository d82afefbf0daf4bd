/** The entry points with their fixtures, the SDK mocked. */
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import {
  BatchGetCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
} from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { deriveKey } from '#core/kit-secret.ts'
import poisoned from '../../../../events/payments/apply-webhooks.poisoned.json' with { type: 'json' }
import received from '../../../../events/payments/apply-webhooks.received.json' with { type: 'json' }
import paid from '../../../../events/payments/fan-out-events.paid.json' with { type: 'json' }
import forged from '../../../../events/payments/receive-webhooks.forged.json' with { type: 'json' }
import stripeRequest from '../../../../events/payments/receive-webhooks.stripe.json' with { type: 'json' }
import { newEndpoint } from '../../../../functions/payments/webhooks/endpoints/endpoint.ts'
import type { WebhookSource } from '../../../../functions/payments/webhooks/in/source.ts'
import { createSecretBox, storedSecret } from '../../../../functions/payments/webhooks/secrets.ts'
import { countingRandom, lambdaContext } from '../../core/doubles.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
const secrets = mockClient(SecretsManagerClient)
const sqs = mockClient(SQSClient)

const NOW = new Date('2025-11-21T12:00:00.000Z')
const KIT_SECRET = 'k'.repeat(64)
const SOURCE_ID = stripeRequest.path.split('/').at(-1) ?? ''
const MESSAGE_ID = 'evt_1SVfxt2eZvKYlo2C0a1b2c3d'
const box = createSecretBox(() => deriveKey(KIT_SECRET, 'webhook-secret'), countingRandom())
const WORKSPACE = 'wsp_01KDVDNA000000000000000000'

type Handler = (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<unknown>
const handlers: Record<string, Handler> = {}
const invoke = (name: string, event: unknown) => handlers[name]?.(event, lambdaContext())
const written: string[] = []

let source: WebhookSource
beforeAll(async () => {
  vi.stubEnv('PAYMENTS_TABLE', 'backlot-payments')
  vi.stubEnv('KIT_SECRET_ID', 'backlot/kit')
  vi.stubEnv('TASK_COMMANDS_QUEUE_URL', 'https://sqs.us-east-1.amazonaws.com/000000000000/backlot-tasks-commands')
  vi.stubEnv('AWS_REGION', 'us-east-1')
  vi.spyOn(process.stdout, 'write').mockImplementation((line) => written.push(String(line)) > 0)
  for (const name of ['receive-webhooks', 'apply-webhooks', 'fan-out-events'])
    handlers[name] = (await import(`../../../../functions/payments/${name}.lambda.ts`)).handler
  const at = NOW.toISOString()
  source = {
    ...{
      id: SOURCE_ID,
      workspaceId: WORKSPACE,
      name: 'Shop',
      kind: 'stripe',
      version: 1,
      createdAt: at,
      updatedAt: at,
    },
    secrets: [await storedSecret('whsec_fixture_0123456789abcdef', SOURCE_ID, box, NOW)],
  }
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  for (const mock of [dynamo, secrets, sqs]) mock.reset()
  written.length = 0
  secrets.on(GetSecretValueCommand).resolves({ SecretString: KIT_SECRET })
  dynamo.on(GetCommand).resolves({})
  dynamo.on(GetCommand, { Key: { pk: `SOURCE#${SOURCE_ID}`, sk: 'SOURCE' } }).resolves({ Item: source })
  dynamo.on(PutCommand).resolves({})
  dynamo.on(TransactWriteCommand).resolves({})
  dynamo.on(QueryCommand).resolves({ Items: [] })
  sqs.on(SendMessageCommand).resolves({})
})

const failedCondition = () => Object.assign(new Error('exists'), { name: 'ConditionalCheckFailedException' })

describe('receive-webhooks', () => {
  it('keeps what is signed with one conditional put, however late it runs', async () => {
    const answer = await invoke('receive-webhooks', stripeRequest)
    expect(answer).toMatchObject({ statusCode: 200, body: '{"received":true,"duplicate":false}' })
    const [put, ...others] = dynamo.commandCalls(PutCommand)
    expect(others).toEqual([])
    expect(put?.args[0].input).toMatchObject({
      ConditionExpression: 'attribute_not_exists(pk)',
      Item: {
        pk: `RECEIVED#${SOURCE_ID}#${MESSAGE_ID}`,
        sk: 'WEBHOOK',
        listPk: `${WORKSPACE}#received`,
        ownerPk: `${WORKSPACE}#received#received`,
        type: 'payment_intent.succeeded',
        status: 'received',
        body: Buffer.from(stripeRequest.body, 'base64'),
      },
    })
  })

  it('answers the same for a message that is there', async () => {
    dynamo.on(PutCommand).rejects(failedCondition())
    expect(await invoke('receive-webhooks', stripeRequest)).toMatchObject({
      statusCode: 200,
      body: '{"received":true,"duplicate":true}',
    })
  })

  it('asks the sender to come back when the message could not be kept', async () => {
    dynamo.on(PutCommand).rejects(Object.assign(new Error('slow down'), { name: 'ThrottlingException' }))
    expect(await invoke('receive-webhooks', stripeRequest)).toMatchObject({
      statusCode: 503,
      headers: { 'retry-after': expect.any(String) },
    })
  })

  it('refuses what is not signed, keeps nothing, and tells the reason to the log alone', async () => {
    const answer = (await invoke('receive-webhooks', forged)) as { statusCode: number; body: string }
    expect(answer.statusCode).toBe(400)
    expect(answer.body).not.toContain('no_match')
    expect(written.join('')).toContain('"refusal":"no_match"')
    expect(written.join('')).not.toContain('whsec_')
    expect(dynamo.commandCalls(PutCommand)).toEqual([])
  })

  it.each([
    ['headers in another case', { headers: lowerCased(stripeRequest.headers), multiValueHeaders: null }, 200],
    [
      'one byte more than was signed',
      { body: Buffer.concat([Buffer.from(stripeRequest.body, 'base64'), Buffer.from(' ')]).toString('base64') },
      400,
    ],
    [
      'a time of arrival ten minutes later',
      { requestContext: { ...stripeRequest.requestContext, requestTimeEpoch: 1_763_727_000_000 } },
      400,
    ],
    ['another method', { httpMethod: 'GET' }, 405],
    ['another source', { path: '/api/payments/webhooks/src_01KDVDNA5T9M8F5B6C1D0E2R3R' }, 404],
    ['what can be no source', { path: '/api/payments/webhooks/x' }, 404],
    ['another path', { path: '/api/payments/webhooks/x/y' }, 404],
  ])('%s', async (_, change, statusCode) => {
    expect(await invoke('receive-webhooks', { ...stripeRequest, ...change })).toMatchObject({ statusCode })
  })
})

function lowerCased(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
}

const failures = (...ids: string[]) => ({ batchItemFailures: ids.map((itemIdentifier) => ({ itemIdentifier })) })

describe('apply-webhooks', () => {
  const waits = (over: object = {}) =>
    dynamo.on(GetCommand, { Key: { pk: `RECEIVED#${SOURCE_ID}#${MESSAGE_ID}`, sk: 'WEBHOOK' } }).resolves({
      Item: {
        ...{ workspaceId: WORKSPACE, sourceId: SOURCE_ID, messageId: MESSAGE_ID, status: 'received', version: 1 },
        ...{ body: Buffer.from(stripeRequest.body, 'base64'), receivedAt: NOW.toISOString(), traceparent: '' },
        ...over,
      },
    })

  it('writes order, reference, ledger and the fate of the message in one transaction', async () => {
    waits()
    expect(await invoke('apply-webhooks', received)).toEqual(failures())
    const [transaction, ...others] = dynamo.commandCalls(TransactWriteCommand)
    expect(others).toEqual([])
    const items = transaction?.args[0].input.TransactItems ?? []
    const keys = items.map(({ Put, Update }) => String(Put?.Item?.['pk'] ?? Update?.Key?.['pk']).split('#')[0])
    expect(new Set(keys)).toEqual(new Set(['OBJECT', 'REF', 'EVENT', 'LEDGER', 'ACCOUNT', 'RECEIVED']))
    const fate = items.find(({ Update }) => String(Update?.Key?.['pk']).startsWith('RECEIVED#'))?.Update
    expect(fate).toMatchObject({
      ConditionExpression: '#version = :before',
      ExpressionAttributeValues: { ':status': 'applied', ':before': 1, ':ownerPk': `${WORKSPACE}#received#applied` },
    })
  })

  it.each([
    ['applied already', { status: 'applied' }],
    ['failed', { status: 'failed' }],
  ])('leaves one alone that is %s', async (_, over) => {
    waits(over)
    expect(await invoke('apply-webhooks', received)).toEqual(failures())
    expect(dynamo.commandCalls(TransactWriteCommand)).toEqual([])
  })

  it('does the others of a batch with one that can not be read', async () => {
    waits()
    const [unreadable] = poisoned.Records
    expect(await invoke('apply-webhooks', poisoned)).toEqual(failures(unreadable?.messageId ?? ''))
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(1)
  })

  it('gives a message back when DynamoDB is away', async () => {
    waits()
    dynamo.on(TransactWriteCommand).rejects(Object.assign(new Error('away'), { name: 'ServiceUnavailable' }))
    expect(await invoke('apply-webhooks', received)).toEqual(failures(received.Records[0]?.messageId ?? ''))
  })
})

describe('fan-out-events', () => {
  const endpointOf = async (over: object) => {
    const secret = await storedSecret('whsec_x', 'we_1', box, NOW)
    const made = {
      workspaceId: WORKSPACE,
      scheme: 'stripe',
      url: 'https://example.com/',
      events: ['order.*'],
      secret,
    } as const
    return { pk: 'x', sk: 'OBJECT', ...newEndpoint({ id: 'we_1', slot: 3, ...made }, NOW), ...over }
  }
  const endpoints = async (...overs: object[]) => {
    const all = await Promise.all(overs.map((over, n) => endpointOf({ pk: `e${n}`, ...over })))
    dynamo.on(QueryCommand).resolves({ Items: all.map(({ pk, sk }) => ({ pk, sk })) })
    dynamo.on(BatchGetCommand).resolves({ Responses: { 'backlot-payments': all } })
  }

  it('makes a delivery and a task for each endpoint that wants the event', async () => {
    await endpoints({}, { id: 'we_2', events: ['charge.*'] }, { id: 'we_3', events: ['*'], disabled: 'gone' })
    expect(await invoke('fan-out-events', paid)).toEqual(failures())
    expect(dynamo.commandCalls(TransactWriteCommand)).toHaveLength(1)
    const [sent, ...others] = sqs.commandCalls(SendMessageCommand)
    expect(others).toEqual([])
    expect(JSON.parse(sent?.args[0].input.MessageBody ?? '')).toMatchObject({
      id: 'webhook#we_1.evt_01KDVDNA5T9M8F5B6C1D0E2R3Q#0',
      name: 'webhook.deliver',
      queue: 'webhooks-3',
      input: { endpointId: 'we_1', eventId: 'evt_01KDVDNA5T9M8F5B6C1D0E2R3Q', round: 0 },
    })
  })

  it('asks again for the task of a delivery that is there: its process may have died between the two', async () => {
    await endpoints({})
    const reasons = [{ Code: 'ConditionalCheckFailed' }]
    const cancelled = Object.assign(new Error('exists'), {
      name: 'TransactionCanceledException',
      CancellationReasons: reasons,
    })
    dynamo.on(TransactWriteCommand).rejects(cancelled)
    expect(await invoke('fan-out-events', paid)).toEqual(failures())
    expect(sqs.commandCalls(SendMessageCommand)).toHaveLength(1)
  })

  it('gives the message back when a task could not be asked for', async () => {
    await endpoints({})
    sqs.on(SendMessageCommand).rejects(Object.assign(new Error('away'), { name: 'ServiceUnavailable' }))
    expect(await invoke('fan-out-events', paid)).toEqual(failures(paid.Records[0]?.messageId ?? ''))
  })
})
