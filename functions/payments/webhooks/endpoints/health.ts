/**
 * How an endpoint is: what its tries say about it, and what follows. Pure.
 *
 *   closed ── BREAKER_FAILURES in a row ──► open ── its time ──► half open: one delivery is the probe
 *     ▲                                      ▲                      │         │
 *     │                                      └─ failed: twice as long, ≤ 1 h ─┘
 *     └── nothing waits any more ── releasing ◄─ answered with 2xx ─┘
 *
 * While it is open or half open deliveries wait with it ("parked") instead of using up their tries. What waits for a time
 * (a probe, a release, a notice to the owners) the clock does: `watch.ts`.
 */
import { DAY, HOUR, MINUTE, SECOND } from '#core/clock.ts'
import { changed } from '../../objects/objects.ts'
import {
  type Breaker,
  type DisabledReason,
  type Health,
  NOTICE_STAGES,
  type NoticeStage,
  type WebhookEndpoint,
} from './endpoint.ts'
import { isTestEvent } from './test-event.ts'

const WELL: Health = {
  ...{ failures: 0, breaker: null, noticed: 0, notice: null },
  ...{ disabledAt: null, missedSince: null },
}

/** Endpoints that were made before there was a breaker have no health. */
export const healthOf = ({ health }: Pick<WebhookEndpoint, 'health'>): Health => health ?? WELL

/** By chance a receiver that fails one try in ten fails so often in a row once in 100,000 tries. */
export const BREAKER_FAILURES = 5
/** A receiver that restarts is back by then. */
export const FIRST_OPEN_MS = MINUTE
/** How late a receiver that is back may hear of it; 120 probes in five days. */
export const MAX_OPEN_MS = HOUR
/** A probe that was lost with its process is made again: the longest try, and its way through the queue. */
export const PROBE_MS = 2 * MINUTE
/** Until the index has every delivery that was parked before the breaker closed. */
export const RELEASE_DELAY_MS = 15 * SECOND
/** The rule of Standard Webhooks' reference implementation: this long without a single success. */
export const MAX_FAILING_MS = 5 * DAY

const after = (now: Date, ms: number): string => new Date(now.getTime() + ms).toISOString()

/** Nothing but a probe is sent to it now. */
export const isHeld = (endpoint: Pick<WebhookEndpoint, 'health'>): boolean => {
  const { breaker } = healthOf(endpoint)
  return breaker !== null && breaker.state !== 'releasing'
}

export const isProbe = (endpoint: Pick<WebhookEndpoint, 'health'>, eventId: string): boolean => {
  const { breaker } = healthOf(endpoint)
  return breaker?.state === 'half_open' && breaker.probe === eventId
}

/** Whether this event may be tried now. A test is made to see whether it is well again. */
export const mayTry = (
  endpoint: Pick<WebhookEndpoint, 'health'>,
  event: { readonly id: string; readonly type: string },
) => !isHeld(endpoint) || isProbe(endpoint, event.id) || isTestEvent(event.type)

export interface Tried {
  readonly outcome: 'succeeded' | 'failed' | 'gone'
  readonly eventId: string
}

/** What a try says about the endpoint; undefined when nothing new. */
export function afterTry(endpoint: WebhookEndpoint, tried: Tried, now: Date): WebhookEndpoint | undefined {
  if (endpoint.disabled !== null) return undefined
  switch (tried.outcome) {
    case 'succeeded':
      return afterSuccess(endpoint, now)
    case 'gone':
      return disable(endpoint, 'gone', now)
    case 'failed':
      return afterFailure(endpoint, tried.eventId, now)
  }
}

function afterSuccess(endpoint: WebhookEndpoint, now: Date): WebhookEndpoint | undefined {
  const health = healthOf(endpoint)
  if (endpoint.failingSince === null && health.failures === 0 && !isHeld(endpoint)) return undefined
  const breaker = isHeld(endpoint) ? releasing(now) : health.breaker
  const { missedSince } = health
  return changed<WebhookEndpoint>(endpoint, { failingSince: null, health: { ...WELL, breaker, missedSince } }, now)
}

/** While it is open, a late failure of a try that was under way says nothing new, and is not written. */
function afterFailure(endpoint: WebhookEndpoint, eventId: string, now: Date): WebhookEndpoint | undefined {
  const failingSince = endpoint.failingSince ?? now.toISOString()
  const failingMs = now.getTime() - Date.parse(failingSince)
  if (failingMs >= MAX_FAILING_MS) return disable(endpoint, 'failing', now)
  const health = healthOf(endpoint)
  const counts = !isHeld(endpoint) || isProbe(endpoint, eventId)
  const stage = stageOf(failingMs)
  if (!counts && stage <= health.noticed) return undefined
  const failures = health.failures + (counts ? 1 : 0)
  const next: Health = {
    ...health,
    failures,
    breaker: counts ? breakerAfter(health.breaker, failures, now) : health.breaker,
    ...(stage > health.noticed && stage !== 0 && { noticed: stage, notice: { stage, at: now.toISOString() } }),
  }
  return changed<WebhookEndpoint>(endpoint, { failingSince, health: next }, now)
}

