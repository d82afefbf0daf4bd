import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DEFAULT_RETRY } from '../../../functions/tasks/states/backoff.ts'
import {
  becomeQueued,
  cancel,
  claim,
  type Decision,
  extend,
  fail,
  redrive,
  rescue,
  startNow,
  stopCancelled,
  succeed,
} from '../../../functions/tasks/states/transitions.ts'
import { isFinished, LEASE_MS, MAX_ERROR_LENGTH, type Task } from '../../../functions/tasks/task.ts'
import { later, NOW, sampleTask } from './samples.ts'

const FAILURE = { code: 'http_503', message: 'busy', retryable: true }
const done = (decision: Decision): Task => {
  if (!decision.ok) throw new Error(`expected a change, got ${decision.reason}`)
  return decision.task
}
const reasonOf = (decision: Decision) => (decision.ok ? decision.task.status : decision.reason)
const running = (over: Partial<Task> = {}) => done(claim(sampleTask(over), 'run_1', NOW))

describe('a task that is claimed', () => {
  it('belongs to the worker for a lease, under a fence of its own', () => {
    const task = running()
    expect(task).toMatchObject({ status: 'running', worker: 'run_1', fence: 1, version: 2 })
    expect(task.leaseUntil).toBe(later(LEASE_MS).toISOString())
    expect(task.history.map(({ status }) => status)).toEqual(['queued', 'running'])
  })

  it('is not claimed again', () => {
    expect(reasonOf(claim(running(), 'run_2', NOW))).toBe('not_queued')
    for (const status of ['scheduled', 'failed', 'succeeded', 'dead', 'cancelled'] as const)
      expect(reasonOf(claim(sampleTask({ status }), 'run_2', NOW))).toBe('not_queued')
  })

  it('is kept by a heartbeat, which is no news', () => {
    const kept = done(extend(running(), 1, later(5_000)))
    expect(kept.leaseUntil).toBe(later(5_000 + LEASE_MS).toISOString())
    expect(kept.history).toHaveLength(2)
  })

  it('succeeds with its result, and has no worker any more', () => {
    expect(done(succeed(running(), 1, { ok: true }, later(100)))).toMatchObject({
      status: 'succeeded',
      result: { ok: true },
      finishedAt: later(100).toISOString(),
      worker: undefined,
      leaseUntil: undefined,
    })
  })
})

describe('a late writer', () => {
  const again = done(claim(done(rescue(running(), 3, later(LEASE_MS))), 'run_2', later(LEASE_MS)))

  it.each([
    ['a success', () => succeed(again, 1, undefined, NOW)],
    ['a failure', () => fail(again, 1, FAILURE, DEFAULT_RETRY, 0, NOW)],
    ['a heartbeat', () => extend(again, 1, NOW)],
    ['a stop', () => stopCancelled(again, 1, NOW)],
  ])('is refused: %s', (_, write) => {
    expect(reasonOf(write())).toBe('lost')
  })

  it('is refused after the end too', () => {
    const ended = done(succeed(again, 2, undefined, NOW))
    expect(reasonOf(succeed(ended, 2, undefined, NOW))).toBe('lost')
  })
})

