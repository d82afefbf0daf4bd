/** The OAuth engine as it is deployed, on stores in memory, a key of its own and a clock that a test moves. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import type { KMSClient } from '@aws-sdk/client-kms'
import type Provider from 'oidc-provider'
import type { Client } from '#core/access.store.ts'
import { audienceOf } from '#core/access-token.ts'
import type { HttpRequest } from '#core/exchange.ts'
import { adapterFactory } from '../../../functions/auth/oauth2/adapter.ts'
import { clientMetadata } from '../../../functions/auth/oauth2/configuration.ts'
import { answerOf, incomingOf, type NodeAnswer } from '../../../functions/auth/oauth2/node-http.ts'
import { createProvider } from '../../../functions/auth/oauth2/provider.ts'
import { KmsSigningKey } from '../../../functions/auth/oauth2/signing-key.store.ts'
import type { Stored, TokensStore } from '../../../functions/auth/oauth2/tokens.store.ts'
import type { User } from '../../../functions/auth/people/user.ts'
import { hashSecret } from '../../../functions/auth/secret-token.ts'
import { clockAt, countingRandom, type TestClock } from '../core/doubles.ts'

export const ISSUER = 'https://backlot.example'
export const SECRET = 's'.repeat(43)
const SCOPE = 'openid offline_access links:read links:write'

/** As `tokens.store.ts`, without the waiting. */
export function memoryTokens(): TokensStore & { readonly items: Map<string, Stored & { expiresAt: number }> } {
  const items = new Map<string, Stored & { expiresAt: number }>()
  const keyOf = (model: string, id: string) => `${model}#${id}`
  return {
    items,
    async put(model, id, payload, expiresAt, once = false) {
      if (once && items.has(keyOf(model, id))) return false
      items.set(keyOf(model, id), { payload: structuredClone(payload), expiresAt })
      return true
    },
    async find(model, id, now) {
      const item = items.get(keyOf(model, id))
      return item === undefined || item.expiresAt <= now ? undefined : item
    },
    async consume(model, id, grantId, now) {
      const item = items.get(keyOf(model, id))
      if (item === undefined || item.consumedAt !== undefined) return 'used'
      if (grantId !== undefined && !items.has(keyOf('Grant', grantId))) return 'family_gone'
      items.set(keyOf(model, id), { ...item, consumedAt: now })
      return 'done'
    },
    async remove(model, id) {
      items.delete(keyOf(model, id))
    },
  }
}

class LocalKey extends KmsSigningKey {
  readonly #privateKey: KeyObject

  constructor() {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    super({} as KMSClient, 'key', publicKey)
    this.#privateKey = privateKey
  }

  override async sign(data: Uint8Array): Promise<Buffer> {
    return sign('sha256', data, { key: this.#privateKey, dsaEncoding: 'ieee-p1363' })
  }
}

export const confidential = (over: Partial<Client> = {}): Client => ({
  id: 'cli_1',
  workspaceId: 'wsp_1',
  name: 'App',
  role: 'member',
  scopes: ['links:read', 'links:write'],
  grants: ['authorization_code', 'client_credentials'],
  redirectUris: ['https://app.example/callback'],
  secretHash: hashSecret(SECRET),
  createdBy: 'usr_1',
  createdAt: '2026-01-01T00:00:00.000Z',
  ...over,
})

export interface Engine {
  readonly provider: Provider
  readonly store: ReturnType<typeof memoryTokens>
  readonly clock: TestClock
  readonly users: Map<string, User>
  readonly pauses: number[]
  /** A refresh token of a new family, as the code flow makes it. */
  refreshToken(clientId?: string): Promise<string>
  /** Posts a form to `/oauth2/token`, by default as `cli_1`. */
  token(
    form: Readonly<Record<string, string>>,
    from?: { readonly id?: string; readonly arrivedAt?: Date },
  ): Promise<Answer>
}

export interface Answer extends NodeAnswer {
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the tests are about
  readonly json: any
}

/** The engine compares expiry with the machine's time, so the clock starts there. */
export function newEngine(clients: readonly Client[] = [confidential(), confidential({ id: 'cli_2' })]): Engine {
  const [store, clock, random] = [memoryTokens(), clockAt(new Date().toISOString()), countingRandom()]
  const key = async () => new Uint8Array(32).fill(7)
  const pauses: number[] = []
  const users = new Map<string, User>([['usr_1', userOf(new Date(clock.now().getTime() - 60_000))]])
  const adapter = adapterFactory({
    ...{ store, key, clock, random },
    async findClient(id) {
      const client = clients.find((candidate) => candidate.id === id)
      return client && clientMetadata(client)
    },
  })
  const provider = createProvider(
    {
      ...{ issuer: ISSUER, adapter, signingKey: new LocalKey(), cookieKeys: ['k'] },
      users: { find: async (id) => users.get(id) },
      signedIn: async () => undefined,
    },
    {
      ...{ store, key, clock, random },
      pause: async (ms) => {
        pauses.push(ms)
        await new Promise((resolve) => setImmediate(resolve))
      },
    },
  )
  const send = async (request: HttpRequest, arrivedAt: Date): Promise<Answer> => {
    const answer = await answerOf(incomingOf(request, ISSUER, arrivedAt), provider.callback())
    return { ...answer, json: JSON.parse(answer.body) }
  }
  return {
    ...{ provider, store, clock, users, pauses },
    async refreshToken(clientId = 'cli_1') {
      const grant = new provider.Grant({ accountId: 'usr_1', clientId })
      grant.addOIDCScope('openid offline_access')
      grant.addResourceScope(audienceOf(ISSUER), 'links:read links:write')
      const client = await provider.Client.find(clientId)
      if (client === undefined) throw new Error(`expected the client ${clientId}`)
      const family = { accountId: 'usr_1', client, grantId: await grant.save(), scope: SCOPE }
      const token = new provider.RefreshToken({
        ...family,
        ...{ gty: 'authorization_code', resource: audienceOf(ISSUER), iiat: Math.floor(clock.now().getTime() / 1_000) },
      })
      return token.save()
    },
    token: (form, { id = 'cli_1', arrivedAt = clock.now() } = {}) =>
      send(tokenRequest(form, `Basic ${Buffer.from(`${id}:${SECRET}`).toString('base64')}`), arrivedAt),
  }
}

const userOf = (at: Date): User => ({
  id: 'usr_1',
  email: 'ann@example.com',
  passwordHash: 'x',
  epoch: 1,
  createdAt: at.toISOString(),
  passwordChangedAt: at.toISOString(),
})

export const tokenRequest = (form: Readonly<Record<string, string>>, authorization?: string): HttpRequest => ({
  method: 'POST',
  path: '/oauth2/token',
  headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json', authorization },
  query: {},
  body: Buffer.from(new URLSearchParams(form).toString()),
  clientIp: '203.0.113.7',
})
