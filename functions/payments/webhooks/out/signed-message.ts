/** An event as it is sent to an endpoint: the frozen payload in the form of its scheme, with headers of this try. */
import type { EventRow } from '../../changes/stripe-event.ts'
import type { WebhookEndpoint } from '../endpoints/endpoint.ts'
import { isLive, type SecretBox } from '../secrets.ts'
import { parseStandardKey, signStandard } from '../standard-signature.ts'
import { STRIPE_SIGNATURE_HEADER, signStripe } from '../stripe-signature.ts'

export interface SignedMessage {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

const JSON_TYPE = { 'content-type': 'application/json; charset=utf-8' }

export async function signedMessage(
  endpoint: Pick<WebhookEndpoint, 'id' | 'scheme' | 'secrets'>,
  event: EventRow,
  box: SecretBox,
  at: Date,
): Promise<SignedMessage> {
  const live = endpoint.secrets.filter((secret) => isLive(secret, at))
  const secrets = await Promise.all(live.map(({ sealed }) => box.open(sealed, endpoint.id)))
  const headers = { ...JSON_TYPE, traceparent: event.traceparent }
  switch (endpoint.scheme) {
    case 'stripe': {
      const body = Buffer.from(event.payload)
      return { body, headers: { ...headers, [STRIPE_SIGNATURE_HEADER]: signStripe(body, secrets, at) } }
    }
    case 'standard-webhooks': {
      const body = Buffer.from(standardPayload(event))
      const keys = secrets.flatMap((secret) => {
        const key = parseStandardKey(secret)
        return key?.kind === 'hmac' ? [key.key] : []
      })
      return { body, headers: { ...headers, ...signStandard(event.id, body, keys, at) } }
    }
  }
}

/**
 * The fields that the specification recommends, from the frozen payload alone: the same bytes on every try.
 * @returns JSON
 */
export function standardPayload({ id, type, createdAt, sequence, payload }: EventRow): string {
  const { data } = JSON.parse(payload) as { data: { object: unknown; previous_attributes?: unknown } }
  return JSON.stringify({
    id,
    type,
    timestamp: createdAt,
    sequence,
    data: data.object,
    ...(data.previous_attributes !== undefined && { previous: data.previous_attributes }),
  })
}