describe('a task that fails', () => {
  it('waits for its next try', () => {
    const task = done(fail(running(), 1, FAILURE, DEFAULT_RETRY, 0, NOW))
    expect(task).toMatchObject({ status: 'failed', failures: 1, failure: { code: 'http_503' } })
    expect(task.runAt).toBe(later(DEFAULT_RETRY.firstDelayMs / 2).toISOString())
    expect(reasonOf(becomeQueued(task, NOW))).toBe('not_due')
    expect(reasonOf(becomeQueued(task, new Date(task.runAt)))).toBe('queued')
  })

  it('waits at least as long as Retry-After says', () => {
    const task = done(fail(running(), 1, { ...FAILURE, retryAfterMs: 60_000 }, DEFAULT_RETRY, 0, NOW))
    expect(task.runAt).toBe(later(60_000).toISOString())
  })

  it('dies after the last try, not before', () => {
    const policy = { ...DEFAULT_RETRY, attempts: 3 }
    expect(reasonOf(fail(running({ failures: 1 }), 1, FAILURE, policy, 0, NOW))).toBe('failed')
    expect(done(fail(running({ failures: 2 }), 1, FAILURE, policy, 0, NOW))).toMatchObject({
      status: 'dead',
      death: 'attempts_exhausted',
      failures: 3,
    })
  })

  it('dies at once when trying again is useless', () => {
    const task = done(fail(running(), 1, { ...FAILURE, retryable: false }, DEFAULT_RETRY, 0, NOW))
    expect(task).toMatchObject({ status: 'dead', death: 'not_retryable', finishedAt: NOW.toISOString() })
    const unknown = { ...FAILURE, retryable: false, death: 'unknown_task' as const }
    expect(done(fail(running(), 1, unknown, DEFAULT_RETRY, 0, NOW)).death).toBe('unknown_task')
  })

  it('keeps the beginning of a long message', () => {
    const message = 'x'.repeat(MAX_ERROR_LENGTH + 1)
    expect(done(fail(running(), 1, { ...FAILURE, message }, DEFAULT_RETRY, 0, NOW)).failure?.message).toHaveLength(
      MAX_ERROR_LENGTH,
    )
  })
})

describe('a task that lost its worker', () => {
  it('is rescued when the lease has ended, not a millisecond before', () => {
    expect(reasonOf(rescue(running(), 3, later(LEASE_MS - 1)))).toBe('not_due')
    expect(done(rescue(running(), 3, later(LEASE_MS)))).toMatchObject({ status: 'queued', crashes: 1, failures: 0 })
  })

  it('dies when it has lost as many as it may, its failures untouched', () => {
    expect(reasonOf(rescue(running({ crashes: 1 }), 3, later(LEASE_MS)))).toBe('queued')
    expect(done(rescue(running({ crashes: 2, failures: 1 }), 3, later(LEASE_MS)))).toMatchObject({
      status: 'dead',
      death: 'crashed',
      crashes: 3,
      failures: 1,
    })
  })

  it('ends when cancelling was asked for', () => {
    const asked = done(cancel(running(), NOW))
    expect(done(rescue(asked, 3, later(LEASE_MS))).status).toBe('cancelled')
  })
})

describe('cancelling', () => {
  it.each(['scheduled', 'queued', 'failed'] as const)('ends a %s task at once', (status) => {
    expect(done(cancel(sampleTask({ status }), NOW))).toMatchObject({
      status: 'cancelled',
      finishedAt: NOW.toISOString(),
    })
  })

  it('asks a running one, which may stop, fail or succeed', () => {
    const asked = done(cancel(running(), NOW))
    expect(asked).toMatchObject({ status: 'running', cancelRequestedAt: NOW.toISOString() })
    expect(done(stopCancelled(asked, 1, NOW)).status).toBe('cancelled')
    expect(done(fail(asked, 1, FAILURE, DEFAULT_RETRY, 0, NOW)).status).toBe('cancelled')
    expect(done(succeed(asked, 1, undefined, NOW)).status).toBe('succeeded')
  })

  it('twice is once, and of what ended is refused', () => {
    expect(reasonOf(cancel(done(cancel(running(), NOW)), NOW))).toBe('unchanged')
    expect(reasonOf(cancel(sampleTask({ status: 'cancelled' }), NOW))).toBe('unchanged')
    for (const status of ['succeeded', 'dead'] as const)
      expect(reasonOf(cancel(sampleTask({ status }), NOW))).toBe('finished')
  })
})

