/** The kit's stores in memory, for tests of what stands above them. The case suites in test/contract hold the real ones to the same. */

import type { HttpAnswer } from '#core/exchange.ts'
import type { IdempotencyStore, IdempotentRequest } from '#core/idempotency.ts'
import type { RateLimitStore } from '#core/rate-limit.ts'

interface Item {
  fingerprint: string
  owner: string
  lockedUntil?: Date
  answer?: HttpAnswer
  expiresAt: Date
}

export function memoryIdempotencyStore(): IdempotencyStore {
  const items = new Map<string, Item>()
  const idOf = ({ workspaceId, key }: IdempotentRequest) => JSON.stringify([workspaceId, key])
  return {
    async begin(request, now, lockedUntil, expiresAt) {
      const { fingerprint, owner } = request
      const item = items.get(idOf(request))
      const expired = item !== undefined && item.expiresAt <= now
      const abandoned = item?.lockedUntil !== undefined && item.lockedUntil <= now && item.fingerprint === fingerprint
      if (item === undefined || expired || abandoned) {
        items.set(idOf(request), { fingerprint, owner, lockedUntil, expiresAt })
        return { kind: 'started' }
      }
      if (item.fingerprint !== fingerprint) return { kind: 'other_request' }
      if (item.answer !== undefined) return { kind: 'done', answer: item.answer }
      return item.owner === owner ? { kind: 'started' } : { kind: 'running', lockedUntil: item.lockedUntil ?? now }
    },
    async complete(request, answer) {
      const item = items.get(idOf(request))
      if (item?.owner !== request.owner) return false
      const { lockedUntil: _, ...done } = item
      items.set(idOf(request), { ...done, answer })
      return true
    },
    async release(request) {
      if (items.get(idOf(request))?.owner === request.owner) items.delete(idOf(request))
    },
  }
}

export function memoryRateLimitStore(): RateLimitStore {
  const counts = new Map<string, number>()
  return {
    async count(...window) {
      const id = JSON.stringify(window)
      const count = (counts.get(id) ?? 0) + 1
      counts.set(id, count)
      return count
    },
  }
}
