import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decideFiring, type Firing, MAX_COUNTED, trigger } from '../../../functions/schedules/firing/firing.ts'
import { DEFAULT_CATCH_UP, ON_TIME_MS, type Schedule } from '../../../functions/schedules/schedule.ts'
import { jitterMs } from '../../../functions/schedules/timing/jitter.ts'
import { at, hint, ID, schedule } from './samples.ts'

const fired = (one: Schedule, now: Date, of = hint()): Extract<Firing, { kind: 'fire' }> => {
  const firing = decideFiring(one, of, now, '2026c')
  if (firing.kind !== 'fire') throw new Error(`expected it to fire, got ${firing.kind}`)
  return firing
}
const told = (firing: Extract<Firing, { kind: 'fire' }>) =>
  firing.runs.map(({ kind, nominalAt, missed }) => `${kind} ${nominalAt.slice(11, 16)} ${missed}`)
const catching = (policy: Schedule['catchUp']['policy'], over: Partial<Schedule['catchUp']> = {}) =>
  schedule({ catchUp: { ...DEFAULT_CATCH_UP, policy, ...over } })

describe('a hint', () => {
  it.each([
    ['of a schedule that is gone', undefined],
    ['of a revision that was changed since', schedule({ revision: 2 })],
    ['of a time that was fired before', schedule({ nextAt: '2026-11-21T10:10:00.000Z' })],
    ['of a schedule that is paused', schedule({ status: 'paused', nextAt: undefined })],
  ])('%s is stale', (_, one) => {
    expect(decideFiring(one, hint(), at('10:00:01'), '')).toEqual({ kind: 'stale' })
  })

  it('that comes before its time is early, by a millisecond too', () => {
    expect(decideFiring(schedule(), hint(), at('09:59:59.999'), '')).toEqual({ kind: 'early' })
    expect(decideFiring(schedule(), hint(), at('10:00:00.000'), '')).toMatchObject({ kind: 'fire' })
  })
})

describe('a time that is not missed', () => {
  it('is one run, and the next one follows', () => {
    const { runs, schedule: after } = fired(schedule({ lastAt: '2026-11-21T09:50:00.000Z' }), at('10:00:01'))
    expect(runs).toEqual([
      expect.objectContaining({
        id: `${ID}@2026-11-21T10:00:00.000Z`,
        kind: 'scheduled',
        nominalAt: '2026-11-21T10:00:00.000Z',
        dispatchedAt: '2026-11-21T09:59:30.000Z',
        startedAt: '2026-11-21T10:00:01.000Z',
        previousAt: '2026-11-21T09:50:00.000Z',
        nextAt: '2026-11-21T10:10:00.000Z',
        sequence: 2,
        tzdata: '2026c',
      }),
    ])
    expect(after).toMatchObject({
      status: 'active',
      version: 2,
      revision: 1,
      nextAt: '2026-11-21T10:10:00.000Z',
      lastAt: '2026-11-21T10:00:00.000Z',
    })
  })

  it('ends what was to come once', () => {
    const { schedule: after } = fired(schedule({ expression: 'at 2026-11-21T10:00:00' }), at('10:00:01'))
    expect(after).toMatchObject({ status: 'ended', nextAt: undefined })
  })

  it('is on time up to the limit, and missed one millisecond later', () => {
    const limit = at('10:00:00').getTime() + ON_TIME_MS
    expect(told(fired(schedule(), new Date(limit)))).toEqual(['scheduled 10:00 0'])
    expect(told(fired(schedule(), new Date(limit + 1)))).toEqual(['caught-up 10:00 0'])
  })
})

describe('a jitter', () => {
  const late = jitterMs(schedule({ jitterSeconds: 300 }))
  const spread = schedule({ jitterSeconds: 300 })
  const behind = (ms: number) => new Date(at('10:00:00').getTime() + late + ms)

  it('makes all its times later by the same, and their names are those of their nominal times', () => {
    expect(late).toBeGreaterThan(0)
    expect(decideFiring(spread, hint(), behind(-1), '')).toEqual({ kind: 'early' })
    expect(fired(spread, behind(0)).runs).toMatchObject([{ kind: 'scheduled', nominalAt: '2026-11-21T10:00:00.000Z' }])
    expect(told(fired(spread, behind(ON_TIME_MS)))).toEqual(['scheduled 10:00 0'])
    expect(told(fired(spread, behind(ON_TIME_MS + 1)))).toEqual(['caught-up 10:00 0'])
  })

  it('keeps a time that is not due yet out of what is caught up', () => {
    expect(told(fired(spread, behind(10 * 60_000 - 1)))).toEqual(['caught-up 10:00 0'])
    expect(told(fired(spread, behind(10 * 60_000)))).toEqual(['caught-up 10:10 1'])
  })
})