describe('bringing back', () => {
  it('starts what waits, and nothing else', () => {
    for (const status of ['scheduled', 'failed'] as const)
      expect(reasonOf(startNow(sampleTask({ status, runAt: later(1e9).toISOString() }), NOW))).toBe('queued')
    expect(reasonOf(startNow(sampleTask(), NOW))).toBe('unchanged')
    expect(reasonOf(startNow(running(), NOW))).toBe('running')
    expect(reasonOf(startNow(sampleTask({ status: 'dead' }), NOW))).toBe('finished')
  })

  it('redrives what is dead or cancelled: same id and history, nothing counted', () => {
    const dead = sampleTask({ status: 'dead', failures: 8, crashes: 2, death: 'attempts_exhausted', finishedAt: 'x' })
    const back = done(redrive(dead, NOW))
    expect(back).toMatchObject({ id: dead.id, status: 'queued', failures: 0, crashes: 0, redrives: 1 })
    expect([back.death, back.finishedAt]).toEqual([undefined, undefined])
    expect(back.history).toHaveLength(dead.history.length + 1)
    expect(reasonOf(redrive(sampleTask({ status: 'cancelled' }), NOW))).toBe('queued')
    for (const status of ['scheduled', 'queued', 'running', 'failed', 'succeeded'] as const)
      expect(reasonOf(redrive(sampleTask({ status }), NOW))).toBe('not_dead')
  })
})

/** Everything that may happen to a task, by anybody, with any fence, at any time. */
const anyStep = fc.record({
  kind: fc.constantFrom('due', 'claim', 'beat', 'succeed', 'fail', 'stop', 'rescue', 'cancel', 'start', 'redrive'),
  fence: fc.integer({ min: 0, max: 6 }),
  afterMs: fc.integer({ min: 0, max: 2 * LEASE_MS }),
  retryable: fc.boolean(),
})
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never

function apply(task: Task, { kind, fence, retryable }: Step, now: Date): Decision {
  switch (kind) {
    case 'due':
      return becomeQueued(task, now)
    case 'claim':
      return claim(task, 'run', now)
    case 'beat':
      return extend(task, fence, now)
    case 'succeed':
      return succeed(task, fence, 1, now)
    case 'fail':
      return fail(task, fence, { ...FAILURE, retryable }, DEFAULT_RETRY, 0.5, now)
    case 'stop':
      return stopCancelled(task, fence, now)
    case 'rescue':
      return rescue(task, 3, now)
    case 'cancel':
      return cancel(task, now)
    case 'start':
      return startNow(task, now)
    default:
      return redrive(task, now)
  }
}

describe('whatever happens to a task', () => {
  it('its version rises by one, its fence with each claim only, and an end is left by redriving only', () => {
    fc.assert(
      fc.property(fc.array(anyStep, { maxLength: 60 }), (steps) => {
        let task = sampleTask()
        let now = NOW
        for (const step of steps) {
          now = later(step.afterMs, now)
          const decision = apply(task, step, now)
          if (!decision.ok) continue
          const { task: next } = decision
          expect(next.version).toBe(task.version + 1)
          expect(next.fence).toBe(task.fence + (step.kind === 'claim' ? 1 : 0))
          if (isFinished(task)) expect(step.kind).toBe('redrive')
          expect(isFinished(next)).toBe(next.finishedAt !== undefined)
          expect(next.status === 'running').toBe(next.leaseUntil !== undefined)
          expect(next.failures).toBeLessThanOrEqual(DEFAULT_RETRY.attempts)
          expect(next.crashes).toBeLessThanOrEqual(3)
          task = next
        }
      }),
    )
  })

  it('only the worker with the current fence writes an outcome', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 5 }), (claims, fence) => {
        let task = sampleTask()
        let now = NOW
        for (let n = 0; n < claims; n += 1) {
          task = done(claim(task, 'run', now))
          now = later(LEASE_MS, now)
          if (n < claims - 1) task = done(rescue(task, 99, now))
        }
        expect(succeed(task, fence, 1, now).ok).toBe(claims > 0 && fence === claims)
      }),
    )
  })
})
