/** When a failed task is tried again. Pure. */
import { DAY, SECOND } from '#core/clock.ts'

export interface RetryPolicy {
  /** Tries in all that may fail: 1 is no retry. Crashes are counted apart. */
  readonly attempts: number
  readonly firstDelayMs: number
  readonly maxDelayMs: number
  /** Each delay is this times the one before. */
  readonly factor: number
  /** Explicit delays in the place of the three above: the first before the second try, the last before all further ones. */
  readonly delaysMs?: readonly number[]
  /** With explicit delays: each is drawn up to this share of it earlier or later. @default 0 */
  readonly spread?: number
}

/** About two hours in all: longer than a deployment or a failover takes. */
export const DEFAULT_RETRY: RetryPolicy = {
  attempts: 8,
  firstDelayMs: 5 * SECOND,
  maxDelayMs: 3_600 * SECOND,
  factor: 3,
}

/** Of what was called may ask for more patience than our own cap, but not for ever. */
export const MAX_RETRY_AFTER_MS = DAY

/**
 * Exponential with a cap; the upper half of it is drawn, so that tasks that failed together do not come back together
 * ("equal jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), or the policy's explicit
 * delays. Never earlier than `retryAfterMs`, to which up to a tenth is added for the same reason.
 * @param failures the failed attempts so far, at least 1
 * @param jitter in [0, 1)
 */
export function retryDelay(policy: RetryPolicy, failures: number, jitter: number, retryAfterMs = 0): number {
  const drawn = drawnDelay(policy, failures, jitter)
  const asked = Math.min(Math.max(retryAfterMs, 0), MAX_RETRY_AFTER_MS)
  return Math.round(Math.max(drawn, asked + (asked / 10) * jitter))
}

function drawnDelay({ delaysMs, spread = 0, ...policy }: RetryPolicy, failures: number, jitter: number): number {
  const explicit = delaysMs?.[Math.min(failures, delaysMs.length) - 1]
  if (explicit !== undefined) return explicit * (1 - spread + 2 * spread * jitter)
  const ceiling = Math.min(policy.maxDelayMs, policy.firstDelayMs * policy.factor ** (failures - 1))
  return ceiling / 2 + (ceiling / 2) * jitter
}
