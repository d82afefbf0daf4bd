/** Webhooks of others, signed by the libraries of their schemes, through the deployed receiver into orders and ledger. */
import { generateKeyPairSync, sign } from 'node:crypto'
import { beforeAll, describe, expect, it } from 'vitest'
import { edge, eventually } from './links-cloud.ts'
import {
  chargeObject,
  deliver,
  intentObject,
  newSource,
  now,
  type Source,
  sendStripe,
  settled,
  standardHeaders,
  stripeEvent,
  stripeHeaders,
  stripeSource,
} from './payments-senders.ts'
import { balanced, newShop, orderOf, pay, type Shop } from './payments-shop.ts'

const LIMIT = 256 * 1024
const BEYOND_TOLERANCE_SECONDS = 330
const WITHIN_TOLERANCE_SECONDS = 240

let shop: Shop
let source: Source
beforeAll(async () => {
  shop = await newShop()
  source = await stripeSource(shop)
})

describe('a webhook of Stripe', () => {
  it('is acknowledged, applied and told in the ledger', async () => {
    const own = await newShop()
    const from = await stripeSource(own)
    const event = stripeEvent('payment_intent.succeeded', intentObject('pi_in_1', { amount_received: 4_200 }))
    expect(await sendStripe(from, event)).toMatchObject({ status: 200, body: { received: true, duplicate: false } })
    const webhook = await settled(own, from, event.id)
    expect(webhook).toMatchObject({ status: 'applied', type: event.type, body: JSON.stringify(event) })
    const order = await orderOf(own, 'pi_in_1')
    expect(order).toMatchObject({ status: 'paid', captured: { amount: 4_200 }, source: from.id, id: webhook.orderId })
    expect(await balanced(own)).toMatchObject({ 'assets:processor': 4_200, 'revenue:sales': -4_200 })
  })

  it('that comes again is known, and moves nothing', async () => {
    const event = stripeEvent('payment_intent.succeeded', intentObject('pi_in_2', { amount_received: 4_200 }))
    await sendStripe(source, event)
    await settled(shop, source, event.id)
    const { version } = await orderOf(shop, 'pi_in_2')
    expect(await sendStripe(source, event)).toMatchObject({ status: 200, body: { duplicate: true } })
    // The same fact under another id is another message about what is known.
    const twin = { ...event, id: `${event.id}_twin` }
    await sendStripe(source, twin)
    expect(await settled(shop, source, twin.id)).toMatchObject({ status: 'applied' })
    expect((await orderOf(shop, 'pi_in_2')).version).toBe(version)
  })

  it('may come in any order: a refund before the capture, the capture before the creation', async () => {
    const own = await newShop()
    const from = await stripeSource(own)
    const charge = chargeObject('pi_in_3')
    const events = [
      stripeEvent('charge.refunded', { ...charge, amount_refunded: 1_200 }),
      stripeEvent('payment_intent.succeeded', intentObject('pi_in_3', { amount_received: 4_200 })),
      stripeEvent('payment_intent.processing', intentObject('pi_in_3')),
      stripeEvent('charge.refunded', { ...charge, amount_refunded: 500 }),
      stripeEvent('payment_intent.created', intentObject('pi_in_3')),
    ]
    for (const event of events) {
      await sendStripe(from, event)
      expect(await settled(own, from, event.id)).toMatchObject({ status: 'applied' })
    }
    const order = await orderOf(own, 'pi_in_3')
    expect(order).toMatchObject({
      status: 'partially_refunded',
      captured: { amount: 4_200 },
      refunded: { amount: 1_200 },
      email: 'ada@example.com',
    })
    expect(await balanced(own)).toMatchObject({ 'assets:processor': 3_000, 'contra:refunds': 1_200 })
  })

  it('of a type without meaning for money is ignored', async () => {
    const event = stripeEvent('customer.updated', { id: 'cus_1' })
    await sendStripe(source, event)
    expect(await settled(shop, source, event.id)).toMatchObject({ status: 'ignored', orderId: null })
  })

  it('is refused with its reason when currencies differ, and fails again when it is replayed', async () => {
    const first = stripeEvent('payment_intent.created', intentObject('pi_in_4'))
    await sendStripe(source, first)
    await settled(shop, source, first.id)
    const other = stripeEvent(
      'payment_intent.succeeded',
      intentObject('pi_in_4', { currency: 'eur', amount_received: 1 }),
    )
    await sendStripe(source, other)
    expect(await settled(shop, source, other.id)).toMatchObject({ status: 'failed', reason: 'currency_mismatch' })
    expect(await orderOf(shop, 'pi_in_4')).toMatchObject({
      status: 'open',
      captured: { amount: 0 },
    })
    const path = `/webhook-sources/${source.id}/received/${other.id}`
    expect(await shop.call('POST', `${path}/replay`)).toMatchObject({ status: 202, body: { replays: 1 } })
    expect(await settled(shop, source, other.id)).toMatchObject({ status: 'failed', replays: 1 })
  })

  it.each([
    ['live mode', { livemode: true }, 'live_mode'],
    [
      'an amount beyond what numbers hold',
      { data: { object: intentObject('pi_in_5', { amount: 2 ** 53 }) } },
      'malformed_body',
    ],
  ])('with %s is kept, and fails', async (_, over, reason) => {
    const event = stripeEvent('payment_intent.succeeded', intentObject('pi_in_5', { amount_received: 1 }), over)
    await sendStripe(source, event)
    expect(await settled(shop, source, event.id)).toMatchObject({ status: 'failed', reason })
    expect(await orderOf(shop, 'pi_in_5')).toBeUndefined()
  })

  it('about an intent of ours is compared with it, and moves nothing', async () => {
    const intent = await pay(shop, { amount: 5_000 })
    const before = await orderOf(shop, intent.id)
    const same = stripeEvent(
      'payment_intent.succeeded',
      intentObject(intent.id, { amount: 5_000, amount_received: 5_000 }),
    )
    const other = stripeEvent(
      'payment_intent.succeeded',
      intentObject(intent.id, { amount: 9_000, amount_received: 9_000 }),
    )
    for (const event of [same, other]) await sendStripe(source, event)
    expect(await settled(shop, source, same.id)).toMatchObject({ status: 'applied', orderId: before.id })
    expect(await settled(shop, source, other.id)).toMatchObject({ status: 'failed', reason: 'amount_mismatch' })
    expect(await orderOf(shop, intent.id)).toEqual(before)
  })
})

