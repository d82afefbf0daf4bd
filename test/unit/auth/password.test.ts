import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatPhc, parsePhc, passwordFault, passwords } from '../../../functions/auth/people/password.ts'
import { countingRandom } from '../core/doubles.ts'

const EMAIL = 'ann@example.com'
const make = (pepper = new Uint8Array(32)) => passwords(countingRandom(), async () => pepper)

describe('a password', () => {
  it.each([
    ['a'.repeat(9), 'too_short'],
    ['a good one', undefined],
    ['a'.repeat(10), 'common'],
    [`${'é'.repeat(511)}ab`, undefined],
    [`${'é'.repeat(511)}abc`, 'too_long'],
    ['🔑'.repeat(9), 'too_short'],
    ['My ANN@example.com!', 'is_address'],
  ])('%s: %s', (password, fault) => {
    expect(passwordFault(password, EMAIL)).toBe(fault)
  })

  it('is recognised, in any spelling of its letters, and no other is', async () => {
    const stored = await make().hash('café au lait')
    expect(stored).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1,keyid=azE\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(await make().verify('cafe\u0301 au lait', stored)).toBe(true)
    expect(await make().verify('cafe au lait', stored)).toBe(false)
    expect(await make().verify('x'.repeat(1_025), stored)).toBe(false)
  })

  it('can not be tried out without the key that is not in the table', async () => {
    const stored = await make().hash('café au lait')
    expect(await make(new Uint8Array(32).fill(1)).verify('café au lait', stored)).toBe(false)
  })

  it('of nobody is never right', async () => {
    expect(await make().verify('', undefined)).toBe(false)
    await expect(make().verify('x', 'plain')).rejects.toThrow('PHC')
  })

  it('has a hash that is written as it is read', () => {
    const bytes = fc.uint8Array({ minLength: 16, maxLength: 32 }).map((array) => Buffer.from(array))
    const phc = fc.record({ memory: fc.nat(), passes: fc.nat(), parallelism: fc.nat(), salt: bytes, tag: bytes })
    fc.assert(
      fc.property(phc, (value) => {
        expect(parsePhc(formatPhc(value))).toEqual(value)
      }),
    )
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(parsePhc(text)).toBeUndefined()
      }),
    )
  })
})
