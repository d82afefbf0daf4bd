import { describe, expect, it } from 'vitest'
import { assertSameOrigin, isSameOrigin } from '#core/same-origin.ts'

const ORIGIN = 'https://backlot.example'

describe('a request that changes something', () => {
  it.each([
    [{ origin: ORIGIN }, true],
    [{ origin: ORIGIN, 'sec-fetch-site': 'same-origin' }, true],
    [{ 'sec-fetch-site': 'same-origin' }, true],
    [{}, false],
    [{ origin: 'null' }, false],
    [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, true],
    [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, false],
    [{ origin: 'null', 'sec-fetch-site': 'none' }, false],
    [{ origin: 'https://evil.example' }, false],
    [{ origin: `${ORIGIN}.evil.example` }, false],
    [{ origin: 'http://backlot.example' }, false],
    [{ origin: ORIGIN, 'sec-fetch-site': 'cross-site' }, false],
    [{ 'sec-fetch-site': 'same-site' }, false],
    [{ 'sec-fetch-site': 'none' }, false],
  ])('%j: %s', (headers, allowed) => {
    expect(isSameOrigin(headers, [ORIGIN])).toBe(allowed)
  })

  it('is refused by its code', () => {
    expect(() => assertSameOrigin({}, [ORIGIN])).toThrow(expect.objectContaining({ code: 'cross_site_request' }))
  })
})
