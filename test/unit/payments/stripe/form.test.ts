import fc from 'fast-check'
import qs from 'qs'
import { describe, expect, it } from 'vitest'
import type { HttpRequest } from '#core/exchange.ts'
import {
  type FormValue,
  formOf,
  MAX_FORM_BYTES,
  MAX_FORM_DEPTH,
  MAX_FORM_ELEMENTS,
  MAX_FORM_FIELDS,
  parseForm,
} from '../../../../functions/payments/stripe/form.ts'
import { StripeError } from '../../../../functions/payments/stripe/stripe-error.ts'

const request = (body: string | Uint8Array, type?: string, rest: Partial<HttpRequest> = {}): HttpRequest => ({
  ...{ method: 'POST', path: '/v1/customers', query: {}, clientIp: '198.51.100.7' },
  headers: type === undefined ? {} : { 'content-type': type },
  body: Buffer.from(body),
  ...rest,
})
const FORM = 'application/x-www-form-urlencoded'

describe('a form', () => {
  it.each([
    ['amount=500&currency=usd', { amount: '500', currency: 'usd' }],
    ['line_items[0][price]=a&line_items[1][price]=b', { line_items: [{ price: 'a' }, { price: 'b' }] }],
    ['expand[]=a&expand[]=b', { expand: ['a', 'b'] }],
    ['metadata%5Bcolour%5D=d%C3%A9j%C3%A0+vu', { metadata: { colour: 'déjà vu' } }],
    ['name=a&name=b', { name: 'b' }],
    ['name=', { name: '' }],
    ['metadata[a.b]=1', { metadata: { 'a.b': '1' } }],
    ['__proto__[polluted]=1&constructor[prototype][x]=1', { constructor: { prototype: { x: '1' } } }],
    ['', {}],
  ])('%s is nested by its names', (text, expected) => {
    expect(JSON.parse(JSON.stringify(parseForm(text)))).toEqual(expected)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })

  const name = fc.stringMatching(/^[a-z][a-z_]{0,8}$/).filter((text) => !(text in Object.prototype))
  const { form } = fc.letrec<{ form: FormValue }>((tie) => ({
    form: fc.oneof(
      { depthSize: 'small', maxDepth: 4 },
      fc.string({ unit: 'grapheme' }),
      fc.array(tie('form'), { minLength: 1, maxLength: 4 }),
      fc.dictionary(name, tie('form'), { minKeys: 1, maxKeys: 4 }),
    ),
  }))

  it('that any client writes with indexed names is read back as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(name, form, { maxKeys: 5 }), (value) => {
        for (const encodeValuesOnly of [true, false]) {
          const text = qs.stringify(value, { encodeValuesOnly, arrayFormat: 'indices' })
          expect(JSON.parse(JSON.stringify(parseForm(text)))).toEqual(JSON.parse(JSON.stringify(value)))
        }
      }),
    )
  })

  it('is refused, never half read, whatever its bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
        try {
          expect(typeof formOf(request(bytes, FORM))).toBe('object')
        } catch (error) {
          expect(error).toBeInstanceOf(StripeError)
        }
      }),
    )
  })

  const many = (count: number, pair: (index: number) => string) =>
    Array.from({ length: count }, (_, i) => pair(i)).join('&')
  it.each([
    ['fields', MAX_FORM_FIELDS, (count: number) => many(count, (index) => `f${index}=1`)],
    ['elements', MAX_FORM_ELEMENTS, (count: number) => many(count, () => 'expand[]=1')],
    ['levels', MAX_FORM_DEPTH, (count: number) => `a${'[b]'.repeat(count)}=1`],
  ])('has a limit of %s', (_, limit, text) => {
    expect(() => parseForm(text(limit))).not.toThrow()
    expect(() => parseForm(text(limit + 1))).toThrow(StripeError)
  })

  it('has a limit of bytes', () => {
    const filled = (length: number) => request(`a=${'x'.repeat(length - 2)}`, FORM)
    expect(formOf(filled(MAX_FORM_BYTES))).toHaveProperty('a')
    expect(() => formOf(filled(MAX_FORM_BYTES + 1))).toThrow('at most')
  })

  it('says its type, but for an empty one; a query is read where there is no body', () => {
    expect(formOf(request('', undefined))).toEqual({})
    expect(formOf(request('a=1', `${FORM}; charset=utf-8`))).toEqual({ a: '1' })
    expect(() => formOf(request('{"a":1}', 'application/json'))).toThrow('content type')
    const listed = request('', undefined, { method: 'GET', query: { 'created[gte]': ['5'], 'expand[]': ['a', 'b'] } })
    expect(formOf(listed)).toEqual({ created: { gte: '5' }, expand: ['a', 'b'] })
  })

  it.each(['a=%zz', 'a=%ff'])('%s is no percent-encoded UTF-8', (text) => {
    expect(() => parseForm(text)).toThrow('percent-encoded')
  })
})