describe('the signature is over the bytes as they came', () => {
  it.each([
    ['characters beyond ASCII', '{"id":"evt_utf8","type":"x","note":"Grüße 💶 ‮"}', 'evt_utf8'],
    ['CRLF and white space', '{\r\n  "id" : "evt_crlf",\r\n\t"type":"x"  }\r\n', 'evt_crlf'],
    ['integers that no double holds', '{"id":"evt_big","type":"x","n":12345678901234567890}', 'evt_big'],
    ['keys in no order, and one twice', '{"type":"x","id":"evt_keys","b":1,"a":2,"b":3}', 'evt_keys'],
  ])('%s', async (_, payload, id) => {
    expect(await sendStripe(source, payload)).toMatchObject({ status: 200 })
    const { body } = await shop.call('GET', `/webhook-sources/${source.id}/received/${id}`)
    expect(body).toMatchObject({ body: payload, bytes: Buffer.byteLength(payload) })
  })

  it('bytes that are no text', async () => {
    const made = await newSource(shop, { kind: 'standard-webhooks' })
    const bytes = Buffer.from([0x00, 0xff, 0xfe, 0x80, 0x0d, 0x0a])
    // The reference library signs text only: latin1 in its place gives other bytes, so the key is used by hand.
    const { createHmac } = await import('node:crypto')
    const at = String(now())
    const key = Buffer.from((made.secret ?? '').slice('whsec_'.length), 'base64')
    const signature = createHmac('sha256', key).update(`msg_bytes.${at}.`).update(bytes).digest('base64')
    const headers = { 'webhook-id': 'msg_bytes', 'webhook-timestamp': at, 'webhook-signature': `v1,${signature}` }
    expect(await deliver(made.id, bytes, headers)).toMatchObject({ status: 200 })
    expect(await settled(shop, made, 'msg_bytes')).toMatchObject({
      status: 'failed',
      reason: 'malformed_body',
      bytes: 6,
    })
  })

  it('takes a body at the limit, and none that is one byte longer', async () => {
    const payloadOf = (bytes: number, id: string) => {
      const frame = JSON.stringify({ id, type: 'x', fill: '' })
      return JSON.stringify({ id, type: 'x', fill: 'a'.repeat(bytes - frame.length) })
    }
    expect(await sendStripe(source, payloadOf(LIMIT, 'evt_limit'))).toMatchObject({ status: 200 })
    expect(await settled(shop, source, 'evt_limit')).toMatchObject({ bytes: LIMIT })
    expect(await sendStripe(source, payloadOf(LIMIT + 1, 'evt_over'))).toMatchObject({
      status: 413,
      body: { code: 'body_too_large' },
    })
  })
})

