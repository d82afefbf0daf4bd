/** When a request reached the gateway, which is what a sender's timestamp is compared with. Pure. */

/** `requestTimeEpoch` of a REST API, in milliseconds; `now` for an event that does not say. */
export function arrivedAt(event: unknown, now: Date): Date {
  const { requestContext } = event as { readonly requestContext?: { readonly requestTimeEpoch?: unknown } | null }
  const epoch = requestContext?.requestTimeEpoch
  return typeof epoch === 'number' && Number.isFinite(epoch) ? new Date(epoch) : now
}
