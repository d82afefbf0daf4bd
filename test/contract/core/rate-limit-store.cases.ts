/** What every `RateLimitStore` does. Run on the real table (test/contract) and on the double that unit tests use. */
import { expect, it } from 'vitest'
import type { RateLimitStore } from '#core/rate-limit.ts'

const MINUTE = 60_000

/** `unique` is part of every subject, so that two runs on one table never meet. */
export function rateLimitStoreCases(store: () => RateLimitStore, unique: string): void {
  const start = Date.now() - (Date.now() % MINUTE)

  it('counts from 1, each request once, also simultaneous ones', async () => {
    const counts = await Promise.all(
      Array.from({ length: 20 }, () => store().count(`key#${unique}`, 'write', start, MINUTE)),
    )
    expect([...counts].sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, index) => index + 1))
  })

  it('counts subjects, classes and windows apart', async () => {
    const subject = `key#${unique}-apart`
    await store().count(subject, 'write', start, MINUTE)
    expect(await store().count(subject, 'read', start, MINUTE)).toBe(1)
    expect(await store().count(subject, 'write', start + MINUTE, MINUTE)).toBe(1)
    expect(await store().count(`${subject}#`, 'write', start, MINUTE)).toBe(1)
    expect(await store().count(subject, 'write', start, MINUTE)).toBe(2)
  })
}
