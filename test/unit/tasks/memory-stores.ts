/** The stores in memory, held to the same cases as the real ones, for tests of what is built on them. */

import { newQueue, type Queue } from '../../../functions/tasks/queues/queue.ts'
import type { QueuesStore } from '../../../functions/tasks/queues/queues.store.ts'
import type { TasksStore } from '../../../functions/tasks/states/tasks.store.ts'
import type { Task } from '../../../functions/tasks/task.ts'
import { indexKeys } from '../../../functions/tasks/task-keys.ts'
import type { Json } from '../../../layers/core/json.ts'

export interface MemoryTasks extends TasksStore {
  readonly all: Map<string, Task>
}

export function memoryTasks(): MemoryTasks {
  const all = new Map<string, Task>()
  const inputs = new Map<string, Json>()
  const keys = new Map<string, { id: string; fingerprint: string | undefined }>()
  const byState = (workspaceId: string, queue: string, status: string, limit: number) =>
    [...all.values()]
      .filter((task) => task.workspaceId === workspaceId && task.queue === queue && task.status === status)
      .sort((a, b) => (String(indexKeys(a)['stateSk']) < String(indexKeys(b)['stateSk']) ? -1 : 1))
      .slice(0, limit)
      .map(({ id }) => id)
  const store: MemoryTasks = {
    all,
    async create({ task, largeInput, fingerprint }) {
      const key = task.idempotencyKey && `${task.workspaceId}#${task.idempotencyKey}`
      const before = key === undefined ? undefined : keys.get(key)
      if (before !== undefined)
        return before.fingerprint === fingerprint ? { kind: 'exists', id: before.id } : { kind: 'key_reused' }
      all.set(task.id, task)
      if (key) keys.set(key, { id: task.id, fingerprint })
      if (largeInput !== undefined) inputs.set(task.id, largeInput)
      return { kind: 'created' }
    },
    async get({ workspaceId, id }) {
      const task = all.get(id)
      return task?.workspaceId === workspaceId ? task : undefined
    },
    async getAll(workspaceId, ids) {
      return [...new Set(ids)].flatMap((id) => all.get(id) ?? []).filter((task) => task.workspaceId === workspaceId)
    },
    input: async (task) => task.input ?? inputs.get(task.id),
    async replace(before, after) {
      if (all.get(before.id)?.version !== before.version) return false
      all.set(after.id, after)
      return true
    },
    async change(ref, decide, known) {
      let before = known ?? (await store.get(ref))
      while (before !== undefined) {
        const decision = decide(before)
        if (!decision.ok) return { kind: 'refused', reason: decision.reason, task: before }
        if (await store.replace(before, decision.task)) return { kind: 'done', task: decision.task }
        before = await store.get(ref)
      }
      return { kind: 'unknown' }
    },
    ready: async (workspaceId, queue, limit) => byState(workspaceId, queue, 'queued', limit),
    running: async (workspaceId, queue, limit) => byState(workspaceId, queue, 'running', limit),
  }
  return store
}

export interface MemoryQueues extends QueuesStore {
  readonly all: Map<string, Queue>
}

export function memoryQueues(): MemoryQueues {
  const all = new Map<string, Queue>()
  const keyOf = (workspaceId: string, name: string) => `${workspaceId}#${name}`
  return {
    all,
    get: async (workspaceId, name) => all.get(keyOf(workspaceId, name)),
    list: async (workspaceId) => [...all.values()].filter((queue) => queue.workspaceId === workspaceId),
    async ensure(workspaceId, name, now) {
      if (!all.has(keyOf(workspaceId, name))) all.set(keyOf(workspaceId, name), newQueue(workspaceId, name, now))
      return true
    },
    async change(workspaceId, name, now, decide) {
      const after = decide(all.get(keyOf(workspaceId, name)) ?? newQueue(workspaceId, name, now))
      if (after !== undefined) all.set(keyOf(workspaceId, name), after)
      return after
    },
    depth: async () => ({ count: 0, more: false }),
  }
}
