/** The entry points with their fixtures, the SDK mocked. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge'
import { GetPublicKeyCommand, KMSClient, SignCommand } from '@aws-sdk/client-kms'
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { SendMessageBatchCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs'
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import signIn from '../../../events/auth/api.sign-in.get.json' with { type: 'json' }
import discovery from '../../../events/auth/oauth2.discovery.json' with { type: 'json' }
import token from '../../../events/auth/oauth2.token.json' with { type: 'json' }
import joined from '../../../events/auth/publish-events.member-joined.json' with { type: 'json' }
import registration from '../../../events/auth/send-mails.registration.json' with { type: 'json' }
import { memberJoined } from '../../../functions/auth/events.ts'
import { lambdaContext } from '../core/doubles.ts'
import { confidential } from './engine.ts'

const dynamo = mockClient(DynamoDBDocumentClient)
const sqs = mockClient(SQSClient)
const bus = mockClient(EventBridgeClient)
const kms = mockClient(KMSClient)
const secrets = mockClient(SecretsManagerClient)
const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

type Handler = (event: unknown, context: ReturnType<typeof lambdaContext>) => Promise<unknown>
const handlers: Record<string, Handler> = {}
// biome-ignore lint/suspicious/noExplicitAny: what a handler answers is what the tests are about
const invoke = (name: string, event: unknown): Promise<any> => {
  const handler = handlers[name]
  if (handler === undefined) throw new Error(`expected a handler ${name}`)
  return handler(event, lambdaContext())
}

beforeAll(async () => {
  const url = (queue: string) => `https://sqs.us-east-1.amazonaws.com/000000000000/${queue}`
  const variables = {
    ...{
      AUTH_TABLE: 'backlot-auth',
      ACCESS_TABLE: 'backlot-access',
      STATE_TABLE: 'backlot-auth',
      EVENT_BUS: 'backlot',
    },
    ...{ MAILS_QUEUE_URL: url('backlot-auth-mails'), TASK_COMMANDS_QUEUE_URL: url('backlot-tasks-commands') },
    ...{
      SIGNING_KEY_ID: 'key',
      KIT_SECRET_ID: 'backlot-kit',
      PUBLIC_ORIGIN: 'http://localhost:4000',
      AWS_REGION: 'us-east-1',
    },
  }
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  for (const name of ['api', 'oauth2', 'send-mails', 'publish-events'])
    handlers[name] = (await import(`../../../functions/auth/${name}.lambda.ts`)).handler
  return () => {
    vi.unstubAllEnvs()
    vi.restoreAllMocks()
  }
})
beforeEach(() => {
  for (const mock of [dynamo, sqs, bus, kms, secrets]) mock.reset()
  secrets.on(GetSecretValueCommand).resolves({ SecretString: 'x'.repeat(64) })
  dynamo.on(GetCommand).resolves({})
  dynamo.on(PutCommand).resolves({})
  dynamo.on(UpdateCommand).resolves({ Attributes: { hits: 1 } })
  bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '1' }] })
  sqs.on(SendMessageCommand).resolves({})
  sqs.on(SendMessageBatchCommand).resolves({})
  kms.on(GetPublicKeyCommand).resolves({ PublicKey: publicKey.export({ type: 'spki', format: 'der' }) })
  kms.on(SignCommand).resolves({ Signature: sign('sha256', Buffer.from('x'), privateKey) })
})

describe('pages', () => {
  it('show the form that leads back to where somebody came from', async () => {
    const answer = await invoke('api', signIn)
    expect(answer).toMatchObject({ statusCode: 200 })
    expect(answer.body).toContain('<input type="hidden" name="return" value="/auth/account">')
    expect(answer.body).toContain('autocomplete="current-password"')
    expect(dynamo.commandCalls(GetCommand)).toHaveLength(0)
  })
})

describe('OAuth', () => {
  it('is described, and its public key published before anything is signed', async () => {
    const answer = await invoke('oauth2', discovery)
    expect(answer.statusCode).toBe(200)
    expect(JSON.parse(answer.body)).toMatchObject({ issuer: 'http://localhost:4000' })
    expect(dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item).toMatchObject({ pk: 'issuer', sk: 'jwks' })
    expect(kms.commandCalls(SignCommand)).toHaveLength(0)
  })

  it('gives a client a token, counted and signed by KMS', async () => {
    const client = confidential({ id: 'cli_01KAK2V5B8Y3QK4M6T9X0ZCEGH' })
    dynamo.on(GetCommand, { TableName: 'backlot-access' }).resolves({ Item: client })
    const answer = await invoke('oauth2', token)
    expect(JSON.parse(answer.body)).toMatchObject({ token_type: 'Bearer', expires_in: 600, scope: 'links:read' })
    expect(kms.commandCalls(SignCommand)).toHaveLength(1)
    expect(dynamo.commandCalls(UpdateCommand)).toHaveLength(1)
  })

  it.each([
    [
      'DynamoDB',
      () => dynamo.on(GetCommand).rejects(Object.assign(new Error('slow'), { name: 'ThrottlingException' })),
    ],
    [
      'KMS',
      () => kms.on(SignCommand).rejects(Object.assign(new Error('away'), { name: 'ServiceUnavailableException' })),
    ],
  ])('without %s asks to try again', async (_, breaks) => {
    const client = confidential({ id: 'cli_01KAK2V5B8Y3QK4M6T9X0ZCEGH' })
    dynamo.on(GetCommand, { TableName: 'backlot-access' }).resolves({ Item: client })
    breaks()
    expect(await invoke('oauth2', token)).toMatchObject({ statusCode: 503, headers: { 'retry-after': '1' } })
  })
})

describe('mails', () => {
  it('of a registration become a task with its link, and the link’s hash is stored', async () => {
    expect(await invoke('send-mails', registration)).toEqual({ batchItemFailures: [] })
    const stored = dynamo.commandCalls(PutCommand)[0]?.args[0].input.Item
    expect(stored).toMatchObject({ pk: 'EMAIL#ann@example.com', sk: 'REGISTRATION' })
    const [sent] = [...sqs.commandCalls(SendMessageCommand), ...sqs.commandCalls(SendMessageBatchCommand)]
    const text = JSON.stringify(sent?.args[0].input)
    expect(text).toContain('/auth/verify?token=')
    expect(text).not.toContain(stored?.['hash'])
  })

  it('whose link cannot be stored come back', async () => {
    dynamo.on(PutCommand).rejects(new Error('no'))
    const { batchItemFailures } = await invoke('send-mails', registration)
    expect(batchItemFailures).toEqual([{ itemIdentifier: registration.Records[0]?.messageId }])
    expect(sqs.calls()).toHaveLength(0)
  })
})

describe('news', () => {
  it('goes to the bus as its schema says', async () => {
    expect(await invoke('publish-events', joined)).toEqual({ batchItemFailures: [] })
    const [entry] = bus.commandCalls(PutEventsCommand)[0]?.args[0].input.Entries ?? []
    expect(entry).toMatchObject({ Source: 'backlot.auth', DetailType: 'MemberJoined' })
    expect(memberJoined.parse(JSON.parse(entry?.Detail ?? ''))).toMatchObject({ data: { role: 'member' } })
  })

  it('is none when TTL takes an item away', async () => {
    const [record] = structuredClone(joined.Records)
    const { NewImage, ...dynamodb } = record?.dynamodb ?? {}
    await invoke('publish-events', {
      Records: [{ ...record, eventName: 'REMOVE', dynamodb: { ...dynamodb, OldImage: NewImage } }],
    })
    expect(bus.calls()).toHaveLength(0)
  })
})
