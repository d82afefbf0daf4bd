/** Times that come while the task of an earlier run goes on: through firing and the end of tasks, as they happen. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { pause, update } from '../../../functions/schedules/editing/editing.ts'
import { eventOf, type RunItem, runItem, scheduleMissed } from '../../../functions/schedules/events.ts'
import { decideFiring, release, trigger } from '../../../functions/schedules/firing/firing.ts'
import { HOLD_MS } from '../../../functions/schedules/firing/overlap.ts'
import { DEFAULT_CATCH_UP, hasRun, type Run, type Schedule } from '../../../functions/schedules/schedule.ts'
import { at, hint, ID, schedule, TRACE } from './samples.ts'

const target = { type: 'task', name: 'http.request', input: {} } as const
const taking = (overlapPolicy: Schedule['overlapPolicy'], over: Partial<Schedule> = {}) =>
  schedule({ target, overlapPolicy, ...over })

function fired(one: Schedule, now = new Date(Date.parse(one.nextAt ?? '') + 1_000)) {
  const firing = decideFiring(one, hint({ nominalAt: one.nextAt ?? '', revision: one.revision }), now, '')
  if (firing.kind !== 'fire') throw new Error(`expected it to fire, got ${firing.kind}`)
  return firing
}
const told = (runs: readonly Run[]) => runs.map(({ kind, nominalAt }) => `${kind} ${nominalAt.slice(11, 16)}`)
const idOf = (time: string) => `${ID}@2026-11-21T${time}:00.000Z`

const made = (after: RunItem) => ({
  ...{ kind: 'INSERT' as const, sequenceNumber: '1', key: { pk: 'RUNS#', sk: '' }, before: undefined, after },
  ...{ at: at('10:10:01'), expired: false, streamArn: '' },
})

describe('while a task goes on', () => {
  it('the next times run beside it by default', () => {
    const first = fired(taking(undefined))
    expect(told(fired(first.schedule).runs)).toEqual(['scheduled 10:10'])
    expect(first.schedule.going).toBeUndefined()
    expect(first.runs[0]).not.toHaveProperty('holds')
  })

  it('they are let go by skip, which is told, until it is over', () => {
    const first = fired(taking('skip'))
    expect(first.runs[0]).toMatchObject({ holds: true, target })
    const second = fired(first.schedule)
    expect(second.runs).toMatchObject([{ id: idOf('10:10'), kind: 'skipped', missed: 1 }])
    expect(second.runs[0]).not.toHaveProperty('target')
    const event = eventOf(made(runItem.parse(second.runs[0])))
    expect(scheduleMissed.parse({ id: 'evt_1', ...event }).data).toMatchObject({ reason: 'overlap', missed: 1 })
    expect(second.schedule).toMatchObject({ missed: 1, lastAt: '2026-11-21T10:00:00.000Z' })
    const over = release(second.schedule, idOf('10:00'), at('10:15:00'), '')
    expect(over).toMatchObject({ runs: [], schedule: { version: second.schedule.version + 1 } })
    expect(told(fired(over?.schedule ?? first.schedule).runs)).toEqual(['scheduled 10:20'])
  })

  it('one waits by buffer-one, and runs when it is over; others are let go', () => {
    const first = fired(taking('buffer-one'))
    const second = fired(first.schedule)
    expect(second.runs).toEqual([])
    const third = fired(second.schedule)
    expect(told(third.runs)).toEqual(['skipped 10:20'])
    const over = release(third.schedule, idOf('10:00'), at('10:25:00'), '2026c')
    expect(over?.runs).toMatchObject([
      {
        id: idOf('10:10'),
        kind: 'buffered',
        dispatchedAt: '2026-11-21T09:59:30.000Z',
        startedAt: '2026-11-21T10:25:00.000Z',
        sequence: third.schedule.version + 1,
        holds: true,
      },
    ])
    expect(over?.schedule).toMatchObject({ going: { runId: idOf('10:10') }, buffered: undefined })
    expect(release(over?.schedule ?? third.schedule, idOf('10:00'), at('10:26:00'), '')).toBeUndefined()
  })

  it('times that are caught up overlap each other as well', () => {
    const late = taking('buffer-one', { catchUp: { ...DEFAULT_CATCH_UP, policy: 'fire-all' } })
    const { runs, schedule: after } = fired(late, at('10:35:00'))
    expect(told(runs)).toEqual(['caught-up 10:00', 'skipped 10:20', 'skipped 10:30'])
    expect(after.buffered).toMatchObject({ nominalAt: '2026-11-21T10:10:00.000Z' })
  })

  it('a run by hand overlaps it', () => {
    const first = fired(taking('skip'))
    const { run, schedule: after } = trigger(first.schedule, { id: 'req-1', traceparent: TRACE }, at('10:05:00'), '')
    expect(run.kind).toBe('manual')
    expect(after.going).toEqual(first.schedule.going)
  })
})

it('an end that was never told holds a schedule for a day and not longer', () => {
  const daily = taking('buffer-one', { expression: '0 10 * * *' })
  const first = fired(daily, at('10:00:00'))
  const day = (ms: number) => new Date(at('10:00:00').getTime() + HOLD_MS + ms)
  expect(fired(first.schedule, day(0)).schedule.going?.runId).toContain('2026-11-22')
  const waiting = { nominalAt: '2026-11-21T10:10:00.000Z', dispatchedAt: '2026-11-21T10:09:00.000Z', missed: 0 }
  const held = fired({ ...first.schedule, buffered: waiting }, day(1))
  expect(told(held.runs)).toEqual(['buffered 10:10'])
  expect(held.schedule.buffered).toMatchObject({ nominalAt: '2026-11-22T10:00:00.000Z' })
})

it('what waits is dropped by a pause, and by allowing overlaps', () => {
  const { schedule: waits } = fired(fired(taking('buffer-one')).schedule)
  expect(waits.buffered).toBeDefined()
  const paused = pause(waits, undefined, at('10:12:00'))
  expect(paused.buffered).toBeUndefined()
  expect(release(paused, idOf('10:00'), at('10:15:00'), '')?.runs).toEqual([])
  const allowed = update(waits, { overlapPolicy: 'allow' }, TRACE, at('10:12:00'))
  expect(allowed).toMatchObject({ ok: true, schedule: { going: undefined, buffered: undefined } })
})

it('whenever tasks end: no two run at a time, no time is two runs, and each is a run, waits, or is skipped', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('skip' as const, 'buffer-one' as const),
      fc.array(fc.boolean(), { minLength: 1, maxLength: 30 }),
      (policy, steps) => {
        let one = taking(policy)
        const runs: Run[] = []
        const open = new Set<string>()
        let fires = 0
        for (const isFire of steps) {
          const now = new Date(Date.parse(one.nextAt ?? '') + 1_000)
          const running = [...open][0]
          const done = isFire ? fired(one, now) : running && release(one, running, now, '')
          if (!done) continue
          if (isFire) fires += 1
          else open.delete(running ?? '')
          one = done.schedule
          runs.push(...done.runs)
          for (const run of done.runs.filter(hasRun)) open.add(run.id)
          expect(open.size).toBeLessThanOrEqual(1)
          expect(one.going?.runId).toBe([...open][0])
        }
        expect(new Set(runs.map(({ id }) => id)).size).toBe(runs.length)
        expect(runs.length + (one.buffered === undefined ? 0 : 1)).toBe(fires)
        expect(runs.map(({ sequence }) => sequence)).toEqual(runs.map(({ sequence }) => sequence).sort((a, b) => a - b))
      },
    ),
  )
})