describe('is not believed', () => {
  const payload = JSON.stringify(stripeEvent('payment_intent.created', intentObject('pi_never')))
  const at = (timestamp: number) => stripeHeaders(payload, { timestamp })

  it.each([
    ['without a signature', () => ({})],
    ['with the secret of somebody else', () => stripeHeaders(payload, { secret: 'whsec_of_somebody_else_entirely' })],
    ['with a signature over other bytes', () => stripeHeaders(`${payload} `)],
    ['from the past', () => at(now() - BEYOND_TOLERANCE_SECONDS)],
    ['from the future', () => at(now() + BEYOND_TOLERANCE_SECONDS)],
    ['with a scheme of its own', () => ({ 'Stripe-Signature': at(now())['Stripe-Signature'].replace('v1=', 'v9=') })],
    ['with what is no header of a signature', () => ({ 'Stripe-Signature': 'yes' })],
  ])('%s', async (_, headers) => {
    const answer = await deliver(source.id, payload, headers())
    expect(answer).toMatchObject({ status: 400, body: { code: 'webhook_unverified' } })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
  })

  it.each([
    ['a little early', -WITHIN_TOLERANCE_SECONDS],
    ['a little late', WITHIN_TOLERANCE_SECONDS],
  ])('but %s is believed', async (_, offset) => {
    expect(await deliver(source.id, payload, at(now() + offset))).toMatchObject({ status: 200 })
  })

  it('but any v1 of several will do', async () => {
    const good = at(now())['Stripe-Signature']
    const header = good.replace('v1=', `v0=${'0'.repeat(64)},v1=${'a'.repeat(64)},v1=`)
    expect(await deliver(source.id, payload, { 'Stripe-Signature': header })).toMatchObject({ status: 200 })
  })
})

