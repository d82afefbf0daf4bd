/** `POST /api/payments/webhooks/{source}`: entry and wiring. How is in `webhooks/in/receive.ts`. No zod: the sender waits. */
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager'
import type { Context } from 'aws-lambda'
import { cached } from '#core/cached.ts'
import { systemClock } from '#core/clock.ts'
import { documentClient } from '#core/document-client.store.ts'
import { CLIENT_LIMITS } from '#core/dynamo.ts'
import { kitSecret } from '#core/kit-secret.store.ts'
import { createLogger } from '#core/log.ts'
import { problemAnswer } from '#core/problem-answer.ts'
import { hexFrom, pooled, systemRandom } from '#core/random.ts'
import { httpRequestOf } from '#core/request.ts'
import { finished, type LambdaHttpResult } from '#core/response.ts'
import { continueTrace } from '#core/trace.ts'
import { receiveWebhooksEnvironment } from './environment.ts'
import { arrivedAt } from './webhooks/in/arrival.ts'
import { receive } from './webhooks/in/receive.ts'
import { createKeepWebhook } from './webhooks/in/received.store.ts'
import { createSourcesStore } from './webhooks/in/sources.store.ts'
import { createSecretBox, remembering } from './webhooks/secrets.ts'

const { PAYMENTS_TABLE, KIT_SECRET_ID } = receiveWebhooksEnvironment.read()
const clock = systemClock
const logger = createLogger({ name: 'payments/receive-webhooks', clock })
const dynamo = documentClient()
const secret = kitSecret(new SecretsManagerClient(CLIENT_LIMITS), KIT_SECRET_ID)
const services = {
  findSource: cached((id: string) => createSourcesStore(dynamo, PAYMENTS_TABLE).find(id), clock),
  secrets: remembering(createSecretBox(() => secret.key('webhook-secret'), systemRandom)),
  keep: createKeepWebhook(dynamo, PAYMENTS_TABLE),
}
const randomHex = hexFrom(pooled(systemRandom))

export async function handler(event: unknown, { awsRequestId: requestId }: Context): Promise<LambdaHttpResult> {
  const request = httpRequestOf(event)
  const now = clock.now()
  const trace = continueTrace(request.headers['traceparent'], randomHex)
  const log = logger.begin({ requestId, traceId: trace.traceId, method: request.method })
  const reception = { request, arrivedAt: arrivedAt(event, now), now, trace, log }
  const answer = await receive(reception, services).catch((error: unknown) => problemAnswer(error, { log, requestId }))
  log.set({ status: answer.status })
  log.end()
  return finished({ request, requestId, trace, headers: {} }, answer, [])
}
