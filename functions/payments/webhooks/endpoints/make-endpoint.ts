/** Makes endpoints, for both APIs: the secret, the place, the limit. What is wrong with the address its caller says before. */
import type { Ids } from '#core/ids.ts'
import type { Random } from '#core/random.ts'
import type { ObjectsStore } from '../../objects/objects.store.ts'
import { ID_PREFIXES } from '../../payments-keys.ts'
import { newSecret, type SecretBox, storedSecret } from '../secrets.ts'
import { freeSlot, MAX_ENDPOINTS, type NewEndpoint, newEndpoint, type WebhookEndpoint } from './endpoint.ts'

export interface EndpointServices {
  readonly objects: Pick<ObjectsStore, 'list'>
  readonly secrets: SecretBox
  readonly ids: Ids
  readonly random: Random
}

export type EndpointRequest = Omit<NewEndpoint, 'id' | 'secret' | 'slot'>

/** To be stored by the caller. `secret` is to be shown once. */
export interface MadeEndpoint {
  readonly endpoint: WebhookEndpoint
  readonly secret: string
}

/** Undefined when the workspace has as many endpoints as it may. Two at the same moment may share a place, and wait for each other. */
export async function makeEndpoint(
  request: EndpointRequest,
  { objects, secrets, ids, random }: EndpointServices,
  now: Date,
): Promise<MadeEndpoint | undefined> {
  const range = { limit: MAX_ENDPOINTS }
  const { items } = await objects.list<WebhookEndpoint>('webhook_endpoint', request.workspaceId, range)
  const slot = freeSlot(items)
  if (slot === undefined) return undefined
  const id = ids(ID_PREFIXES.webhook_endpoint)
  const secret = newSecret(random)
  const endpoint = newEndpoint({ ...request, id, slot, secret: await storedSecret(secret, id, secrets, now) }, now)
  return { endpoint, secret }
}
