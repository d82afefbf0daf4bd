import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Form } from '../../../../functions/payments/stripe/form.ts'
import { parseForm } from '../../../../functions/payments/stripe/form.ts'
import {
  canonicalJson,
  fingerprint,
  hashOf,
  keyOf,
  MAX_KEY_LENGTH,
} from '../../../../functions/payments/stripe/idempotency.ts'

const base = { method: 'POST', path: '/v1/customers', version: '2026-10-28.endive', params: { name: 'Ada' } as Form }

describe('the fingerprint of a request', () => {
  it('does not depend on the order of fields, at any level, nor on their encoding', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.dictionary(fc.string(), fc.string())), (params) => {
        const reversed = Object.fromEntries(
          Object.entries(params)
            .toReversed()
            .map(([name, inner]) => [name, Object.fromEntries(Object.entries(inner).toReversed())]),
        )
        expect(fingerprint({ ...base, params: reversed })).toBe(fingerprint({ ...base, params }))
      }),
    )
    const encoded = parseForm('metadata%5Ba%5D=x%20y&name=Ada')
    expect(fingerprint({ ...base, params: encoded })).toBe(
      fingerprint({ ...base, params: parseForm('name=Ada&metadata[a]=x+y') }),
    )
  })

  it('tells different requests apart', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // Nothing of the value is lost, so no two values have one form.
        expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
      }),
    )
    const others = [
      { ...base, method: 'DELETE' },
      { ...base, path: '/v1/products' },
      { ...base, version: '2026-11-25.endive' },
      { ...base, params: { name: 'ada' } },
      { ...base, params: { name: 'Ada', email: '' } },
      { ...base, params: { name: ['Ada'] } },
    ]
    expect(new Set([base, ...others].map(fingerprint)).size).toBe(others.length + 1)
  })
})

describe('a key', () => {
  it('has at most 255 characters, and is only kept as a hash', () => {
    expect([keyOf(undefined), keyOf('')]).toEqual([undefined, undefined])
    expect(keyOf('k'.repeat(MAX_KEY_LENGTH))).toHaveLength(MAX_KEY_LENGTH)
    expect(() => keyOf('k'.repeat(MAX_KEY_LENGTH + 1))).toThrow('at most 255')
    expect(hashOf('order-7')).toMatch(/^[0-9a-f]{64}$/)
  })
})
