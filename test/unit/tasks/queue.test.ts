import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  keepRunner,
  newQueue,
  PLACES_PER_RUNNER,
  placesTaken,
  type Queue,
  shrinkRunner,
  startRunner,
} from '../../../functions/tasks/queues/queue.ts'
import { LEASE_MS } from '../../../functions/tasks/task.ts'
import { later, NOW } from './samples.ts'

const queue = (over: Partial<Queue> = {}): Queue => ({ ...newQueue('wsp_1', 'default', NOW), ...over })
const started = (of: Queue, id: string, now = NOW) => {
  const decision = startRunner(of, id, now)
  if (decision.kind !== 'start') throw new Error(`expected a start, got ${decision.kind}`)
  return decision
}

describe('starting a runner', () => {
  it('takes ten places, or what is left', () => {
    const first = started(queue({ concurrency: 15 }), 'a')
    const second = started(first.queue, 'b')
    expect([first.places, second.places]).toEqual([PLACES_PER_RUNNER, 5])
    expect(startRunner(second.queue, 'c', NOW)).toMatchObject({ kind: 'full', queue: { wakes: 3 } })
  })

  it('starts none in a paused queue', () => {
    expect(startRunner(queue({ paused: true }), 'a', NOW)).toEqual({ kind: 'paused' })
  })

  it('gives the places of a runner whose lease ended to the next', () => {
    const { queue: full } = started(queue({ concurrency: 10 }), 'a')
    expect(startRunner(full, 'b', later(LEASE_MS - 1)).kind).toBe('full')
    expect(started(full, 'b', later(LEASE_MS)).queue.runners).toEqual({
      b: { places: 10, until: later(2 * LEASE_MS).getTime() },
    })
  })
})

describe('a runner', () => {
  const { queue: taken } = started(queue(), 'a')

  it('keeps its places by its heartbeat, gives some back, and leaves', () => {
    expect(keepRunner(taken, 'a', later(5_000))?.runners['a']?.until).toBe(later(5_000 + LEASE_MS).getTime())
    expect(shrinkRunner(taken, 'a', 3)?.runners['a']?.places).toBe(3)
    expect(shrinkRunner(taken, 'a', 0)?.runners).toEqual({})
  })

  it('whose lease ended, or that was forgotten, keeps nothing', () => {
    expect(keepRunner(taken, 'a', later(LEASE_MS))).toBeUndefined()
    expect(keepRunner(taken, 'b', NOW)).toBeUndefined()
    expect(shrinkRunner(taken, 'b', 0)).toBeUndefined()
  })
})

it('places never add up to more than the limit, whoever comes, goes and dies', () => {
  const step = fc.record({
    kind: fc.constantFrom('start', 'keep', 'shrink', 'leave'),
    runner: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
    places: fc.integer({ min: 1, max: 10 }),
    afterMs: fc.integer({ min: 0, max: LEASE_MS }),
  })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 50 }), (concurrency, steps) => {
      let now = NOW
      let latest = queue({ concurrency })
      for (const { kind, runner, places, afterMs } of steps) {
        now = later(afterMs, now)
        const held = latest.runners[runner]?.places ?? 0
        if (kind === 'start' && !(runner in latest.runners)) {
          const decision = startRunner(latest, runner, now)
          if (decision.kind !== 'paused') latest = decision.queue
        } else if (kind === 'keep') latest = keepRunner(latest, runner, now) ?? latest
        else latest = shrinkRunner(latest, runner, kind === 'leave' ? 0 : Math.min(places, held)) ?? latest
        expect(placesTaken(latest, now)).toBeLessThanOrEqual(concurrency)
      }
    }),
  )
})
