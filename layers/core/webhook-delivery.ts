/**
 * What the tasks service asks of the payments service when a webhook is due: a try. Types only; the runner's composition
 * (`functions/tasks/run.lambda.ts`) brings the two together.
 */
export interface DeliveryOrder {
  readonly workspaceId: string
  readonly endpointId: string
  readonly eventId: string
  /** How often it was sent again by hand: tries of an earlier round are void. */
  readonly round: number
}

export type Delivered =
  /** `status` is the answer's; null when there was nothing left to send, or the delivery waits with its endpoint. */
  | { readonly kind: 'done'; readonly status: number | null }
  /** `retryAfter` is the answer's header. */
  | { readonly kind: 'again'; readonly code: string; readonly detail: string; readonly retryAfter: string | undefined }
  /** There will be no more tries. */
  | { readonly kind: 'over'; readonly code: string; readonly detail: string }

/** Makes one try and records it. Rejects when it could not be recorded, or nothing could be read. */
export type DeliverWebhook = (order: DeliveryOrder, signal: AbortSignal) => Promise<Delivered>
