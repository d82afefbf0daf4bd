/** What is told of a task: how it began, for who commanded it, and how it ended. */
import { describe, expect, it } from 'vitest'
import type { TableChange } from '#core/stream.ts'
import { entered, eventOf, TASK_EVENTS, type TaskItem, taskItem } from '../../../functions/tasks/events.ts'
import { commandKey, type Task } from '../../../functions/tasks/task.ts'
import { later, NOW, sampleTask } from './samples.ts'

describe('an event', () => {
  const item = (over: Partial<Task>): TaskItem => taskItem.parse(sampleTask(over))
  const change = (before: TaskItem | undefined, after: TaskItem | undefined): TableChange<TaskItem> => ({
    kind: 'MODIFY',
    sequenceNumber: '1',
    key: { pk: 'TASKS#wsp_1#0', sk: 'tsk' },
    before,
    after,
    at: NOW,
    expired: false,
    streamArn: '',
  })
  const running = item({ status: 'running', fence: 1 })
  const failure = { code: 'http_503', message: 'busy', at: NOW.toISOString() }
  const since = later(5).toISOString()
  const attempts = [
    { at: NOW.toISOString(), status: 'queued' },
    { at: later(1).toISOString(), status: 'running', fence: 1 },
    { at: later(2).toISOString(), status: 'failed', fence: 1 },
    { at: later(5).toISOString(), status: 'running', fence: 2 },
  ] as const

  it.each([
    ['TaskSucceeded', { status: 'succeeded', result: { ok: true } }],
    ['TaskFailed', { status: 'failed', failure, runAt: later(9).toISOString() }],
    ['TaskDied', { status: 'dead', death: 'attempts_exhausted', failure }],
    ['TaskDied', { status: 'dead', death: 'crashed' }],
    ['TaskCancelled', { status: 'cancelled' }],
  ] as const)('%s fits its schema', (type, over) => {
    const event = eventOf(change(running, item({ ...running, ...over, since, version: 3 } as Partial<Task>)))
    expect(TASK_EVENTS[type].parse({ id: 'evt_1', ...event })).toMatchObject({ type, sequence: 3, occurredAt: since })
  })

  it('of a start is told to the service whose command made the task, of each attempt', () => {
    const idempotencyKey = commandKey('order#1')
    const queued = item({ idempotencyKey })
    const started = item({ idempotencyKey, status: 'running', fence: 2, since, version: 4, history: attempts })
    expect(TASK_EVENTS.TaskStarted.parse({ id: 'evt_1', ...eventOf(change(queued, started)) })).toMatchObject({
      type: 'TaskStarted',
      sequence: 4,
      data: { commandId: 'order#1', attempts: 2, startedAt: later(1).toISOString() },
    })
    expect(eventOf(change(started, { ...started, version: 5 }))).toBeUndefined()
    expect(eventOf(change(queued, { ...started, idempotencyKey: 'api#order#1' }))).toBeUndefined()
  })

  it('of an end says when the first attempt began, if any did', () => {
    const of = (over: Partial<Task>) => eventOf(change(running, item({ status: 'cancelled', since, ...over })))?.data
    expect(of({ history: attempts })).toMatchObject({ startedAt: later(1).toISOString() })
    expect(of({})).toMatchObject({ startedAt: undefined, commandId: undefined })
  })

  it('of a task that a caller made is told of ends and failures only', () => {
    for (const status of ['scheduled', 'queued', 'running'] as const)
      expect(eventOf(change(running, item({ status, since })))).toBeUndefined()
    expect(eventOf(change(item({ status: 'succeeded' }), undefined))).toBeUndefined()
  })

  it('is told again when a status is entered again, not when the item is only written again', () => {
    const failed = item({ status: 'failed', failure, since: NOW.toISOString() })
    expect(entered(change(failed, { ...failed, version: 2 }), 'failed')).toBe(false)
    expect(entered(change(failed, { ...failed, since }), 'failed')).toBe(true)
  })
})
