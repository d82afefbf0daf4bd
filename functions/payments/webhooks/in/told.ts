/** What a received message says about money. Pure. */
import type { Fact } from '../../orders/facts.ts'

/** Why a message can't be applied, beside what `applyFact` refuses. */
export type Unreadable = 'malformed_body' | 'live_mode'

export type Told =
  | { readonly kind: 'fact'; readonly externalId: string; readonly fact: Fact }
  /** Of a type that moves no order. */
  | { readonly kind: 'nothing' }
  | { readonly kind: 'unreadable'; readonly reason: Unreadable }

export const NOTHING: Told = { kind: 'nothing' }
export const unreadable = (reason: Unreadable): Told => ({ kind: 'unreadable', reason })
