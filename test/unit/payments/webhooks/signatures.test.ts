import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import fc from 'fast-check'
import { Webhook } from 'standardwebhooks'
import Stripe from 'stripe'
import { describe, expect, it } from 'vitest'
import { WEBHOOK_TOLERANCE_SECONDS } from '../../../../functions/payments/webhooks/signature.ts'
import {
  MAX_SECRET_BYTES,
  MIN_SECRET_BYTES,
  parseStandardKey,
  type StandardKey,
  signStandard,
  verifyStandard,
} from '../../../../functions/payments/webhooks/standard-signature.ts'
import { signStripe, verifyStripe } from '../../../../functions/payments/webhooks/stripe-signature.ts'

const AT = new Date('2026-11-21T12:00:00.700Z')
const AT_SECONDS = Math.floor(AT.getTime() / 1_000)
const TOLERANCE = WEBHOOK_TOLERANCE_SECONDS
const BODY = Buffer.from('{"id":"evt_1",\r\n"note":"Grüße 💶","n":12345678901234567890}\r\n')
const SECRET = 'whsec_test_0123456789'
const stripe = new Stripe('sk_test_unused')

const arrival = (body: Uint8Array = BODY, at = AT) => ({ body, at })
const later = (seconds: number) => new Date((AT_SECONDS + seconds) * 1_000)
const bytes = fc.uint8Array({ maxLength: 200 })
const secretText = fc.stringMatching(/^[\x21-\x7e]{16,40}$/)
const key = fc.uint8Array({ minLength: MIN_SECRET_BYTES, maxLength: MAX_SECRET_BYTES })
const hmacKeys = (keys: readonly Uint8Array[]): StandardKey[] => keys.map((each) => ({ kind: 'hmac', key: each }))

describe("Stripe's scheme", () => {
  it('is believed by its own library, and believes it', () => {
    const header = signStripe(BODY, [SECRET], AT)
    expect(() => stripe.webhooks.constructEvent(BODY, header, SECRET, TOLERANCE, undefined, AT.getTime())).not.toThrow()
    const theirs = stripe.webhooks.generateTestHeaderString({
      payload: BODY.toString(),
      secret: SECRET,
      timestamp: AT_SECONDS,
    })
    expect(verifyStripe(theirs, arrival(), [SECRET], TOLERANCE)).toEqual({ ok: true })
  })

  it('goes round for any bytes, any secrets, any of them', () => {
    fc.assert(
      fc.property(bytes, fc.uniqueArray(secretText, { minLength: 1, maxLength: 4 }), fc.nat(3), (body, secrets, n) => {
        const header = signStripe(body, secrets, AT)
        const known = secrets[n % secrets.length] ?? ''
        expect(verifyStripe(header, arrival(body), ['whsec_of_others_entirely', known], TOLERANCE)).toEqual({
          ok: true,
        })
      }),
    )
  })

  it('is refused when any one byte differs', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1, maxLength: 60 }),
        fc.nat(),
        fc.integer({ min: 1, max: 255 }),
        (body, at, flip) => {
          const other = Uint8Array.from(body)
          other[at % body.length] = (other[at % body.length] ?? 0) ^ flip
          const header = signStripe(body, [SECRET], AT)
          expect(verifyStripe(header, arrival(other), [SECRET], TOLERANCE)).toEqual({ ok: false, reason: 'no_match' })
        },
      ),
    )
  })

  it.each([
    [-TOLERANCE, { ok: true }],
    [-TOLERANCE - 1, { ok: false, reason: 'too_old' }],
    [TOLERANCE, { ok: true }],
    [TOLERANCE + 1, { ok: false, reason: 'too_new' }],
  ])('of %i seconds from now', (offset, verified) => {
    const header = signStripe(BODY, [SECRET], later(offset))
    expect(verifyStripe(header, arrival(), [SECRET], TOLERANCE)).toEqual(verified)
  })

  it('with a tolerance of 0 is believed within the second only', () => {
    const of = (offset: number) => verifyStripe(signStripe(BODY, [SECRET], later(offset)), arrival(), [SECRET], 0)
    expect([of(0), of(1), of(-1)].map(({ ok }) => ok)).toEqual([true, false, false])
  })

  const good = signStripe(BODY, [SECRET], AT)
  const digest = createHmac('sha256', SECRET).update(`${AT_SECONDS}.`).update(BODY).digest('hex')
  it.each([
    ['nothing', undefined, 'no_signature'],
    ['an empty header', '', 'no_signature'],
    ['no timestamp', `v1=${digest}`, 'malformed_signature'],
    ['two timestamps', `t=1,${good}`, 'malformed_signature'],
    ['a timestamp that is no number', `t=now,v1=${digest}`, 'malformed_signature'],
    ['another scheme only', `t=${AT_SECONDS},v0=${digest}`, 'malformed_signature'],
    ['a short digest', `t=${AT_SECONDS},v1=${digest.slice(2)}`, 'malformed_signature'],
    ['no secrets', good, 'no_match'],
  ])('with %s is refused', (what, header, reason) => {
    const secrets = what === 'no secrets' ? [] : [SECRET]
    expect(verifyStripe(header, arrival(), secrets, TOLERANCE)).toEqual({ ok: false, reason })
  })

  it('compares with every v1', () => {
    const header = `t=${AT_SECONDS}, v1=${'0'.repeat(64)},v0=${digest},v1=zz,v1=${digest}`
    expect(verifyStripe(header, arrival(), [SECRET], TOLERANCE)).toEqual({ ok: true })
  })
})