describe('the receiver', () => {
  it('knows no source that nobody made, and no other method', async () => {
    const unknown = 'src_01KDVDNA5T9M8F5B6C1D0E2R3Q'
    expect(await deliver(unknown, '{}', {})).toMatchObject({ status: 404, body: { code: 'not_found' } })
    const read = await fetch(edge(`/api/payments/webhooks/${source.id}`))
    expect([read.status, read.headers.get('allow')]).toEqual([405, 'POST, OPTIONS'])
  })

  it('refuses a message that has no id', async () => {
    expect(await sendStripe(source, '{"type":"x"}')).toMatchObject({ status: 400, body: { code: 'validation_failed' } })
  })

  it('believes the old and the new secret while both are there', async () => {
    const own = await stripeSource(shop)
    const secret = 'whsec_the_next_one_0123456789'
    const path = `/webhook-sources/${own.id}`
    const changed = await shop.call('PATCH', path, { secrets: ['whsec_test_5kYbmP0wAYuFTrAHhzTbLdLEBzWkOUeP', secret] })
    expect(changed).toMatchObject({ status: 200, body: { secrets: [{ hint: 'OUeP' }, { hint: '6789' }] } })
    const payload = JSON.stringify(stripeEvent('customer.created', { id: 'cus_2' }))
    const send = () => deliver(own.id, payload, stripeHeaders(payload, { secret }))
    await eventually(send, ({ status }) => status === 200)
  })
})

describe('a webhook of Standard Webhooks', () => {
  it('signed by the reference library is applied', async () => {
    const own = await newShop()
    const from = await newSource(own, { kind: 'standard-webhooks' })
    const payload = JSON.stringify({
      type: 'payment.captured',
      timestamp: new Date().toISOString(),
      data: { payment: 'shop-4711', amount: { amount: 990, currency: 'EUR' }, email: 'ünal@example.com' },
    })
    const answer = await deliver(from.id, payload, standardHeaders(from.secret ?? '', 'msg_1', payload))
    expect(answer).toMatchObject({ status: 200 })
    expect(await settled(own, from, 'msg_1')).toMatchObject({ status: 'applied' })
    expect(await orderOf(own, 'shop-4711')).toMatchObject({
      status: 'paid',
      captured: { amount: 990, currency: 'eur' },
    })
    expect(await balanced(own, 'eur')).toMatchObject({ 'assets:processor': 990 })
  })

  it('signed with a private key is believed by the published one', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32)
    const from = await newSource(shop, { kind: 'standard-webhooks', secrets: [`whpk_${raw.toString('base64')}`] })
    const payload = JSON.stringify({ type: 'payment.created', data: {} })
    const at = String(now())
    const signature = sign(null, Buffer.from(`msg_2.${at}.${payload}`), privateKey).toString('base64')
    const headers = { 'webhook-id': 'msg_2', 'webhook-timestamp': at, 'webhook-signature': `v1a,${signature}` }
    expect(await deliver(from.id, payload, headers)).toMatchObject({ status: 200 })
    expect(await deliver(from.id, `${payload} `, headers)).toMatchObject({ status: 400 })
  })

  it('with another id than the one that was signed is not believed', async () => {
    const from = await newSource(shop, { kind: 'standard-webhooks' })
    const headers = standardHeaders(from.secret ?? '', 'msg_3', '{}')
    expect(await deliver(from.id, '{}', { ...headers, 'webhook-id': 'msg_4' })).toMatchObject({ status: 400 })
    expect(await deliver(from.id, '{}', headers)).toMatchObject({ status: 200 })
  })
})

describe('lists', () => {
  it('show what became of the webhooks, by status', async () => {
    const failed = await shop.call('GET', '/received-webhooks?status=failed&limit=2')
    expect(failed.body.items).toHaveLength(2)
    for (const item of failed.body.items) expect(item).toMatchObject({ status: 'failed', reason: expect.any(String) })
    const next = await shop.call('GET', `/received-webhooks?status=failed&limit=2&cursor=${failed.body.nextCursor}`)
    const ids = [...failed.body.items, ...next.body.items].map(({ messageId }: { messageId: string }) => messageId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  it('show nothing to another workspace', async () => {
    const stranger = await newShop()
    expect((await stranger.call('GET', '/received-webhooks')).body.items).toEqual([])
    expect(await stranger.call('GET', `/webhook-sources/${source.id}`)).toMatchObject({ status: 404 })
    expect(await stranger.call('GET', `/webhook-sources/${source.id}/received/evt_utf8`)).toMatchObject({ status: 404 })
  })
})
