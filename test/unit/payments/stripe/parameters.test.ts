import { describe, expect, it } from 'vitest'
import * as z from 'zod'
import { bearerOf } from '../../../../functions/payments/stripe/credentials.ts'
import type { Form } from '../../../../functions/payments/stripe/form.ts'
import { createdRange, listParameters } from '../../../../functions/payments/stripe/lists.ts'
import {
  boolean,
  changedMetadata,
  checked,
  choice,
  clearable,
  integer,
  MAX_METADATA_KEYS,
  metadata,
  text,
} from '../../../../functions/payments/stripe/parameters.ts'
import { StripeError } from '../../../../functions/payments/stripe/stripe-error.ts'
import { checkVersion } from '../../../../functions/payments/stripe/version.ts'

const schema = z.strictObject({
  amount: integer(1, 100),
  name: clearable(text(5)).optional(),
  mode: choice(['a', 'b']).optional(),
  confirm: boolean.optional(),
  metadata: metadata.optional(),
  lines: z.array(z.strictObject({ price: text() })).optional(),
  created: listParameters.created,
})

const read = (form: Form) => {
  try {
    return checked(schema, { amount: '5', ...form })
  } catch (error) {
    if (!(error instanceof StripeError)) throw error
    const { status, code, param, message } = error.fields
    return { status, code, param, message }
  }
}

describe('parameters', () => {
  it('get their types', () => {
    expect(read({ name: '', confirm: 'true', metadata: '', created: { gt: '4' }, lines: [{ price: 'p' }] })).toEqual({
      ...{ amount: 5, name: null, confirm: true, metadata: null, created: { gt: 4 }, lines: [{ price: 'p' }] },
    })
  })

  it.each<[Form, string | undefined, string, string]>([
    [{ amount: '1.5' }, 'parameter_invalid_integer', 'amount', 'Invalid integer: 1.5'],
    [{ amount: '1e2' }, 'parameter_invalid_integer', 'amount', 'Invalid integer: 1e2'],
    [{ amount: '' }, 'parameter_invalid_empty', 'amount', 'cannot be unset'],
    [{ amount: '0' }, undefined, 'amount', 'greater than or equal to 1'],
    [{ amount: '101' }, undefined, 'amount', 'less than or equal to 100'],
    [{ amount: ['1'] }, undefined, 'amount', 'Invalid string'],
    [{ name: 'Abcdef' }, undefined, 'name', 'at most 5 characters'],
    [{ mode: 'c' }, undefined, 'mode', 'must be one of a, b'],
    [{ confirm: 'yes' }, undefined, 'confirm', 'must be true or false'],
    [{ lines: [{}] }, 'parameter_missing', 'lines[0][price]', 'Missing required param: lines[0][price].'],
    [{ lines: [{ price: 'p', prise: 'q' }] }, 'parameter_unknown', 'lines[0][prise]', 'unknown parameter'],
    [{ lines: 'x' }, undefined, 'lines', 'Invalid array'],
    [{ metadata: { k: 'x'.repeat(501) } }, undefined, 'metadata[k]', 'at most 500'],
    [{ created: { gt: 'x' } }, 'parameter_invalid_integer', 'created[gt]', 'Invalid integer'],
  ])('%j: the first fault is told as Stripe tells it', (form, code, param, message) => {
    expect(read(form)).toEqual({ status: 400, code, param, message: expect.stringContaining(message) })
  })

  it('say that one is missing', () => {
    expect(() => checked(schema, {})).toThrow('Missing required param: amount.')
  })
})

describe('metadata', () => {
  it('is merged: an empty value removes its key, an empty parameter all of them', () => {
    expect(changedMetadata({ a: '1', b: '2' }, { a: '', c: '3' })).toEqual({ b: '2', c: '3' })
    expect(changedMetadata({ a: '1' }, null)).toEqual({})
    expect(changedMetadata({ a: '1' }, undefined)).toEqual({ a: '1' })
  })

  it('has at most fifty keys', () => {
    const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 'v']))
    expect(Object.keys(changedMetadata({}, keys(MAX_METADATA_KEYS)))).toHaveLength(MAX_METADATA_KEYS)
    expect(() => changedMetadata({}, keys(MAX_METADATA_KEYS + 1))).toThrow('at most 50')
    expect(Object.keys(changedMetadata(keys(MAX_METADATA_KEYS), { k0: '', other: 'v' }))).toHaveLength(
      MAX_METADATA_KEYS,
    )
  })
})

describe('a range of times', () => {
  it.each([
    [5, { from: '1970-01-01T00:00:05.000Z', until: '1970-01-01T00:00:06.000Z' }],
    [
      { gte: 5, lt: 7 },
      { from: '1970-01-01T00:00:05.000Z', until: '1970-01-01T00:00:07.000Z' },
    ],
    [
      { gt: 5, lte: 7 },
      { from: '1970-01-01T00:00:06.000Z', until: '1970-01-01T00:00:08.000Z' },
    ],
    [{ gt: 9, gte: 5 }, { from: '1970-01-01T00:00:10.000Z' }],
    [undefined, {}],
  ])('%j includes its start and not its end', (created, expected) => {
    expect(createdRange(created)).toEqual(expected)
  })
})

describe('credentials and versions', () => {
  it('a key may be the user name of Basic', () => {
    const basic = (userPassword: string) => bearerOf(`Basic ${Buffer.from(userPassword).toString('base64')}`)
    expect([basic('bk_1_2:'), basic('bk_1_2:secret'), bearerOf('Bearer x'), bearerOf(undefined)]).toEqual([
      ...['Bearer bk_1_2', 'Bearer bk_1_2', 'Bearer x', undefined],
    ])
  })

  it('one major release is spoken', () => {
    for (const version of [undefined, '', '2026-10-28.endive', '2027-01-01.endive'])
      expect(() => checkVersion(version)).not.toThrow()
    for (const version of ['2020-08-27', '2026-10-28.acacia', 'endive', 'x'.repeat(200)])
      expect(() => checkVersion(version)).toThrow('Invalid Stripe API version')
  })
})
