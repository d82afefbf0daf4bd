import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import { DynamoDBDocumentClient, GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb'
import { mockClient } from 'aws-sdk-client-mock'
import { afterEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { generateApiKey, hashApiKey } from '#core/api-key.ts'
import { documentClient } from '#core/document-client.store.ts'
import { defineEnvironment } from '#core/environment.ts'
import { httpHandler } from '#core/http.ts'
import { createKit } from '#core/kit.ts'
import { KIT_VARIABLES } from '#core/kit-environment.ts'
import { kitSecret } from '#core/kit-secret.store.ts'
import { deriveKey } from '#core/kit-secret.ts'
import { routeOf } from '#core/route.ts'
import { VERSION } from '#core/version.ts'
import packageJson from '../../../package.json' with { type: 'json' }
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from './doubles.ts'

const SECRET = 'x'.repeat(64)
const dynamo = mockClient(DynamoDBDocumentClient)
const secrets = mockClient(SecretsManagerClient)
afterEach(() => {
  dynamo.reset()
  secrets.reset()
})

const client = new SecretsManagerClient({ region: 'us-east-1' })

describe('the kit secret', () => {
  it('gives one key for each purpose, always the same, by HKDF (RFC 5869)', async () => {
    // Worked out with Python's hmac, as RFC 5869 §2 writes it: HMAC(HMAC(32 zeros, secret), info | 0x01).
    expect(Buffer.from(await deriveKey(SECRET, 'api-key')).toString('hex')).toBe(
      '975543d6d195c4701c53adfddfa36cf1029c1fa26a7f06f40c0d24c664ca2095',
    )
    expect(await deriveKey(SECRET, 'cursor')).not.toEqual(await deriveKey(SECRET, 'api-key'))
    expect(await deriveKey(`${SECRET}y`, 'cursor')).not.toEqual(await deriveKey(SECRET, 'cursor'))
  })

  it('is read once for all purposes, also when both are wanted at once', async () => {
    secrets.on(GetSecretValueCommand).resolves({ SecretString: SECRET })
    const secret = kitSecret(client, 'backlot/kit')
    const [apiKey, cursor] = await Promise.all([secret.key('api-key'), secret.key('cursor'), secret.key('cursor')])
    expect([apiKey, cursor]).toEqual([await deriveKey(SECRET, 'api-key'), await deriveKey(SECRET, 'cursor')])
    await secret.key('api-key')
    expect(secrets.commandCalls(GetSecretValueCommand)).toHaveLength(1)
    expect(secrets.commandCalls(GetSecretValueCommand)[0]?.args[0].input).toEqual({ SecretId: 'backlot/kit' })
  })

  it('is tried again after a failure', async () => {
    secrets.on(GetSecretValueCommand).rejectsOnce(new Error('throttled')).resolves({ SecretString: SECRET })
    const secret = kitSecret(client, 'backlot/kit')
    await expect(secret.key('cursor')).rejects.toThrow('throttled')
    expect(await secret.key('cursor')).toEqual(await deriveKey(SECRET, 'cursor'))
  })

  it.each([undefined, '', 'x'.repeat(31)])('is refused when it is too short to be one: %j', async (SecretString) => {
    secrets.on(GetSecretValueCommand).resolves(SecretString === undefined ? {} : { SecretString })
    await expect(kitSecret(client, 'backlot/kit').key('cursor')).rejects.toThrow(
      `expected the secret backlot/kit to have at least 32 characters, got ${SecretString?.length ?? 0}`,
    )
  })
})

describe('the kit', () => {
  const environment = defineEnvironment(KIT_VARIABLES).read({
    ACCESS_TABLE: 'backlot-access',
    KIT_SECRET_ID: 'backlot/kit',
    STATE_TABLE: 'backlot-test',
    PUBLIC_ORIGIN: 'https://backlot.example',
  })
  const key = generateApiKey(clockAt(NOW), countingRandom())

  async function setUp() {
    const stored = { workspaceId: 'wsp_1', name: 'CI', role: 'member', createdAt: NOW }
    const hash = hashApiKey(key, await deriveKey(SECRET, 'api-key'))
    secrets.on(GetSecretValueCommand).resolves({ SecretString: SECRET })
    dynamo.on(GetCommand, { TableName: 'backlot-access' }).resolves({ Item: { ...stored, id: key.id, hash } })
    dynamo.on(UpdateCommand, { TableName: 'backlot-test' }).resolves({ Attributes: { hits: 1 } })
    dynamo.on(PutCommand, { TableName: 'backlot-test' }).resolves({})
    const output = logLines()
    const kit = createKit(environment, {
      clock: clockAt(NOW),
      random: countingRandom(),
      origins: ['https://console.example'],
      limits: { write: { requests: 5, windowMs: 60_000 } },
      dynamo: documentClient(),
      secrets: client,
      writeLog: output.write,
    })
    return { kit, output }
  }

  it('joins the gate, the limits and the idempotency of one request', async () => {
    const { kit, output } = await setUp()
    const handler = httpHandler({
      kit,
      services: {},
      description: {
        service: 'test',
        title: 'Test',
        description: 'A test',
        routes: [
          routeOf<object>()({
            method: 'POST',
            path: '/api/test/things',
            operationId: 'createThing',
            summary: 'A thing',
            permission: 'links:write',
            answers: { 201: { description: 'It', body: z.object({ id: z.string() }) } },
            handle: async () => ({ status: 201, body: { id: kit.ids('thg') } }),
          }),
        ],
      },
    })
    const { statusCode, headers, body } = await handler(
      {
        httpMethod: 'POST',
        path: '/api/test/things',
        headers: { authorization: `Bearer ${key.text}`, 'idempotency-key': 'k', origin: 'https://console.example' },
      },
      lambdaContext(),
    )
    expect([statusCode, headers['ratelimit'], headers['access-control-allow-origin']]).toEqual([
      201,
      '"write";r=4;t=60',
      'https://console.example',
    ])
    expect(body).toMatch(/"thg_[0-9A-Z]{26}"/)
    // Strongly consistent: a revoked key must not come back from a replica.
    expect(dynamo.commandCalls(GetCommand).map(({ args }) => args[0].input)).toEqual([
      { TableName: 'backlot-access', Key: { pk: `api-key#${key.id}`, sk: 'api-key' }, ConsistentRead: true },
    ])
    expect(output.text()).not.toContain(key.secret)
  })

  it('gives cursors of its own secret', async () => {
    const { kit } = await setUp()
    const cursor = await kit.cursors.seal(['list'], { id: 'a' })
    expect(await kit.cursors.open(['list'], cursor)).toEqual({ id: 'a' })
    expect(kit.publicOrigin).toBe('https://backlot.example')
  })

  it('can not be made without its variables', () => {
    expect(() => defineEnvironment(KIT_VARIABLES).read({ ACCESS_TABLE: 'x' })).toThrow(
      'missing: KIT_SECRET_ID, STATE_TABLE, PUBLIC_ORIGIN',
    )
  })
})

describe('the version', () => {
  it('of the API documents is that of the package', () => {
    expect(VERSION).toBe(packageJson.version)
  })
})
