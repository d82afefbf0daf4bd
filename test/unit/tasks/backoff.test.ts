import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_RETRY, MAX_RETRY_AFTER_MS, retryDelay } from '../../../functions/tasks/states/backoff.ts'

const policy = { attempts: 5, firstDelayMs: 1_000, maxDelayMs: 60_000, factor: 2 }

describe('the delay before the next try', () => {
  it('grows by the factor up to the cap, the upper half of it drawn', () => {
    expect([1, 2, 3, 7, 50].map((failures) => retryDelay(policy, failures, 0))).toEqual([
      500, 1_000, 2_000, 30_000, 30_000,
    ])
    expect(retryDelay(policy, 3, 0.5)).toBe(3_000)
  })

  it('is never shorter than Retry-After, nor than its own, and never longer than a day and a tenth', () => {
    expect(retryDelay(policy, 1, 0, 10_000)).toBe(10_000)
    expect(retryDelay(policy, 1, 0.5, 10_000)).toBe(10_500)
    expect(retryDelay(policy, 7, 0, 10)).toBe(30_000)
    expect(retryDelay(policy, 1, 0, 1e12)).toBe(MAX_RETRY_AFTER_MS)
    expect(retryDelay(policy, 1, 0, -5)).toBe(500)
  })

  it('stays within its bounds for every policy and draw', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 0, max: 1e7 }),
        (failures, jitter, asked) => {
          const delay = retryDelay(DEFAULT_RETRY, failures, jitter, asked)
          expect(delay).toBeGreaterThanOrEqual(Math.min(asked, MAX_RETRY_AFTER_MS))
          expect(delay).toBeGreaterThanOrEqual(DEFAULT_RETRY.firstDelayMs / 2)
          expect(delay).toBeLessThanOrEqual(Math.max(DEFAULT_RETRY.maxDelayMs, asked * 1.1) + 1)
        },
      ),
    )
  })
})
