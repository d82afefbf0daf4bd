/**
 * An endpoint: where a workspace wants to hear what happened, of which events, signed how. Both APIs make the same object,
 * in their own scheme. Pure.
 */
import { DAY } from '#core/clock.ts'
import { checkTarget } from '#core/http-target.ts'
import { isStripeType } from '../../changes/stripe-event.ts'
import { changed, type StoredObject } from '../../objects/objects.ts'
import type { StoredSecret } from '../secrets.ts'

/** How messages are signed and what they look like: of Standard Webhooks, or of Stripe. */
export const SCHEMES = ['standard-webhooks', 'stripe'] as const
export type Scheme = (typeof SCHEMES)[number]

/** Why nothing is sent to it. */
export const DISABLED_REASONS = ['manual', 'gone', 'failing'] as const
export type DisabledReason = (typeof DISABLED_REASONS)[number]

/** How much of the way to being disabled is told of, in per cent; the last is that it was disabled. */
export const NOTICE_STAGES = [50, 70, 90, 100] as const
export type NoticeStage = (typeof NOTICE_STAGES)[number]

export interface Breaker {
  readonly state: 'open' | 'half_open' | 'releasing'
  /** When the clock looks at it again. */
  readonly at: string
  /** How often it opened without a success between. */
  readonly openings: number
  /** Half open: the event whose delivery is tried. */
  readonly probe: string | null
}

export interface Health {
  /** In a row, until the breaker opened. */
  readonly failures: number
  /** Null while it is closed. */
  readonly breaker: Breaker | null
  /** The last stage that its owners were told of, or are about to be. */
  readonly noticed: NoticeStage | 0
  /** Waits to be sent. */
  readonly notice: { readonly stage: NoticeStage; readonly at: string } | null
  readonly disabledAt: string | null
  /** Events from then on failed or were not tried, until somebody sends them again. */
  readonly missedSince: string | null
}

export interface WebhookEndpoint extends StoredObject<'webhook_endpoint'> {
  readonly scheme: Scheme
  readonly url: string
  /** Patterns of event types: `*`, `order.*`, `order.paid`; see `wants`. */
  readonly events: readonly string[]
  readonly description: string | null
  readonly metadata: Readonly<Record<string, string>>
  /** Null while it is enabled. */
  readonly disabled: DisabledReason | null
  /** The newest first; the one before it is used beside it until it expires. */
  readonly secrets: readonly StoredSecret[]
  /** The first failure since the last success. */
  readonly failingSince: string | null
  /** What else its tries said about it; see `health.ts`. */
  readonly health?: Health | undefined
  /** Its place among the endpoints of the workspace, from 1: names its task queue. */
  readonly slot: number
  /** Of Stripe's API, for endpoints of `/v1` that asked for one. */
  readonly apiVersion: string | null
}

/** Stripe's own limit for one account. Each has a task queue of its own, of which a workspace has at most 100. */
export const MAX_ENDPOINTS = 16
export const MAX_PATTERNS = 100
export const MAX_URL_LENGTH = 2_048
export const EVENT_PATTERN = /^(?:\*|[a-z_]{1,40}(?:\.[a-z_]{1,40}){0,4}(?:\.\*)?)$/
/** Stripe keeps the old secret of an endpoint for at most a day. */
export const MAX_OVERLAP_MS = DAY

export interface NewEndpoint {
  readonly id: string
  readonly workspaceId: string
  readonly scheme: Scheme
  readonly url: string
  readonly events: readonly string[]
  readonly secret: StoredSecret
  readonly slot: number
  readonly description?: string | null | undefined
  readonly metadata?: Readonly<Record<string, string>> | undefined
  readonly apiVersion?: string | null | undefined
}

export function newEndpoint({ secret, ...endpoint }: NewEndpoint, now: Date): WebhookEndpoint {
  const at = now.toISOString()
  const { description = null, metadata = {}, apiVersion = null, ...rest } = endpoint
  return {
    ...rest,
    ...{ description, metadata, apiVersion },
    kind: 'webhook_endpoint',
    version: 1,
    createdAt: at,
    updatedAt: at,
    disabled: null,
    secrets: [secret],
    failingSince: null,
  }
}

/** The lowest place that no other endpoint has; undefined when the workspace has as many as it may. */
export function freeSlot(others: readonly Pick<WebhookEndpoint, 'slot'>[]): number | undefined {
  const taken = new Set(others.map(({ slot }) => slot))
  return Array.from({ length: MAX_ENDPOINTS }, (_, index) => index + 1).find((slot) => !taken.has(slot))
}

/** What is wrong with an address, before anything is resolved: the same rule as at every delivery. */
export function urlFault(url: string, allowLoopback: boolean): string | undefined {
  const target = checkTarget(url, { allowLoopback })
  return target.ok ? undefined : target.detail
}

/** Whether an endpoint wants events of this type. Of one in Stripe's scheme `*` are Stripe's: ours it has to name. */
export const wants = ({ events, scheme }: Pick<WebhookEndpoint, 'events' | 'scheme'>, type: string): boolean =>
  events.some((pattern) => {
    if (pattern === '*') return scheme !== 'stripe' || isStripeType(type)
    return pattern === type || (pattern.endsWith('.*') && type.startsWith(pattern.slice(0, -1)))
  })

/** The new secret signs from now on; the old one beside it until it expires, older ones no more. */
export function rotate(endpoint: WebhookEndpoint, secret: StoredSecret, overlapMs: number, now: Date): WebhookEndpoint {
  const expiresAt = new Date(now.getTime() + Math.min(overlapMs, MAX_OVERLAP_MS)).toISOString()
  const [latest] = endpoint.secrets
  const kept = latest === undefined || overlapMs === 0 ? [] : [{ ...latest, expiresAt }]
  return changed(endpoint, { secrets: [secret, ...kept] }, now)
}
