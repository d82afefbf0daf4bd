/**
 * A webhook arrives. The sender waits, so nothing happens here but what must happen before it may forget the message:
 * 1. the path names a source, the method is POST, the body has at most `MAX_WEBHOOK_BYTES`
 * 2. find the source (kept for `CACHE_MS`), open its secrets
 * 3. verify the signature over the bytes as they came, at the time when they came
 * 4. one conditional put of the row that the stream will tell of; a second delivery changes nothing
 * No library but the SDK: most of these calls are alone in their environment's life.
 */
import type { HttpAnswer, HttpRequest } from '#core/exchange.ts'
import type { InvocationLog } from '#core/log.ts'
import { Problem } from '#core/problem.ts'
import { formatTraceparent, type TraceContext } from '#core/trace.ts'
import { isLive, type SecretBox } from '../secrets.ts'
import { type MessageName, nameMessage, verifyMessage } from './message.ts'
import type { KeepWebhook } from './received.store.ts'
import type { ReceivedWebhook } from './received.ts'
import { isSourceId, MAX_WEBHOOK_BYTES, type WebhookSource } from './source.ts'

export interface ReceiveServices {
  readonly findSource: (id: string) => Promise<WebhookSource | undefined>
  readonly secrets: SecretBox
  readonly keep: KeepWebhook
}

export interface Reception {
  readonly request: HttpRequest
  /** When the gateway had it. */
  readonly arrivedAt: Date
  readonly now: Date
  readonly trace: TraceContext
  readonly log: InvocationLog
}

const PATH = /^\/api\/payments\/webhooks\/([^/]+)$/
const ALLOW = 'POST, OPTIONS'

/** Throws a Problem for everything that is not taken. */
export async function receive(reception: Reception, services: ReceiveServices): Promise<HttpAnswer> {
  const { request, arrivedAt, now, trace, log } = reception
  const sourceId = PATH.exec(request.path)?.[1]
  if (sourceId === undefined) throw new Problem('route_not_found', 'expected /api/payments/webhooks/{source}')
  if (request.method === 'OPTIONS') return { status: 204, headers: { allow: ALLOW } }
  if (request.method !== 'POST')
    throw new Problem('method_not_allowed', `expected POST, got ${request.method}`, { headers: { allow: ALLOW } })
  const { body, headers } = request
  if (body.byteLength > MAX_WEBHOOK_BYTES)
    throw new Problem('body_too_large', `expected at most ${MAX_WEBHOOK_BYTES} bytes, got ${body.byteLength}`)
  const source = isSourceId(sourceId) ? await services.findSource(sourceId) : undefined
  if (source === undefined) throw new Problem('not_found', 'expected the address of a webhook source')
  log.set({ workspaceId: source.workspaceId, sourceId })
  const secrets = await openAll(source, services.secrets, now)
  const verified = verifyMessage(source.kind, headers, { body, at: arrivedAt }, secrets)
  if (!verified.ok) {
    log.set({ refusal: verified.reason })
    throw new Problem('webhook_unverified', 'expected a signature of this source, of the last five minutes')
  }
  const name = nameMessage(source.kind, headers, body)
  if (name === undefined) throw unnamed()
  log.set({ messageId: name.id, type: name.type })
  const isNew = await services.keep(received(source, name, body, now, formatTraceparent(trace)))
  log.metric(isNew ? 'receivedWebhooks' : 'repeatedWebhooks', 1)
  return {
    status: 200,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ received: true, duplicate: !isNew }),
  }
}

const openAll = (source: WebhookSource, box: SecretBox, now: Date): Promise<readonly string[]> =>
  Promise.all(source.secrets.filter((secret) => isLive(secret, now)).map(({ sealed }) => box.open(sealed, source.id)))

const unnamed = (): Problem =>
  new Problem('validation_failed', 'expected a message with an id', {
    errors: [{ pointer: '/id', code: 'required', detail: 'expected an id of letters, digits and _ : ~ -' }],
  })

const received = (
  { workspaceId, id: sourceId }: WebhookSource,
  { id: messageId, type }: MessageName,
  body: Uint8Array,
  now: Date,
  traceparent: string,
): ReceivedWebhook => ({
  ...{ workspaceId, sourceId, messageId, type, body, traceparent },
  receivedAt: now.toISOString(),
  since: now.toISOString(),
  status: 'received',
  reason: null,
  orderId: null,
  replays: 0,
  version: 1,
})
