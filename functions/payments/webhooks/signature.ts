/** What both schemes of webhook signatures have in common. Pure. */
import { timingSafeEqual } from 'node:crypto'

/** Why a signature is not believed. Private: for the log, from outside all look alike. */
export type SignatureFault = 'no_signature' | 'malformed_signature' | 'too_old' | 'too_new' | 'no_match'

export type Verified = { readonly ok: true } | { readonly ok: false; readonly reason: SignatureFault }

/**
 * How far the sender's clock may be from ours, either way: Stripe's default, and that of Standard Webhooks. Older ones may
 * be replays; newer ones would be replays that can be kept for later.
 * https://docs.stripe.com/webhooks#verify-manually
 */
export const WEBHOOK_TOLERANCE_SECONDS = 300

/** What arrived, and when. Measured at the gateway: how long it waited for us is not the sender's fault. */
export interface Arrival {
  /** As sent: a signature is over bytes, not over what they mean. */
  readonly body: Uint8Array
  readonly at: Date
}

/** Epoch seconds as both schemes write them; anything else is malformed. */
export const TIMESTAMP = /^\d{1,12}$/

/** Undefined when the timestamp is near enough. A tolerance of 0 means the same second, not "never mind". */
export function staleness(timestamp: number, at: Date, tolerance: number): 'too_old' | 'too_new' | undefined {
  const now = Math.floor(at.getTime() / 1_000)
  if (timestamp < now - tolerance) return 'too_old'
  return timestamp > now + tolerance ? 'too_new' : undefined
}

/** Looks at all pairs, whatever it finds: the time tells nothing about which of them is right. */
export function anyEqual(candidates: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean {
  let found = false
  for (const candidate of candidates)
    for (const one of expected) if (candidate.length === one.length && timingSafeEqual(candidate, one)) found = true
  return found
}

export const refused = (reason: SignatureFault): Verified => ({ ok: false, reason })
