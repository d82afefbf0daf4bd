import { beforeEach, describe, expect, it } from 'vitest'
import * as z from 'zod'
import { SECOND } from '#core/clock.ts'
import type { Gate } from '#core/gate.ts'
import { createIds } from '#core/ids.ts'
import type { ChangesStore } from '../../../../functions/payments/changes/changes.store.ts'
import { Changes } from '../../../../functions/payments/changes/changes.ts'
import {
  COMPLETION_LABEL,
  type IdempotencyStore,
  type KeptAnswer,
  type KeyUse,
} from '../../../../functions/payments/stripe/idempotency.ts'
import { StripeError } from '../../../../functions/payments/stripe/stripe-error.ts'
import { stripeHandler } from '../../../../functions/payments/stripe/stripe-handler.ts'
import { type StripeReply, stripeRoute } from '../../../../functions/payments/stripe/stripe-route.ts'
import type { StripeServices } from '../../../../functions/payments/stripe/stripe-services.ts'
import { clockAt, countingRandom, lambdaContext, logLines, NOW } from '../../core/doubles.ts'

interface KeyRecord {
  readonly use: KeyUse
  readonly lockedUntil: number
  readonly answer?: KeptAnswer
}

/** The rules of the store, in memory. Its writes are what `transaction` applies. */
class MemoryKeys implements IdempotencyStore {
  readonly records = new Map<string, KeyRecord>()

  async reserve(use: KeyUse, now: Date, lockedUntil: Date) {
    const known = this.records.get(use.keyHash)
    if (known !== undefined && known.use.fingerprint !== use.fingerprint) return { kind: 'other_request' } as const
    if (known?.answer !== undefined) return { kind: 'answered', answer: known.answer } as const
    if (known !== undefined && known.lockedUntil > now.getTime()) return { kind: 'running' } as const
    this.records.set(use.keyHash, { use, lockedUntil: lockedUntil.getTime() })
    return { kind: 'reserved' } as const
  }

  completion(use: KeyUse, answer: KeptAnswer) {
    return { label: COMPLETION_LABEL, action: { Put: { Item: { use, answer } } } }
  }

  async complete(use: KeyUse, answer: KeptAnswer) {
    const known = this.records.get(use.keyHash)
    if (known?.use.owner !== use.owner || known.answer !== undefined) return false
    this.records.set(use.keyHash, { ...known, answer })
    return true
  }

  async release(use: KeyUse) {
    const known = this.records.get(use.keyHash)
    if (known?.use.owner === use.owner && known.answer === undefined) this.records.delete(use.keyHash)
  }
}

let keys: MemoryKeys
let clock: ReturnType<typeof clockAt>
let output: ReturnType<typeof logLines>
/** What the route under test does. */
let handle: (changes: Changes) => Promise<StripeReply>
/** What becomes of the transaction, in the order of the tries. */
let fates: ('committed' | 'conflict' | 'lease lost' | 'written, answer lost' | 'away')[]
let effects: number

const unavailable = () => Object.assign(new Error('away'), { name: 'ServiceUnavailable', $fault: 'server' })

async function transaction(changes: Changes): Promise<readonly string[]> {
  const fate = fates.shift() ?? 'committed'
  if (fate === 'conflict') return ['cus_1']
  if (fate === 'lease lost') return [COMPLETION_LABEL]
  if (fate === 'away') throw unavailable()
  effects += 1
  for (const { action } of changes.writes())
    if ('Put' in action && 'use' in action.Put.Item) {
      const { use, answer } = action.Put.Item as unknown as { use: KeyUse; answer: KeptAnswer }
      await keys.complete(use, answer)
    }
  if (fate === 'written, answer lost') throw unavailable()
  return []
}

const changesStore: ChangesStore = {
  commit: () => Promise.reject(new Error('not used')),
  async settle(attempt) {
    let lost: readonly string[] = []
    for (let tries = 0; tries < 3; tries += 1) {
      const changes = new Changes()
      const outcome = await attempt(changes, lost)
      lost = changes.isEmpty ? [] : await transaction(changes)
      if (lost.length === 0) return outcome
    }
    throw Object.assign(new Error('contended'), { name: 'TransactionConflictException' })
  },
}

const gate: Gate = {
  admit: async (authorization) =>
    authorization === 'Bearer key'
      ? { kind: 'admitted', principal: { kind: 'api_key', id: 'k', workspaceId: 'wsp_1', role: 'member' } }
      : { kind: 'refused', reason: 'unknown_key' },
}

const routes = [
  stripeRoute({
    method: 'POST',
    path: '/v1/things',
    operationId: 'makeThing',
    summary: 'Make a thing',
    permission: 'payments:write',
    shownOnce: 'secret',
    params: z.strictObject({ name: z.string().optional() }),
    handle: (_request, _services, { changes }) => handle(changes),
  }),
]

const EFFECT = { label: 'thing', action: { Put: { Item: { thing: true } } } }
const making = async (changes: Changes): Promise<StripeReply> => {
  changes.also(EFFECT)
  return { body: { id: 'thing_1', secret: 's' } }
}

beforeEach(() => {
  keys = new MemoryKeys()
  clock = clockAt(NOW)
  output = logLines()
  fates = []
  effects = 0
  handle = making
})