describe('Standard Webhooks', () => {
  const raw = Buffer.alloc(32, 7)
  const text = `whsec_${raw.toString('base64')}`
  const headers = { ...signStandard('msg_1', BODY, [raw], AT) }

  it('is believed by its reference library, and believes it', () => {
    const signature = new Webhook(text).sign('msg_1', AT, BODY.toString())
    expect(headers['webhook-signature']).toBe(signature)
    expect(verifyStandard(headers, arrival(), hmacKeys([raw]), TOLERANCE)).toEqual({ ok: true })
  })

  it('goes round for any bytes, any keys, any of them', () => {
    fc.assert(
      fc.property(bytes, fc.array(key, { minLength: 1, maxLength: 4 }), fc.nat(3), (body, keys, n) => {
        const sent = { ...signStandard('msg_2', body, keys, AT) }
        const known = keys[n % keys.length] ?? raw
        expect(verifyStandard(sent, arrival(body), hmacKeys([raw, known]), TOLERANCE)).toEqual({ ok: true })
      }),
    )
  })

  it.each([
    ['another id', { 'webhook-id': 'msg_2' }, 'no_match'],
    ['another time', { 'webhook-timestamp': String(AT_SECONDS - 1) }, 'no_match'],
    ['no id', { 'webhook-id': undefined }, 'no_signature'],
    ['no timestamp', { 'webhook-timestamp': undefined }, 'no_signature'],
    ['no signature', { 'webhook-signature': undefined }, 'no_signature'],
    [
      'an unknown version',
      { 'webhook-signature': headers['webhook-signature'].replace('v1,', 'v7,') },
      'malformed_signature',
    ],
    ['a timestamp that is no number', { 'webhook-timestamp': '12e3' }, 'malformed_signature'],
  ])('with %s is refused', (_, change, reason) => {
    expect(verifyStandard({ ...headers, ...change }, arrival(), hmacKeys([raw]), TOLERANCE)).toEqual({
      ok: false,
      reason,
    })
  })

  it.each([
    [-TOLERANCE - 1, 'too_old'],
    [TOLERANCE + 1, 'too_new'],
  ])('of %i seconds from now is refused', (offset, reason) => {
    const sent = { ...signStandard('msg_1', BODY, [raw], later(offset)) }
    expect(verifyStandard(sent, arrival(), hmacKeys([raw]), TOLERANCE)).toEqual({ ok: false, reason })
  })

  it('believes an Ed25519 signature by the published key, and takes it for nothing else', () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const published = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64')
    const parsed = parseStandardKey(`whpk_${published}`)
    if (parsed === undefined) throw new Error('expected a key')
    const content = Buffer.concat([Buffer.from(`msg_1.${AT_SECONDS}.`), BODY])
    const value = sign(null, content, privateKey).toString('base64')
    const signed = (version: string) => ({ ...headers, 'webhook-signature': `v1,AAAA ${version},${value}` })
    expect(verifyStandard(signed('v1a'), arrival(), [parsed], TOLERANCE)).toEqual({ ok: true })
    expect(verifyStandard(signed('v1'), arrival(), [parsed], TOLERANCE)).toEqual({ ok: false, reason: 'no_match' })
    expect(verifyStandard(signed('v1a'), arrival(Buffer.from('{}')), [parsed], TOLERANCE).ok).toBe(false)
  })

  it.each([
    ['a secret of 24 bytes', `whsec_${Buffer.alloc(24).toString('base64')}`, 'hmac'],
    ['one of 64', `whsec_${Buffer.alloc(64).toString('base64')}`, 'hmac'],
    ['one of 23', `whsec_${Buffer.alloc(23).toString('base64')}`, undefined],
    ['one of 65', `whsec_${Buffer.alloc(65).toString('base64')}`, undefined],
    ['one that is no base64', 'whsec_!!!!', undefined],
    ['one without its prefix', Buffer.alloc(32).toString('base64'), undefined],
    ['a key of 31 bytes', `whpk_${Buffer.alloc(31).toString('base64')}`, undefined],
  ])('%s', (_, given, kind) => {
    expect(parseStandardKey(given)?.kind).toBe(kind)
  })
})
