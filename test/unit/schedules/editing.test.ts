import { describe, expect, it } from 'vitest'
import { type Edited, newSchedule, pause, resume, update } from '../../../functions/schedules/editing/editing.ts'
import { MAX_PAYLOAD_BYTES, type Schedule } from '../../../functions/schedules/schedule.ts'
import { jitterMs } from '../../../functions/schedules/timing/jitter.ts'
import { at, ID, schedule, TRACE } from './samples.ts'

const NOW = at('09:55:00')
const of = (edited: Edited): Schedule => {
  if (!edited.ok) throw new Error(JSON.stringify(edited.errors))
  return edited.schedule
}
const errorsOf = (edited: Edited) => (edited.ok ? [] : edited.errors.map(({ pointer, code }) => `${pointer} ${code}`))
const origin = { id: ID, workspaceId: 'wsp_1', createdBy: 'key_1', traceparent: TRACE }

it('a new one is active, with its first time', () => {
  expect(of(newSchedule(schedule(), origin, NOW))).toMatchObject({
    status: 'active',
    revision: 1,
    version: 1,
    nextAt: '2026-11-21T10:00:00.000Z',
  })
})

it('all faults are told together', () => {
  const target = { type: 'event', data: 'x'.repeat(MAX_PAYLOAD_BYTES - 1) } as const
  expect(errorsOf(newSchedule(schedule({ expression: '0 0 30 2 *', target }), origin, NOW))).toEqual([
    '/target/data too_large',
    '/expression never_runs',
  ])
})

it('a payload may be as large as its limit', () => {
  const target = { type: 'event', data: 'x'.repeat(MAX_PAYLOAD_BYTES - 2) } as const
  expect(errorsOf(newSchedule(schedule({ target }), origin, NOW))).toEqual([])
})

describe('an update', () => {
  it('of the name leaves what is due, though its time has passed', () => {
    const after = of(update(schedule(), { name: 'other' }, TRACE, at('10:03:00')))
    expect(after).toMatchObject({ name: 'other', revision: 2, version: 2, nextAt: '2026-11-21T10:00:00.000Z' })
  })

  it('of the times begins anew from now', () => {
    const after = of(update(schedule(), { expression: '0 12 * * *' }, TRACE, at('10:03:00')))
    expect(after).toMatchObject({ revision: 2, nextAt: '2026-11-21T12:00:00.000Z' })
  })

  it('of the times of a paused one leaves it paused', () => {
    const after = of(update(pause(schedule(), undefined, NOW), { expression: '0 12 * * *' }, TRACE, NOW))
    expect(after).toMatchObject({ status: 'paused', nextAt: undefined })
  })

  it('brings one that ended back, by new times only', () => {
    const ended = schedule({ status: 'ended', nextAt: undefined, expression: 'at 2026-11-21T09:00:00' })
    expect(of(update(ended, { name: 'other' }, TRACE, NOW))).toMatchObject({ status: 'ended', nextAt: undefined })
    expect(of(update(ended, { expression: 'at 2026-11-21T11:00:00' }, TRACE, NOW))).toMatchObject({ status: 'active' })
  })

  it('to times that never come is refused', () => {
    expect(errorsOf(update(schedule(), { expression: 'at 2020-01-01T00:00:00' }, TRACE, NOW))).toEqual([
      '/expression never_runs',
    ])
  })
})

describe('a window', () => {
  const from = (startAt?: string, endAt?: string) => newSchedule(schedule({ startAt, endAt }), origin, NOW)

  it('has no times before it and none behind it, and both its ends', () => {
    expect(of(from('2026-11-21T12:00:00Z')).nextAt).toBe('2026-11-21T12:00:00.000Z')
    expect(of(from('2026-11-21T13:00:00.001+01:00')).nextAt).toBe('2026-11-21T12:10:00.000Z')
    expect(of(from(undefined, '2026-11-21T10:00:00Z')).nextAt).toBe('2026-11-21T10:00:00.000Z')
    expect(errorsOf(from(undefined, '2026-11-21T09:59:59.999Z'))).toEqual(['/expression never_runs'])
  })

  it('that ends before it begins is refused', () => {
    expect(errorsOf(from('2026-11-21T12:00:00Z', '2026-11-21T11:00:00Z'))).toEqual(['/endAt time'])
  })

  it('can be opened again', () => {
    const ended = schedule({ status: 'ended', nextAt: undefined, endAt: '2026-11-21T09:00:00Z' })
    expect(of(update(ended, { endAt: undefined }, TRACE, NOW))).toMatchObject({ status: 'active', endAt: undefined })
  })
})

describe('a jitter', () => {
  it('is less than the time between two runs', () => {
    const spread = (jitterSeconds: number) => errorsOf(newSchedule(schedule({ jitterSeconds }), origin, NOW))
    expect(spread(599)).toEqual([])
    expect(spread(600)).toEqual(['/jitterSeconds too_long'])
  })

  it('is the same for all times of a schedule, and spreads schedules over all of it', () => {
    const offsets = Array.from({ length: 2_000 }, (_, n) => jitterMs({ id: `sch_${n}`, jitterSeconds: 9 }) / 1_000)
    expect(jitterMs({ id: ID, jitterSeconds: 9 })).toBe(jitterMs({ id: ID, jitterSeconds: 9 }))
    expect(new Set(offsets)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))
    expect(jitterMs({ id: ID })).toBe(0)
  })
})

it('an event has no task that the next one could overlap', () => {
  expect(errorsOf(newSchedule(schedule({ overlapPolicy: 'skip' }), origin, NOW))).toEqual(['/overlapPolicy no_task'])
})

describe('a pause', () => {
  it('takes what is due away and remembers why', () => {
    expect(pause(schedule(), 'moving house', NOW)).toMatchObject({
      status: 'paused',
      note: 'moving house',
      nextAt: undefined,
      revision: 2,
    })
  })

  it('piles nothing up: it goes on with the next time from now', () => {
    const after = resume(pause(schedule(), 'moving', NOW), at('15:01:00'))
    expect(after).toMatchObject({ status: 'active', note: undefined, nextAt: '2026-11-21T15:10:00.000Z', revision: 3 })
  })

  it('may outlast the only time there was', () => {
    const once = schedule({ expression: 'at 2026-11-21T10:00:00' })
    expect(resume(pause(once, undefined, NOW), at('15:00:00'))).toMatchObject({ status: 'ended', nextAt: undefined })
  })
})
