import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { cookieJar, parseCookies } from '#core/cookies.ts'

describe('reading cookies', () => {
  it.each([
    [undefined, {}],
    ['', {}],
    ['a=1', { a: '1' }],
    ['a=1; b=2;c=3', { a: '1', b: '2', c: '3' }],
    ['a="1"', { a: '1' }],
    ['a=b=c', { a: 'b=c' }],
    ['a=1; a=2', { a: '1' }],
    ['=1; nothing; b=', { b: '' }],
  ])('%j', (header, expected) => {
    expect(Object.fromEntries(parseCookies(header))).toEqual(expected)
  })

  it('never throws', () => {
    fc.assert(fc.property(fc.string(), (header) => parseCookies(header) instanceof Map))
  })
})

describe('writing cookies', () => {
  it('binds them to the host where the origin is https', () => {
    expect(cookieJar('https://backlot.example').set('session', 'a.b', { maxAgeSeconds: 60 })).toBe(
      '__Host-backlot-session=a.b; Path=/; HttpOnly; SameSite=Lax; Secure; Max-Age=60',
    )
  })

  it('has plain names on plain http, where no browser keeps a __Host- cookie', () => {
    const jar = cookieJar('http://localhost:4000')
    expect(jar.set('session', '', { maxAgeSeconds: 0 })).toBe(
      'backlot-session=; Path=/; HttpOnly; SameSite=Lax; Max-Age=0',
    )
    expect(jar.name('session')).toBe('backlot-session')
  })

  it('comes back as it was set', () => {
    const jar = cookieJar('http://localhost:4000')
    fc.assert(
      fc.property(fc.base64String(), (value) => {
        const [pair] = jar.set('x', value.replaceAll('=', '')).split(';')
        expect(parseCookies(pair).get('backlot-x')).toBe(value.replaceAll('=', ''))
      }),
    )
  })

  it.each(['a;b', 'a b', 'a,b', 'a"b', 'ä'])('refuses %j, which would end or break the header', (value) => {
    expect(() => cookieJar('http://localhost').set('session', value)).toThrow('expected a value')
  })
})