describe('times that were missed', () => {
  it('are one run by fire-once: the latest, which says for how many it stands', () => {
    const firing = fired(catching('fire-once'), at('10:35:00'))
    expect(told(firing)).toEqual(['caught-up 10:30 3'])
    expect(firing.schedule).toMatchObject({ nextAt: '2026-11-21T10:40:00.000Z', missed: 0 })
  })

  it('are told and let go by skip, but for one that is still on time', () => {
    const firing = fired(catching('skip'), at('10:35:00'))
    expect(told(firing)).toEqual(['missed 10:00 4'])
    expect(firing.schedule).toMatchObject({ nextAt: '2026-11-21T10:40:00.000Z', missed: 4, lastAt: undefined })
    expect(fired(catching('skip'), at('10:31:00')).schedule).toMatchObject({
      nextAt: '2026-11-21T10:30:00.000Z',
      missed: 3,
    })
  })

  it('are all run by fire-all, up to the cap: the latest ones', () => {
    expect(told(fired(catching('fire-all'), at('10:35:00')))).toEqual([
      'caught-up 10:00 0',
      'caught-up 10:10 0',
      'caught-up 10:20 0',
      'caught-up 10:30 0',
    ])
    const capped = fired(catching('fire-all', { cap: 2 }), at('10:35:00'))
    expect(told(capped)).toEqual(['missed 10:00 2', 'caught-up 10:20 0', 'caught-up 10:30 0'])
    expect(capped.schedule.missed).toBe(2)
    expect(capped.runs.map(({ sequence }) => sequence)).toEqual([2, 3, 4])
    expect(capped.schedule.version).toBe(4)
  })

  it('are never caught up behind the window', () => {
    expect(told(fired(catching('fire-all', { windowSeconds: 900 }), at('10:35:00')))).toEqual([
      'missed 10:00 2',
      'caught-up 10:20 0',
      'caught-up 10:30 0',
    ])
    const once = schedule({ expression: 'at 2026-11-21T10:00:00', catchUp: { ...DEFAULT_CATCH_UP, windowSeconds: 60 } })
    expect(told(fired(once, at('10:35:00')))).toEqual(['missed 10:00 1'])
  })

  it('are not counted one by one for ever', () => {
    const busy = schedule({ expression: 'every 10 seconds', anchor: '2026-11-21T10:00:00.000Z' })
    const [run] = fired(busy, at('23:59:00')).runs
    expect(run).toMatchObject({ nominalAt: '2026-11-21T23:59:00.000Z', missed: MAX_COUNTED - 1 })
  })
})

/** Cron arithmetic for hundreds of outages; a busy machine takes its time. */
const PATIENCE = { timeout: 30_000 }

it(
  'whatever the policy and the delay: no time twice, none ahead, and the next one is ahead or still on time',
  PATIENCE,
  () => {
    fc.assert(
      fc.property(
        fc.constantFrom('fire-once' as const, 'skip' as const, 'fire-all' as const),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 60, max: 7_200 }),
        fc.integer({ min: 0, max: 6 * 3_600_000 }),
        (policy, cap, windowSeconds, lateMs) => {
          const now = new Date(at('10:00:00').getTime() + lateMs)
          const firing = fired(schedule({ catchUp: { policy, cap, windowSeconds } }), now)
          const ran = firing.runs.filter(({ kind }) => kind !== 'missed').map(({ nominalAt }) => Date.parse(nominalAt))
          expect(new Set(firing.runs.map(({ id }) => id)).size).toBe(firing.runs.length)
          expect(ran).toEqual(ran.toSorted((a, b) => a - b))
          expect(ran.every((time) => time <= now.getTime())).toBe(true)
          const next = Date.parse(firing.schedule.nextAt ?? '')
          expect(next).toBeGreaterThan(Math.max(at('10:00:00').getTime(), ...ran))
          expect(next).toBeGreaterThanOrEqual(now.getTime() - ON_TIME_MS)
          // Each time that passed is a run, stood for by one, or counted as missed.
          const passed = Math.floor((Math.min(now.getTime(), next - 1) - at('10:00:00').getTime()) / 600_000) + 1
          const stoodFor = firing.runs.reduce((sum, { kind, missed }) => sum + missed + (kind === 'missed' ? 0 : 1), 0)
          expect(stoodFor).toBe(passed)
        },
      ),
      { numRuns: 300 },
    )
  },
)

describe('a run by hand', () => {
  it('leaves the times of the schedule as they are', () => {
    const { schedule: after, run } = trigger(schedule(), { id: 'req-1', traceparent: 'T' }, at('09:30:00'), '2026c')
    expect(after).toEqual({ ...schedule(), version: 2 })
    expect(run).toMatchObject({
      id: `${ID}@2026-11-21T09:30:00.000Z@req-1`,
      kind: 'manual',
      sequence: 2,
      traceparent: 'T',
    })
  })
})
