import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isCommonPassword } from '../../../functions/auth/people/common-password.ts'

describe('a password that everybody tries first', () => {
  it.each([
    '1234567890',
    '0987654321',
    'qwertyuiop',
    'poiuytrewq',
    '1q2w3e4r5t',
    'Password123',
    'P@ssw0rd2024!',
    'passwordpassword',
    'iloveyou123',
    'administrator',
    '123password',
    'Welcome2026!!',
    'aaaaaaaaaaaa',
    'abcabcabcabc',
    'abcabcabcab',
    '12121212121',
    'abcdefghijkl',
    'let-me-in 1',
  ])('%s', (password) => {
    expect(isCommonPassword(password)).toBe(true)
  })
})

it.each([
  'correct horse battery staple',
  'my password is long',
  'sunflower-tractor-9',
  'ab1ab2ab3ab4',
  'qwerty asdf table',
  'é🔑é🔑 und mehr',
])('%s is not', (password) => {
  expect(isCommonPassword(password)).toBe(false)
})

it('a word is found whatever digits stand around it, and whatever its case', () => {
  const digits = fc.string({ unit: fc.constantFrom('0', '1', '2', '9', '!', '?', '#'), maxLength: 6 })
  fc.assert(
    fc.property(digits, fc.boolean(), (tail, upper) => {
      expect(isCommonPassword(`${upper ? 'PASSWORD' : 'password'}${tail}`)).toBe(true)
    }),
  )
})

it('any text is judged at once', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 1_024 }), (text) => {
      const began = performance.now()
      isCommonPassword(text.repeat(3).slice(0, 1_024))
      expect(performance.now() - began).toBeLessThan(1_000)
    }),
    { numRuns: 50 },
  )
})
