/** The caller's own endpoints: what several routes do with them. */
import { Problem } from '#core/problem.ts'
import type { PaymentsServices } from '../../payments-services.ts'
import type { WebhookEndpoint } from './endpoint.ts'

export const ENDPOINTS_PATH = '/api/payments/webhook-endpoints'

export const etagOf = ({ version }: WebhookEndpoint): string => String(version)

/** Throws `not_found`, for one of another workspace too, and `precondition_failed`. */
export async function ownEndpoint(
  { objects }: Pick<PaymentsServices, 'objects'>,
  workspaceId: string,
  id: string,
  ifMatch?: string,
): Promise<WebhookEndpoint> {
  const endpoint = await objects.get<WebhookEndpoint>('webhook_endpoint', workspaceId, id)
  if (endpoint === undefined)
    throw new Problem('not_found', `this workspace has no webhook endpoint ${id.slice(0, 64)}`)
  if (ifMatch !== undefined && ifMatch !== etagOf(endpoint))
    throw new Problem('precondition_failed', `expected the current version ${etagOf(endpoint)}, got another`)
  return endpoint
}

/** Applies a decision to the latest state, again while others write in between. */
export const changeEndpoint = (
  services: Pick<PaymentsServices, 'objects' | 'changes'>,
  {
    workspaceId,
    id,
    ifMatch,
  }: { readonly workspaceId: string; readonly id: string; readonly ifMatch: string | undefined },
  decide: (endpoint: WebhookEndpoint) => WebhookEndpoint,
): Promise<WebhookEndpoint> =>
  services.changes.settle(async (changes) => {
    const before = await ownEndpoint(services, workspaceId, id, ifMatch)
    const after = decide(before)
    changes.update(before, after)
    return after
  })
