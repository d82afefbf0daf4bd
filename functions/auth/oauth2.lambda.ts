/** OAuth 2.1 and OpenID Connect under `/oauth2/…` and `/.well-known/…`: entry and wiring. The rules are in `oauth2/`. */
import { setTimeout } from 'node:timers/promises'
import { KMSClient } from '@aws-sdk/client-kms'
import type { Context } from 'aws-lambda'
import { systemClock } from '#core/clock.ts'
import { cookieJar } from '#core/cookies.ts'
import { isUnavailable } from '#core/dependency.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { createKit } from '#core/kit.ts'
import { createLogger } from '#core/log.ts'
import { systemRandom } from '#core/random.ts'
import { rateLimitStore } from '#core/rate-limit.store.ts'
import { httpRequestOf } from '#core/request.ts'
import { oauth2Environment } from './environment.ts'
import { adapterFactory } from './oauth2/adapter.ts'
import { clientMetadata } from './oauth2/configuration.ts'
import { interact } from './oauth2/interactions.ts'
import { answerOf, gatewayTimeOf, incomingOf, type NodeAnswer } from './oauth2/node-http.ts'
import { createProvider, failureOf } from './oauth2/provider.ts'
import { KmsSigningKey } from './oauth2/signing-key.store.ts'
import { createTokenThrottle, throttled } from './oauth2/token-throttle.ts'
import { createTokensStore } from './oauth2/tokens.store.ts'
import { createForms } from './pages/forms.ts'
import { createUsersStore } from './people/users.store.ts'
import { createSessionsStore } from './sessions/sessions.store.ts'
import { createSessions } from './sessions/sessions.ts'

const environment = oauth2Environment.read()
const [clock, random] = [systemClock, systemRandom]
const kit = createKit(environment, { clock, random })
const { accessStore: access, publicOrigin: issuer, secret, ids, dynamo } = kit
const cookies = cookieJar(issuer)
const services = {
  access,
  forms: createForms(cookies, random, () => secret.key('form'), issuer),
  sessions: createSessions({
    store: createSessionsStore(dynamo, environment.AUTH_TABLE),
    findMember: (workspaceId, userId) => access.findMember(workspaceId, userId),
    ...{ cookies, clock, random, ids },
  }),
}
const tokens = {
  store: createTokensStore(dynamo, environment.AUTH_TABLE),
  key: () => secret.key('oauth'),
  ...{ clock, random },
}
const adapter = adapterFactory({
  ...tokens,
  async findClient(id) {
    const client = await access.findClient(id)
    return client === undefined ? undefined : clientMetadata(client)
  },
})

async function load() {
  const signingKey = await KmsSigningKey.load(new KMSClient(CLIENT_LIMITS), environment.SIGNING_KEY_ID)
  // Published before anything is signed, so that no gate meets a token whose key it can't find.
  await access.putIssuerKeys([signingKey.publicJwk])
  const cookieKeys = [Buffer.from(await secret.key('oauth')).toString('base64url')]
  const users = createUsersStore(dynamo, environment.AUTH_TABLE)
  const signedIn = async (cookie: string | undefined) => (await services.sessions.person(cookie))?.userId
  const options = { issuer, adapter, signingKey, cookieKeys, users, signedIn }
  return createProvider(options, { ...tokens, pause: setTimeout })
}

let loading: ReturnType<typeof load> | undefined
/** Once for the life of the execution environment; a failure is tried again by the next request. */
const loaded = () => {
  loading ??= load().catch((error: unknown) => {
    loading = undefined
    throw error
  })
  return loading
}

const logger = createLogger({ name: 'auth/oauth2', clock })
const throttle = createTokenThrottle(rateLimitStore(dynamo, environment.STATE_TABLE), clock)

export async function handler(event: unknown, context: Context): Promise<NodeAnswer> {
  const request = httpRequestOf(event)
  const log = logger.begin({ requestId: context.awsRequestId, method: request.method, path: request.path })
  try {
    const incoming = incomingOf(request, issuer, gatewayTimeOf(event))
    const answer = await throttled(request, throttle, log, async () => {
      const provider = await loaded()
      const engine = provider.callback()
      return answerOf(incoming, async (given, response) => {
        if (!(await interact(provider, services, request, given, response))) await engine(given, response)
      })
    })
    const failure = failureOf(incoming)
    if (isUnavailable(failure)) throw failure
    if (failure !== undefined) log.fail(failure)
    log.set({ status: answer.statusCode })
    return answer
  } catch (error) {
    log.fail(error)
    return UNAVAILABLE
  } finally {
    log.end()
  }
}

/** RFC 6749 §4.1.2.1 and §5.2: the errors of these endpoints are not problem documents. */
const UNAVAILABLE: NodeAnswer = {
  statusCode: 503,
  headers: { 'content-type': 'application/json', 'cache-control': 'no-store', 'retry-after': '1' },
  multiValueHeaders: {},
  body: JSON.stringify({ error: 'temporarily_unavailable', error_description: 'please try again' }),
  isBase64Encoded: false,
}
