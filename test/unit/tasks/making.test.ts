/** From a request or a command to a task and its first hint. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type DelayedHint, hintDelaySeconds, hintFor, wakeHint } from '../../../functions/tasks/hints/hint.ts'
import { acceptCommands } from '../../../functions/tasks/requests/accept-commands.ts'
import { enqueue } from '../../../functions/tasks/requests/enqueue.ts'
import { fingerprintOf, newTask, type TaskRequest } from '../../../functions/tasks/requests/new-task.ts'
import { INLINE_INPUT_BYTES, MAX_DELAY_MS, MAX_INPUT_BYTES } from '../../../functions/tasks/task.ts'
import { define, engine } from './engine.ts'
import { memoryQueues, memoryTasks } from './memory-stores.ts'
import { later, NOW, newId, sampleTask, WORKSPACE } from './samples.ts'

const work = define({ handler: async () => undefined })
const find = (name: string) => (name === work.name ? work : undefined)
const origin = () => ({ id: newId(), workspaceId: WORKSPACE, createdBy: 'key', traceparent: '' })
const decide = (request: Partial<TaskRequest>) =>
  newTask({ name: 'test.work', input: {}, ...request }, origin(), find, NOW)
const codesOf = (request: Partial<TaskRequest>) => {
  const decision = decide(request)
  return decision.ok ? [] : decision.errors.map(({ pointer, code }) => `${pointer} ${code}`)
}
const text = (bytes: number) => 'x'.repeat(bytes - 2)

describe('a new task', () => {
  it('is queued, or scheduled for its time', () => {
    expect(decide({})).toMatchObject({ created: { task: { status: 'queued', runAt: NOW.toISOString() } } })
    expect(decide({ runAt: later(1).toISOString() })).toMatchObject({ created: { task: { status: 'scheduled' } } })
    expect(decide({ runAt: later(-1e9).toISOString() })).toMatchObject({
      created: { task: { status: 'queued', runAt: NOW.toISOString() } },
    })
  })

  it('waits a year and a day at most', () => {
    expect(codesOf({ runAt: later(MAX_DELAY_MS).toISOString() })).toEqual([])
    expect(codesOf({ runAt: later(MAX_DELAY_MS + 1).toISOString() })).toEqual(['/runAt too_late'])
  })

  it('has an input of 128 KiB at most, apart from itself beyond 1 KiB', () => {
    expect(codesOf({ input: text(MAX_INPUT_BYTES) })).toEqual([])
    expect(codesOf({ input: text(MAX_INPUT_BYTES + 1) })).toEqual(['/input input_too_large'])
    const inline = decide({ input: text(INLINE_INPUT_BYTES) })
    expect(inline.ok && [inline.created.task.input, inline.created.largeInput]).toEqual([
      text(INLINE_INPUT_BYTES),
      undefined,
    ])
    const apart = decide({ input: text(INLINE_INPUT_BYTES + 1) })
    expect(apart.ok && [apart.created.task.input, apart.created.largeInput]).toEqual([
      undefined,
      text(INLINE_INPUT_BYTES + 1),
    ])
  })

  it('is refused with every fault at once', () => {
    expect(codesOf({ name: 'no.such', queue: 'Bad Name', runAt: later(1e12).toISOString() })).toEqual([
      '/name unknown_task',
      '/queue queue_name',
      '/runAt too_late',
    ])
  })

  it('has the same fingerprint for the same request, whatever the order of its fields', () => {
    const a = fingerprintOf({ name: 'n', input: { a: 1, b: [{ c: 1, d: 2 }] } })
    expect(fingerprintOf({ name: 'n', input: { b: [{ d: 2, c: 1 }], a: 1 } })).toBe(a)
    expect(fingerprintOf({ name: 'n', input: { a: 2, b: [{ c: 1, d: 2 }] } })).not.toBe(a)
    expect(fingerprintOf({ name: 'n', input: { a: 1, b: [{ c: 1, d: 2 }] }, priority: 1 })).not.toBe(a)
  })
})

describe('its hint', () => {
  it('wakes the queue, waits in SQS for up to 15 minutes, and is left to the tick beyond', () => {
    expect(hintFor(sampleTask(), NOW)).toEqual({ hint: wakeHint({ workspaceId: WORKSPACE, queue: 'default' }) })
    const scheduled = (ms: number) => sampleTask({ status: 'scheduled', runAt: later(ms).toISOString() })
    expect(hintFor(scheduled(1_001), NOW)?.delaySeconds).toBe(2)
    expect(hintFor(scheduled(900_000), NOW)?.delaySeconds).toBe(900)
    expect(hintFor(scheduled(900_001), NOW)).toBeUndefined()
  })

  it('never comes early, and never asks SQS for more than it can', () => {
    fc.assert(
      fc.property(fc.integer({ min: -1e7, max: 1e7 }), (ms) => {
        const delay = hintDelaySeconds(later(ms), NOW)
        expect(delay).toBeGreaterThanOrEqual(0)
        expect(delay).toBeLessThanOrEqual(900)
        if (ms <= 900_000) expect(delay * 1_000).toBeGreaterThanOrEqual(ms)
      }),
    )
  })

  it('that can not be sent does not fail the task', async () => {
    const created = decide({})
    if (!created.ok) throw new Error('expected a task')
    const tasks = memoryTasks()
    const lost: unknown[] = []
    const sendHints = async () => {
      throw new Error('away')
    }
    const stores = { tasks, queues: memoryQueues(), sendHints }
    expect(await enqueue(created.created, stores, NOW, (error) => lost.push(error))).toEqual({ kind: 'created' })
    expect([tasks.all.size, lost.length]).toEqual([1, 1])
  })
})

describe('a command', () => {
  const services = () => {
    const hints: DelayedHint[] = []
    const tasks = memoryTasks()
    const sendHints = async (sent: readonly DelayedHint[]) => void hints.push(...sent)
    return { tasks, hints, queues: memoryQueues(), sendHints, findDefinition: find, ids: () => newId() }
  }
  const message = (over: object = {}, id = 'm1') => ({
    id,
    body: {
      id: 'order#1',
      workspaceId: WORKSPACE,
      name: 'test.work',
      input: {},
      traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
      ...over,
    },
    attributes: {},
    receiveCount: 1,
    trace: { traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', sampled: true },
  })
  const { log } = engine([])

  it('becomes one task, however often it comes', async () => {
    const all = services()
    expect(await acceptCommands([message(), message({}, 'm2')], all, NOW, log)).toEqual([])
    expect(await acceptCommands([message()], all, NOW, log)).toEqual([])
    expect([...all.tasks.all.values()]).toMatchObject([{ idempotencyKey: 'command#order#1', createdBy: 'command' }])
    expect(all.hints).toHaveLength(1)
  })

  it('wakes its queue once for all that came with it', async () => {
    const all = services()
    await acceptCommands(
      [message({ id: 'a' }), message({ id: 'b' }), message({ id: 'c', queue: 'other' })],
      all,
      NOW,
      log,
    )
    expect(all.hints.map(({ hint }) => hint.kind === 'wake' && hint.queue)).toEqual(['default', 'other'])
  })

  it('that can not become a task fails alone', async () => {
    const all = services()
    const batch = [
      message({ id: 'a' }),
      message({ id: 'b', name: 'no.such' }, 'm2'),
      message({ id: 'a', input: 1 }, 'm3'),
    ]
    expect(await acceptCommands(batch, all, NOW, log)).toEqual(['m2', 'm3'])
    expect(all.tasks.all.size).toBe(1)
  })
})
