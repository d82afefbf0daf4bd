/** `GET /{slug}`: entry and wiring of the redirect. No zod, no AWS SDK: `bench/cold-start` and the bundle limit hold it to that. */
import { createAfterResponse } from '#core/after-response.ts'
import { systemClock } from '#core/clock.ts'
import { createLogger } from '#core/log.ts'
import { hexFrom, pooled, systemRandom } from '#core/random.ts'
import { continueTrace } from '#core/trace.ts'
import { redirectEnvironment } from './environment.ts'
import { createAwsCall } from './redirect/aws-call.store.ts'
import { connection } from './redirect/aws-connection.ts'
import { createSendClick } from './redirect/clicks-queue.store.ts'
import { redirect } from './redirect/redirect.ts'
import type { RedirectAnswer } from './redirect/redirect-answers.ts'
import { parseRequest, type RestEvent, type UrlEvent } from './redirect/redirect-request.ts'
import { createFindSlug } from './redirect/slug.store.ts'

const { LINKS_TABLE, CLICKS_QUEUE_URL } = redirectEnvironment.read()
const clock = systemClock
const logger = createLogger({ name: 'links/redirect', clock })
const afterResponse = await createAfterResponse({ logger, clock, runtimeApi: process.env['AWS_LAMBDA_RUNTIME_API'] })
const services = {
  findSlug: createFindSlug(createAwsCall({ ...(await connection('dynamodb')), clock }), LINKS_TABLE),
  sendClick: createSendClick(createAwsCall({ ...(await connection('sqs')), clock }), CLICKS_QUEUE_URL),
  afterResponse,
}
const randomHex = hexFrom(pooled(systemRandom))

export const handler = afterResponse.around<RestEvent | UrlEvent, RedirectAnswer>(async (event, context) => {
  const requestId = context.awsRequestId
  const request = parseRequest(event)
  const trace = continueTrace(request.headers['traceparent'], randomHex)
  const log = logger.begin({ requestId, traceId: trace.traceId, method: request.method })
  const answer = await redirect(request, { requestId, now: clock.now(), trace, log }, services)
  log.set({ status: answer.statusCode })
  log.end()
  return answer
})