const stageOf = (failingMs: number): NoticeStage | 0 =>
  NOTICE_STAGES.findLast((stage) => failingMs * 100 >= MAX_FAILING_MS * stage) ?? 0

function breakerAfter(breaker: Breaker | null, failures: number, now: Date): Breaker | null {
  const failedProbe = breaker?.state === 'half_open'
  if (!failedProbe && failures < BREAKER_FAILURES) return breaker
  const openings = failedProbe ? breaker.openings + 1 : 1
  const ms = Math.min(FIRST_OPEN_MS * 2 ** (openings - 1), MAX_OPEN_MS)
  return { state: 'open', at: after(now, ms), openings, probe: null }
}

const releasing = (now: Date): Breaker => ({
  ...{ state: 'releasing', openings: 0, probe: null },
  at: after(now, RELEASE_DELAY_MS),
})

const withHealth = (endpoint: WebhookEndpoint, change: Partial<Health>, now: Date): WebhookEndpoint =>
  changed<WebhookEndpoint>(endpoint, { health: { ...healthOf(endpoint), ...change } }, now)

/** One delivery is sent to see whether it is well again. */
export const halfOpen = (endpoint: WebhookEndpoint, probe: string, now: Date): WebhookEndpoint =>
  withHealth(
    endpoint,
    {
      breaker: {
        state: 'half_open',
        at: after(now, PROBE_MS),
        openings: healthOf(endpoint).breaker?.openings ?? 1,
        probe,
      },
    },
    now,
  )

/** Nothing waits with it any more. With nothing to probe with, the next failure opens it again. */
export const closeBreaker = (endpoint: WebhookEndpoint, now: Date): WebhookEndpoint =>
  withHealth(endpoint, { breaker: null, failures: isHeld(endpoint) ? BREAKER_FAILURES - 1 : 0 }, now)

export const noticeSent = (endpoint: WebhookEndpoint, now: Date): WebhookEndpoint =>
  withHealth(endpoint, { notice: null }, now)

export const missedSent = (endpoint: WebhookEndpoint, now: Date): WebhookEndpoint =>
  withHealth(endpoint, { missedSince: null }, now)

/** It has another address: whether that one is well is seen at once. */
export function probeNow(endpoint: WebhookEndpoint, now: Date): WebhookEndpoint {
  const { breaker } = healthOf(endpoint)
  if (breaker?.state !== 'open') return endpoint
  return withHealth(endpoint, { breaker: { ...breaker, openings: 1, at: now.toISOString() } }, now)
}

/** Off. What waits with it is given up; what it misses can be sent again, unless somebody wished it off. */
export function disable(endpoint: WebhookEndpoint, reason: DisabledReason, now: Date): WebhookEndpoint {
  const health = healthOf(endpoint)
  const at = now.toISOString()
  const failingSince = endpoint.failingSince ?? (reason === 'manual' ? null : at)
  const byUs = { noticed: 100, notice: { stage: 100, at }, missedSince: health.missedSince ?? failingSince } as const
  const next: Health = {
    ...health,
    disabledAt: at,
    breaker: health.breaker && releasing(now),
    ...(reason === 'manual' ? { notice: null } : byUs),
  }
  return changed<WebhookEndpoint>(endpoint, { disabled: reason, failingSince, health: next }, now)
}

/** On again: its failures are forgotten, what it missed is not. */
export function enable(endpoint: WebhookEndpoint, now: Date): WebhookEndpoint {
  const { breaker, missedSince } = healthOf(endpoint)
  const health: Health = { ...WELL, missedSince, breaker: breaker && releasing(now) }
  return changed<WebhookEndpoint>(endpoint, { disabled: null, failingSince: null, health }, now)
}

/** What an endpoint misses is written down for as long after it was disabled. */
const MISSED_KEPT_MS = 30 * DAY

/** Whether events shall be kept for it as failed deliveries, to be sent again once it is enabled. */
export function keepsMissed(endpoint: WebhookEndpoint, now: Date): boolean {
  const { disabledAt } = healthOf(endpoint)
  if (endpoint.disabled === null || endpoint.disabled === 'manual' || disabledAt === null) return false
  return now.getTime() - Date.parse(disabledAt) < MISSED_KEPT_MS
}

/** When the clock shall look at it; undefined while it is well. */
export function endpointDueAt(endpoint: Pick<WebhookEndpoint, 'health'>): string | undefined {
  const { breaker, notice } = healthOf(endpoint)
  return [breaker?.at, notice?.at].filter((at) => at !== undefined).toSorted()[0]
}