let requests = 0
async function post(key?: string, body = 'name=a', headers: Readonly<Record<string, string>> = {}) {
  requests += 1
  const random = countingRandom()
  const services = {
    ...{ changes: changesStore, idempotency: keys, ids: createIds(clock, random), random },
    publicOrigin: 'https://pay.example',
  } as unknown as StripeServices
  const limiter = { hit: async () => undefined }
  const handler = stripeHandler({ routes, services, access: { gate, limiter }, clock, random, writeLog: output.write })
  const event = {
    ...{ httpMethod: 'POST', path: '/v1/things', body },
    headers: {
      Authorization: 'Bearer key',
      'Content-Type': 'application/x-www-form-urlencoded',
      ...(key !== undefined && { 'Idempotency-Key': key }),
      ...headers,
    },
  }
  const { statusCode, headers: answered, body: text } = await handler(event, lambdaContext(`request-${requests}`))
  return {
    status: statusCode,
    headers: answered,
    body: JSON.parse(text) as { id?: string; error?: { code?: string; message: string; type: string } },
  }
}

describe('a request with a key', () => {
  it('has its effect once, and then its answer without what is shown once', async () => {
    const first = await post('k')
    const again = await post('k')
    expect([first.body, again.body, effects]).toEqual([{ id: 'thing_1', secret: 's' }, { id: 'thing_1' }, 1])
    expect(again.headers).toMatchObject({
      'idempotent-replayed': 'true',
      'original-request': first.headers['request-id'],
    })
  })

  it('is decided again, with new changes, after a lost race', async () => {
    fates = ['conflict', 'conflict']
    expect([(await post('k')).status, effects]).toEqual([200, 1])
  })

  it('that others keep from writing may be tried again, with the same key', async () => {
    fates = ['conflict', 'conflict', 'conflict']
    const refused = await post('k')
    expect([refused.status, refused.body.error?.code, refused.headers['stripe-should-retry']]).toEqual([
      429,
      'lock_timeout',
      'true',
    ])
    expect([(await post('k')).status, effects]).toEqual([200, 1])
  })

  it('whose commit failed is free again; one whose commit only seemed to fail has its answer', async () => {
    fates = ['away']
    expect((await post('k')).status).toBe(503)
    expect([(await post('k')).status, effects]).toEqual([200, 1])
    fates = ['written, answer lost']
    expect((await post('l')).status).toBe(503)
    const again = await post('l')
    expect([again.status, again.headers['idempotent-replayed'], effects]).toEqual([200, 'true', 2])
  })

  it('that crashed is taken over when its lease is over, not before; then it is refused itself', async () => {
    let go: (() => void) | undefined
    handle = async (changes) => {
      await new Promise<void>((resolve) => {
        go = resolve
      })
      return making(changes)
    }
    const hanging = post('k')
    await new Promise(setImmediate)
    handle = making
    const early = await post('k')
    expect([early.status, early.body.error?.code]).toEqual([409, 'idempotency_key_in_use'])
    clock.advance(13 * SECOND)
    expect([(await post('k')).status, effects]).toEqual([200, 1])
    fates = ['lease lost']
    go?.()
    const late = await hanging
    expect([late.status, late.body.error?.code, effects]).toEqual([409, 'idempotency_key_in_use', 1])
  })

  it('keeps a refusal, and even a fault of ours, but not what is wrong with the request itself', async () => {
    handle = async () => {
      throw new StripeError({
        status: 402,
        type: 'card_error',
        code: 'card_declined',
        message: 'Your card was declined.',
      })
    }
    expect((await post('declined')).headers['stripe-should-retry']).toBe('false')
    handle = async () => {
      throw new Error('a secret detail')
    }
    const fault = await post('fault')
    expect([fault.status, fault.body.error?.type, fault.body.error?.message]).toEqual([
      500,
      'api_error',
      'Something went wrong on our side.',
    ])
    handle = making
    const replays = [await post('declined'), await post('fault')]
    expect(replays.map(({ status, headers }) => [status, headers['idempotent-replayed']])).toEqual([
      [402, 'true'],
      [500, 'true'],
    ])
    expect((await post('wrong', 'nome=a')).status).toBe(400)
    expect((await post('wrong')).status).toBe(200)
    expect(output.text()).toContain('a secret detail')
  })

  it('is refused with other parameters', async () => {
    await post('k')
    expect([(await post('k', 'name=b')).status, (await post('k', 'name=b')).body.error?.type]).toEqual([
      400,
      'idempotency_error',
    ])
  })
})

describe('an answer', () => {
  it('has the headers of Stripe and of the kit, and goes to no other origin', async () => {
    const { headers } = await post('k', undefined, { Origin: 'https://pay.example' })
    expect(headers).toMatchObject({
      ...{ 'content-type': 'application/json', 'idempotency-key': 'k', 'stripe-version': '2026-10-28.endive' },
      ...{ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' },
    })
    expect(headers['request-id']).toMatch(/^req_request\d+$/)
    expect(headers).not.toHaveProperty('access-control-allow-origin')
  })

  it('to a wrong key says nothing about the reason, which the log has', async () => {
    const refused = await post(undefined, undefined, { Authorization: 'Bearer wrong' })
    expect([refused.status, refused.body.error?.message]).toEqual([401, 'Invalid API Key provided.'])
    expect(output.lines.at(-1)).toMatchObject({ refusal: 'unknown_key', status: 401 })
  })

  it('to a request without a key is kept nowhere', async () => {
    expect([(await post()).status, keys.records.size]).toEqual([200, 0])
  })
})
