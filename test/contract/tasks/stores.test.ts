import { describe, expect, it } from 'vitest'
import { createDueStore } from '../../../functions/tasks/hints/due.store.ts'
import { MAX_QUEUES, startRunner } from '../../../functions/tasks/queues/queue.ts'
import { createQueuesStore } from '../../../functions/tasks/queues/queues.store.ts'
import { createTaskListsStore, type TaskFilter } from '../../../functions/tasks/requests/task-lists.store.ts'
import { createTasksStore } from '../../../functions/tasks/states/tasks.store.ts'
import { claim, succeed } from '../../../functions/tasks/states/transitions.ts'
import { LEASE_MS, STATUSES, type Task } from '../../../functions/tasks/task.ts'
import { type DueEntry, shardOf } from '../../../functions/tasks/task-keys.ts'
import { eventually } from '../../integration/links-cloud.ts'
import { later, NOW, newId, sampleTask } from '../../unit/tasks/samples.ts'
import { scratchTable } from './scratch-table.ts'
import { tasksStoreCases } from './tasks-store.cases.ts'

const table = scratchTable()
const tasks = createTasksStore(table.client, table.name)
const lists = createTaskListsStore(table.client, table.name, tasks)
const due = createDueStore(table.client, table.name)
const queues = createQueuesStore(table.client, table.name)
const workspace = () => `wsp_${newId()}`

async function created(over: Partial<Task>): Promise<Task> {
  const task = sampleTask(over)
  await tasks.create({ task, largeInput: undefined, fingerprint: undefined })
  return task
}

tasksStoreCases(() => tasks, eventually)

describe('lists', () => {
  const idsOf = async (workspaceId: string, filter: TaskFilter, limit: number, names: readonly string[] = []) => {
    const seen: string[] = []
    let after: string | undefined
    do {
      const page = await lists.list(workspaceId, filter, names, limit, after)
      expect(page.tasks.length).toBeLessThanOrEqual(limit)
      seen.push(...page.tasks.map(({ id }) => id))
      after = page.next
    } while (after !== undefined)
    return seen
  }

  it('have every task once, the newest first, whatever the page', async () => {
    const workspaceId = workspace()
    const made = []
    for (let n = 0; n < 23; n += 1) made.push((await created({ workspaceId })).id)
    const newestFirst = made.toSorted().toReversed()
    for (const limit of [1, 5, 100]) expect(await idsOf(workspaceId, {}, limit)).toEqual(newestFirst)
  })

  it('are narrowed by status, queue and name', async () => {
    const workspaceId = workspace()
    for (const queue of ['a', 'b'])
      for (const status of STATUSES) for (const name of ['x', 'y']) await created({ workspaceId, queue, status, name })
    const count = async (filter: TaskFilter) => (await idsOf(workspaceId, filter, 3, ['a', 'b'])).length
    expect(await count({})).toBe(28)
    expect(await count({ status: 'dead' })).toBe(4)
    expect(await count({ queue: 'a' })).toBe(14)
    expect(await count({ name: 'x' })).toBe(14)
    expect(await count({ queue: 'a', status: 'dead', name: 'x' })).toBe(1)
    expect(await count({ queue: 'c' })).toBe(0)
  })
})

describe('the due index', () => {
  const dueIn = async (shard: number, until: Date): Promise<DueEntry[]> => {
    const found: DueEntry[] = []
    for await (const page of due.upTo(shard, until)) found.push(...page)
    return found
  }

  it('holds what waits and what runs, until it does no more', async () => {
    const workspaceId = workspace()
    const waiting = await created({ workspaceId, status: 'scheduled', runAt: later(5_000).toISOString() })
    const shard = shardOf(waiting.id)
    const mine = async (until: Date) => (await dueIn(shard, until)).filter(({ id }) => id === waiting.id)
    expect(await mine(later(5_000))).toEqual([])
    expect(await mine(later(5_001))).toEqual([{ workspaceId, id: waiting.id, kind: 'run', dueAt: waiting.runAt }])
    await tasks.change(waiting, (task) => ({
      ok: true,
      task: { ...task, status: 'queued', version: task.version + 1 },
    }))
    expect(await mine(later(1e9))).toEqual([])
    await tasks.change(waiting, (task) => claim(task, 'run_1', NOW))
    expect(await mine(later(1e9))).toMatchObject([{ kind: 'lease', dueAt: later(LEASE_MS).toISOString() }])
    await tasks.change(waiting, (task) => succeed(task, 1, undefined, NOW))
    expect(await mine(later(1e9))).toEqual([])
  })
})

describe('queues', () => {
  it('are made once, listed by name, and not without end', async () => {
    const workspaceId = workspace()
    for (const name of ['b', 'a', 'b']) expect(await queues.ensure(workspaceId, name, NOW)).toBe(true)
    expect((await queues.list(workspaceId)).map(({ name }) => name)).toEqual(['a', 'b'])
    for (let n = 2; n < MAX_QUEUES; n += 1) await queues.ensure(workspaceId, `q${n}`, NOW)
    expect(await queues.ensure(workspaceId, 'one-more', NOW)).toBe(false)
    expect(await queues.ensure(workspaceId, 'a', NOW)).toBe(true)
  })

  it('give their places to no more runners than they have, however many ask at once', async () => {
    const workspaceId = workspace()
    const started = await Promise.all(
      Array.from({ length: 6 }, async (_, n) => {
        let places = 0
        await queues.change(workspaceId, 'busy', NOW, (queue) => {
          const decision = startRunner(queue, `run_${n}`, NOW)
          places = decision.kind === 'start' ? decision.places : 0
          return decision.kind === 'paused' ? undefined : decision.queue
        })
        return places
      }),
    )
    expect(started.toSorted((a, b) => a - b)).toEqual([0, 0, 0, 0, 10, 10])
    const queue = await queues.get(workspaceId, 'busy')
    expect(Object.keys(queue?.runners ?? {})).toHaveLength(2)
    expect(queue?.wakes).toBe(6)
  })

  it('count their tasks by status', async () => {
    const workspaceId = workspace()
    for (let n = 0; n < 3; n += 1) await created({ workspaceId, queue: 'q' })
    await created({ workspaceId, queue: 'q', status: 'dead' })
    expect(await queues.depth(workspaceId, 'q', 'queued')).toEqual({ count: 3, more: false })
    expect(await queues.depth(workspaceId, 'q', 'dead')).toEqual({ count: 1, more: false })
    expect(await queues.depth(workspaceId, 'q', 'running')).toEqual({ count: 0, more: false })
  })
})

describe('the cost', () => {
  it('of a task of less than 1 kB that is made, claimed and recorded is 10 write units', async () => {
    const workspaceId = workspace()
    let units = 0
    table.client.middlewareStack.add(
      (next) => async (args) => {
        const result = await next({ ...args, input: { ...args.input, ReturnConsumedCapacity: 'INDEXES' } })
        const { ConsumedCapacity } = result.output as { ConsumedCapacity?: { CapacityUnits?: number } }
        units += ConsumedCapacity?.CapacityUnits ?? 0
        return result
      },
      { step: 'initialize', name: 'addUpUnits' },
    )
    const task = await created({ workspaceId })
    const claimed = claim(task, 'run_1', NOW)
    if (!claimed.ok) throw new Error('expected a claim')
    await tasks.replace(task, claimed.task)
    const done = succeed(claimed.task, 1, undefined, later(100))
    if (!done.ok) throw new Error('expected a success')
    await tasks.replace(claimed.task, done.task)
    table.client.middlewareStack.remove('addUpUnits')
    expect(units).toBe(10)
  })
})
