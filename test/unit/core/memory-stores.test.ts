/** The doubles do what the real stores do: they pass the same cases. */
import { describe } from 'vitest'
import { idempotencyStoreCases } from '../../contract/core/idempotency-store.cases.ts'
import { rateLimitStoreCases } from '../../contract/core/rate-limit-store.cases.ts'
import { memoryIdempotencyStore, memoryRateLimitStore } from './memory-stores.ts'

describe('idempotency in memory', () => {
  const store = memoryIdempotencyStore()
  idempotencyStoreCases(() => store, 'memory')
})

describe('rate limits in memory', () => {
  const store = memoryRateLimitStore()
  rateLimitStoreCases(() => store, 'memory')
})
