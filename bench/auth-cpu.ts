/** The processor time of our code for one token, and the AWS calls that it makes; wired as `oauth2.lambda.ts` wires it. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { KMSClient } from '@aws-sdk/client-kms'
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb'
import { marshall } from '@aws-sdk/util-dynamodb'
import { accessStore, type Client, clientKey } from '#core/access.store.ts'
import { audienceOf } from '#core/access-token.ts'
import { systemClock as clock } from '#core/clock.ts'
import { createLogger } from '#core/log.ts'
import { systemRandom as random } from '#core/random.ts'
import { rateLimitStore } from '#core/rate-limit.store.ts'
import { adapterFactory } from '../functions/auth/oauth2/adapter.ts'
import { clientMetadata } from '../functions/auth/oauth2/configuration.ts'
import { answerOf, incomingOf } from '../functions/auth/oauth2/node-http.ts'
import { createProvider } from '../functions/auth/oauth2/provider.ts'
import { KmsSigningKey } from '../functions/auth/oauth2/signing-key.store.ts'
import { createTokenThrottle, throttled } from '../functions/auth/oauth2/token-throttle.ts'
import { createTokensStore } from '../functions/auth/oauth2/tokens.store.ts'
import { hashSecret } from '../functions/auth/secret-token.ts'
import { FakeAws } from './fake-aws.ts'

export interface TokenFigures {
  readonly phase: string
  /** Microseconds of processor time for each token. */
  readonly cpuUs: number
  /** Operation → calls for each token. */
  readonly calls: ReadonlyMap<string, number>
  readonly writeUnits: number
  readonly readUnits: number
}

const ISSUER = 'https://backlot.example'
const SECRET = 's'.repeat(43)
const TABLE = 'backlot-auth'
const CLIENT: Client = {
  id: 'cli_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
  workspaceId: 'wsp_01KAK2V5B8Y3QK4M6T9X0ZCEGH',
  name: 'Bench',
  role: 'member',
  scopes: ['links:read', 'links:write'],
  grants: ['authorization_code', 'client_credentials'],
  redirectUris: ['https://app.example/callback'],
  secretHash: hashSecret(SECRET),
  createdBy: 'usr_1',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const USER = {
  email: 'ann@example.com',
  passwordHash: 'x',
  epoch: 1,
  createdAt: CLIENT.createdAt,
  passwordChangedAt: CLIENT.createdAt,
}

/** Signs in this process, as a key that KMS has wrapped would. */
class OwnKey extends KmsSigningKey {
  readonly #privateKey: KeyObject

  constructor(privateKey: KeyObject, publicKey: KeyObject) {
    super({} as KMSClient, 'key', publicKey)
    this.#privateKey = privateKey
  }

  override async sign(data: Uint8Array): Promise<Buffer> {
    return sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
  }
}

/** Gets `count` tokens of each kind, after as many that are not measured. */
export async function tokensCpu(count: number): Promise<readonly TokenFigures[]> {
  const all: TokenFigures[] = []
  for (const kms of [true, false])
    for (const grant of ['client credentials', 'refresh'] as const) {
      const phase = `${grant}, signed ${kms ? 'by KMS' : 'in the process'}`
      const once = await tokenRequest(grant, kms)
      for (let n = 0; n < count; n += 1) await once.run()
      once.aws.forget()
      const before = process.cpuUsage()
      for (let n = 0; n < count; n += 1) await once.run()
      const { user, system } = process.cpuUsage(before)
      const { calls, writeUnits, readUnits } = once.aws
      all.push({
        ...{ phase, cpuUs: (user + system) / count },
        calls: new Map([...calls].map(([operation, n]) => [operation, n / count])),
        ...{ writeUnits: writeUnits / count, readUnits: readUnits / count },
      })
    }
  return all
}

async function tokenRequest(grant: 'client credentials' | 'refresh', kms: boolean) {
  const aws = new FakeAws()
  const options = {
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    requestHandler: aws.requestHandler as never,
  }
  const dynamo = DynamoDBDocumentClient.from(new DynamoDBClient(options))
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const signingKey = kms
    ? new KmsSigningKey(new KMSClient(options), 'key', publicKey)
    : new OwnKey(privateKey, publicKey)
  aws.put(marshall({ ...clientKey(CLIENT.id), ...CLIENT }))
  aws.put(marshall({ pk: 'USER#usr_1', sk: 'PROFILE', ...USER }))
  const access = accessStore(dynamo, 'backlot-access')
  const store = createTokensStore(dynamo, TABLE)
  const tokens = { store, key: async () => new Uint8Array(32), clock, random }
  const findClient = async (id: string) => {
    const client = await access.findClient(id)
    return client && clientMetadata(client)
  }
  const users = { find: async () => ({ id: 'usr_1', ...USER }) }
  const signedIn = async () => undefined
  const provider = createProvider(
    {
      issuer: ISSUER,
      adapter: adapterFactory({ ...tokens, findClient }),
      signingKey,
      cookieKeys: ['k'],
      users,
      signedIn,
    },
    { ...tokens, pause: async () => {} },
  )
  const throttle = createTokenThrottle(rateLimitStore(dynamo, TABLE), clock)
  const log = createLogger({ name: 'bench', clock, write: () => {} }).begin()
  const engine = provider.callback()
  let refreshToken = grant === 'refresh' ? await firstRefreshToken(provider) : ''
  const form = () =>
    grant === 'refresh'
      ? { grant_type: 'refresh_token', refresh_token: refreshToken }
      : { grant_type: 'client_credentials', scope: 'links:read' }
  const run = async () => {
    const request = {
      ...{ method: 'POST', path: '/oauth2/token', query: {}, clientIp: '203.0.113.7' },
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: `Basic ${Buffer.from(`${CLIENT.id}:${SECRET}`).toString('base64')}`,
      },
      body: Buffer.from(new URLSearchParams(form()).toString()),
    }
    const answer = await throttled(request, throttle, log, () => answerOf(incomingOf(request, ISSUER), engine))
    if (answer.statusCode !== 200) throw new Error(`expected a token, got ${answer.statusCode}: ${answer.body}`)
    refreshToken = (JSON.parse(answer.body) as { refresh_token?: string }).refresh_token ?? ''
  }
  return { aws, run }
}

async function firstRefreshToken(provider: ReturnType<typeof createProvider>): Promise<string> {
  const grant = new provider.Grant({ accountId: 'usr_1', clientId: CLIENT.id })
  grant.addOIDCScope('openid offline_access')
  grant.addResourceScope(audienceOf(ISSUER), 'links:read links:write')
  const client = await provider.Client.find(CLIENT.id)
  const family = { accountId: 'usr_1', client, grantId: await grant.save(), resource: audienceOf(ISSUER) }
  const more = {
    scope: 'openid offline_access links:read links:write',
    gty: 'authorization_code',
    iiat: Math.floor(Date.now() / 1_000),
  }
  return new provider.RefreshToken({ ...family, ...more } as never).save()
}
