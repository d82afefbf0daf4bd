import { describe, expect, it } from 'vitest'
import type { Changes } from '../../../../functions/payments/changes/changes.ts'
import type { DueStore } from '../../../../functions/payments/clock/due.store.ts'
import { tick } from '../../../../functions/payments/clock/tick.ts'
import { AUTHORISATION_MS } from '../../../../functions/payments/intents/intent.ts'
import { captureIntent, confirmIntent } from '../../../../functions/payments/intents/operations.ts'
import { DUE_SHARDS, type DueEntry, dueEntryOf, dueKeys } from '../../../../functions/payments/payments-keys.ts'
import { testLog } from '../../core/doubles.ts'
import { START, WORKSPACE, World } from '../payment-world.ts'

const entry = (n: number): DueEntry => ({ kind: 'charge', workspaceId: WORKSPACE, id: `ch_${n}` })
const holding = (...entries: readonly DueEntry[]): DueStore => ({
  async *upTo(shard) {
    if (shard === 3) yield entries
  },
})

describe('a tick', () => {
  it('does the others when one fails, and then fails itself', async () => {
    const done: string[] = []
    const { log, line } = testLog()
    const fire = async ({ id }: DueEntry) => {
      if (id === 'ch_2') throw new Error('broken')
      done.push(id)
      return { expiredAuthorisations: 1 }
    }
    const entries = Array.from({ length: 9 }, (_, n) => entry(n))
    await expect(tick({ due: holding(...entries), fire, mayGoOn: () => true }, START, log)).rejects.toThrow('broken')
    expect(done).toHaveLength(8)
    expect(line()).toMatchObject({ expiredAuthorisations: 8, expiredSessions: 0 })
  })

  it('leaves to the next what it has no time for', async () => {
    let fired = 0
    const fire = async () => {
      fired += 1
      return { expiredSessions: 1 }
    }
    const entries = Array.from({ length: 50 }, (_, n) => entry(n))
    await tick({ due: holding(...entries), fire, mayGoOn: () => fired < 10 }, START, testLog().log)
    expect(fired).toBe(12)
  })
})

describe('the index of what is due', () => {
  const itemOf = (changes: Changes, id: string): Readonly<Record<string, unknown>> => {
    const write = changes.writes().find(({ label }) => label === id)
    return write !== undefined && 'Put' in write.action ? write.action.Put.Item : {}
  }

  it('has an authorisation from its making to its end', () => {
    const world = new World()
    const intentId = world.intent({ captureMethod: 'manual' })
    const making = world.operation()
    confirmIntent(making, world.payment(intentId), {})
    world.commit(making.changes)
    const chargeId = world.payment(intentId).charge?.id ?? ''
    const at = new Date(START.getTime() + AUTHORISATION_MS).toISOString()
    expect(itemOf(making.changes, chargeId)['dueSk']).toBe(`${at}#charge#${WORKSPACE}#${chargeId}`)
    const capturing = world.operation()
    captureIntent(capturing, { ...world.payment(intentId) }, 4_000)
    expect(itemOf(capturing.changes, chargeId)).toMatchObject({ pk: `OBJECT#${WORKSPACE}#${chargeId}` })
    expect(itemOf(capturing.changes, chargeId)).not.toHaveProperty('duePk')
  })

  it('has nothing that was paid at once', () => {
    const world = new World()
    const intentId = world.intent()
    const paying = world.operation()
    confirmIntent(paying, world.payment(intentId), {})
    for (const { action } of paying.changes.writes())
      if ('Put' in action) expect(action.Put.Item).not.toHaveProperty('duePk')
  })

  it('tells whose entry it is, and spreads them', () => {
    const keys = dueKeys(entry(1), START.toISOString())
    expect(dueEntryOf(keys)).toEqual(entry(1))
    const letters = Array.from('0123456789ABCDEFGHJKMNPQRSTVWXYZ')
    const shards = letters.map((last) => dueKeys({ ...entry(1), id: `ch_${last}` }, '').duePk)
    expect(new Set(shards).size).toBe(DUE_SHARDS)
    expect(() => dueEntryOf({ dueSk: 'x' })).toThrow('expected <time>#<kind>')
  })
})
